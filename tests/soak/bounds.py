"""What must hold after a soak. Everything is a robust figure: a machine that is busy for a moment fails nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from tests.soak.watch import Sample

SETTLING_BYTES: Final = 8_000_000
"""Memory that a process may still take after its warm-up, however long it runs: caches fill, malloc's arenas grow."""

BYTES_PER_OPERATION: Final = 50
"""And for each operation: the least that can leak, one entry of a dict, is more. Half an hour of a leak shows it; a
minute shows one of a request's objects, some kilobytes."""

SPARE_DESCRIPTORS: Final = 2
SPARE_THREADS: Final = 2

MOST_DRIFT_OF_CPU: Final = 1.3
MOST_DRIFT_OF_P50: Final = 2.0
MOST_DRIFT_OF_P99: Final = 3.0
"""Of the last third in relation to the first. CPU tells the truth on a busy machine too; latency is as busy as the
machine, and what is slow at p99 are faults, which chance deals."""

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
    """Latency of the operations that ended within a span of time, CPU for each, the emulator's time for a trifle."""

    operations: int
    cpu: float
    p50: float
    p99: float
    probe: float

    @classmethod
    def of(
        cls, seconds: Sequence[tuple[float, float]], samples: Sequence[Sample], start: float, end: float
    ) -> "Window":
        taken = sorted(each for moment, each in seconds if start <= moment < end)
        within = [each for each in samples if start <= each.moment < end]
        if not taken or not within:
            return cls(len(taken), 0.0, 0.0, 0.0, 0.0)
        cpu = (within[-1].cpu_seconds - within[0].cpu_seconds) / len(taken)
        probe = median(each.probe_seconds for each in within)
        return cls(len(taken), cpu, median(taken), taken[int(len(taken) * 0.99)], probe)


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


def of_drift(first: Window, last: Window) -> Iterator[Bound]:
    """If the emulator, too, got slower, then the machine did: so much is set off."""
    busy = max(1.0, last.probe / first.probe)
    yield Bound("CPU of the last third to that of the first", last.cpu / first.cpu, MOST_DRIFT_OF_CPU)
    yield Bound("p50 of the last third to that of the first", last.p50 / first.p50 / busy, MOST_DRIFT_OF_P50)
    yield Bound("p99 of the last third to that of the first", last.p99 / first.p99 / busy, MOST_DRIFT_OF_P99)


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
