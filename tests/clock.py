"""A clock that stands still until somebody sleeps or it is told to go on."""

import asyncio


class SteppingClock:
    """`sleeps` lists what was asked for, in order; each is over at once and moves the clock by as much."""

    def __init__(self, *, time: float = 1_800_000_000.0) -> None:
        self._started = time
        self._elapsed = 0.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self._elapsed

    def time(self) -> float:
        return self._started + self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._elapsed += seconds
