"""Time as the emulator needs it: handed in, so that tests neither wait nor depend on the hour."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Protocol


class Clock(Protocol):
    def time(self) -> float:
        """Seconds since 1970-01-01T00:00Z."""

    def sleep(self, seconds: float) -> Awaitable[None]: ...


class SystemClock:
    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
