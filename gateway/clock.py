"""Time as a value that is handed in: what the clocks say, how to wait, and the one deadline of an operation."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds that only ever grow; for durations."""

    def time(self) -> float:
        """Seconds since 1970-01-01T00:00Z; for dates that others wrote."""

    def sleep(self, seconds: float) -> Awaitable[None]: ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which an operation must be over; everything below the endpoint spends from it."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> "Deadline":
        return cls(clock, clock.monotonic() + seconds)

    @property
    def remaining_seconds(self) -> float:
        return max(0.0, self.at - self.clock.monotonic())
