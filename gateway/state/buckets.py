"""Token buckets: how many calls may be made now, and how long the next must wait. In this process, or shared.

https://en.wikipedia.org/wiki/Token_bucket
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cachetools import LRUCache

from gateway.clock import Clock

MOST_BUCKETS: Final = 10_000

BURST_SHARE: Final = 0.2
"""Of a limit, that may be used at once; the rest comes evenly over the window. So no window of any beginning has more
than the limit, and four fifths of it can be had for as long as one likes. (A call that another bucket holds back counts
from when it was asked for: what several apps were held back for can come a little closer together.)"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `limit` in any `window_seconds`."""

    name: str
    limit: int
    window_seconds: float

    @property
    def size(self) -> float:
        return self.limit * BURST_SHARE

    @property
    def per_second(self) -> float:
        return (self.limit - self.size) / self.window_seconds


@dataclass(frozen=True, slots=True)
class Wait:
    """For how long; `bucket` is the one that asks for it, None if none does."""

    seconds: float = 0.0
    bucket: Bucket | None = None


NO_WAIT: Final = Wait()


class Buckets(Protocol):
    async def take(self, buckets: Sequence[Bucket], count: int, *, longest_seconds: float) -> Wait:
        """How long to wait before so many calls; they are taken from all the buckets, unless that is too long.

        What was taken is owed: who comes later waits longer, so that nobody is overtaken. A negative count gives back.
        """


class LocalBuckets:
    """Of this process alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._levels: LRUCache[str, tuple[float, float]] = LRUCache(MOST_BUCKETS)

    async def take(self, buckets: Sequence[Bucket], count: int, *, longest_seconds: float) -> Wait:
        now, wait = self._clock.monotonic(), NO_WAIT
        levels = [self._level(each, now) - count for each in buckets]
        for bucket, level in zip(buckets, levels, strict=True):
            if -level / bucket.per_second > wait.seconds:
                wait = Wait(-level / bucket.per_second, bucket)
        if wait.seconds <= longest_seconds:
            self._levels.update({bucket.name: (level, now) for bucket, level in zip(buckets, levels, strict=True)})
        return wait

    def _level(self, bucket: Bucket, now: float) -> float:
        level, at = self._levels.get(bucket.name, (bucket.size, now))
        return min(bucket.size, level + (now - at) * bucket.per_second)
