"""What must hold after a soak. Everything is a robust figure: a machine that is busy for a moment fails nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from tests.soak.watch import Sample

SETTLING_BYTES: Final = 12_000_000
"""Memory that a process may still take after its warm-up, however long it runs: caches fill, malloc's arenas grow."""

BYTES_PER_OPERATION: Final = 50
"""And for each operation: the least that can leak, one entry of a dict, is more. Half an hour of a leak shows it; a
minute shows one of a request's objects, some kilobytes."""

SPARE_DESCRIPTORS: Final = 2
SPARE_THREADS: Final = 2

MOST_DRIFT_OF_P50: Final = 1.5
MOST_DRIFT_OF_P99: Final = 2.5
"""Of the last third in relation to the first. What is slow at p99 are faults, and chance deals them."""

MOST_POINTS: Final = 200
"""That slopes are looked for between: there are as many as pairs."""


@dataclass(frozen=True)
class Bound:
    """A figure, and the most that it may be."""

    title: str
    figure: float
    most: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.figure <= self.most


@dataclass(frozen=True)
class Window:
    """Latency of the operations that ended within a span of time, and the emulator's for a trifle meanwhile."""

    operations: int
    p50: float
    p99: float
    probe: float

    @classmethod
    def of(
        cls, seconds: Sequence[tuple[float, float]], samples: Sequence[Sample], start: float, end: float
    ) -> "Window":
        taken = sorted(each for moment, each in seconds if start <= moment < end)
        probes = [each.probe_seconds for each in samples if start <= each.moment < end]
        if not taken or not probes:
            return cls(len(taken), 0.0, 0.0, 0.0)
        return cls(len(taken), median(taken), taken[int(len(taken) * 0.99)], median(probes))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Theil and Sen's: the median of the slopes between all pairs, which a few outliers do not move."""
    step = -(-len(points) // MOST_POINTS)
    pairs = combinations(points[::step], 2)
    return median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairs if x2 > x1)


def growth(samples: Sequence[Sample]) -> float:
    """Bytes of memory between the end of the first third and the end."""
    rest = samples[len(samples) // 3 :]
    per_second = slope([(each.moment, float(each.memory_bytes)) for each in rest])
    return per_second * (rest[-1].moment - rest[0].moment)


def drifts(first: Window, last: Window) -> tuple[float, float]:
    """Of p50 and p99. If the emulator, too, got slower, then the machine did, and so much is set off."""
    busy = max(1.0, last.probe / first.probe)
    return last.p50 / first.p50 / busy, last.p99 / first.p99 / busy


def of_process(idle: Sample, during: Sequence[Sample], after: Sample, operations: int) -> Iterator[Bound]:
    """`idle` is before the load, `after` once it is over."""
    third = len(during) // 3
    allowed = SETTLING_BYTES + BYTES_PER_OPERATION * operations * 2 // 3
    yield Bound("Growth of memory after the first third", growth(during) / 1e6, allowed / 1e6, "MB")
    yield Bound("Descriptors once the load is over", after.descriptors, idle.descriptors + SPARE_DESCRIPTORS)
    threads = [each.threads for each in during]
    yield Bound("Threads in the last third", max(threads[-third:]), max(threads[:third]) + SPARE_THREADS)
    yield Bound("Operations in flight once the load is over", after.running, 0)


def of_caches(during: Sequence[Sample], most: dict[str, int]) -> Iterator[Bound]:
    for cache, bound in most.items():
        yield Bound(f"Entries of the cache of {cache}", max(each.caches[cache] for each in during), bound)
