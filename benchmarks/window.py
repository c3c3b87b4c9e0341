"""One job of one contender under load, for a while: what it costs while all is in full swing.

CPU and calls to Graph are read several times during the load, so that neither its beginning nor its end counts; calls
are counted by the stand-in, and each request makes the same number.
"""

import subprocess
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks import load
from benchmarks.load import Load, LoadError
from benchmarks.measure import busy_seconds, cpu_seconds
from benchmarks.results import Figures
from benchmarks.server import Post, Server, ask
from benchmarks.upstream import Upstream

PARTS: Final = 3
TRIES: Final = 3
EDGE_SECONDS: Final = 0.15
SAME_SIZE: Final = 0.98
"""Answers are fixed: under load they must have at least nearly the size of the one that was checked."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Totals so far, at a moment."""

    time: float
    server_seconds: float
    all_seconds: float
    busy_seconds: float
    calls: int


@dataclass(frozen=True, slots=True)
class Bench:
    """A contender that runs, what stands behind it, and a place for files."""

    contender: str
    server: Server
    upstream: Upstream
    directory: Path

    def warm(self, post: Post, *, connections: int, seconds: int) -> None:
        self._start(post, connections, seconds).communicate()

    def measure(self, job: str, post: Post, *, connections: int, seconds: int) -> Figures:
        """Raises `LoadError` if answers are not what they must be."""
        graph_calls, size = self._calls_of_one(post), len(ask(self.server.port, post)[1])
        process = self._start(post, connections, seconds)
        samples = self._samples(process.pid, seconds)
        seen = load.to_load(process.communicate()[0])
        _check(seen, size)
        return to_figures(
            samples, seen, contender=self.contender, job=job, connections=connections, graph_calls=graph_calls
        )

    def _start(self, post: Post, connections: int, seconds: int) -> subprocess.Popen[str]:
        script = self.directory / "load.lua"
        script.write_text(load.to_script(post))
        return load.start(self.server.url, script, connections=connections, seconds=seconds)

    def _calls_of_one(self, post: Post) -> int:
        """The least of several: a call of an earlier request can come in between."""
        counts = []
        for _ in range(TRIES):
            before = self.upstream.calm()
            ask(self.server.port, post)
            counts.append(self.upstream.calls() - before - 1)
        return min(counts)

    def _samples(self, wrk: int, seconds: float) -> list[Sample]:
        begin, length = time.monotonic() + EDGE_SECONDS, (seconds - 2 * EDGE_SECONDS) / PARTS
        samples = []
        for number in range(PARTS + 1):
            time.sleep(max(0.0, begin + number * length - time.monotonic()))
            samples.append(self._sample(wrk, asked=number))
        return samples

    def _sample(self, wrk: int, *, asked: int) -> Sample:
        server_seconds = cpu_seconds(self.server.pid)
        return Sample(
            time.monotonic(),
            server_seconds,
            server_seconds + cpu_seconds(self.upstream.pid) + cpu_seconds(wrk) + time.process_time(),
            busy_seconds(),
            self.upstream.calls() - asked,
        )


def to_figures(
    samples: list[Sample], seen: Load, *, contender: str, job: str, connections: int, graph_calls: int
) -> Figures:
    """Of the samples, in the order of time."""
    first, last = samples[0], samples[-1]
    seconds, requests = last.time - first.time, (last.calls - first.calls) / graph_calls
    whole = _cpu_ms(first, last, graph_calls)
    parts = [_cpu_ms(*pair, graph_calls) for pair in pairwise(samples)]
    others = (last.busy_seconds - first.busy_seconds - (last.all_seconds - first.all_seconds)) / seconds
    return Figures(
        contender=contender,
        job=job,
        connections=connections,
        cpu_ms=round(whole, 4),
        spread=round((max(parts) - min(parts)) / whole, 3) if whole else 0.0,
        requests_per_second=round(requests / seconds, 1),
        p50_ms=seen.p50_ms if seen.requests else None,
        p99_ms=seen.p99_ms if seen.requests else None,
        late=seen.late,
        graph_calls=graph_calls,
        others=round(max(0.0, others), 2),
    )


def _cpu_ms(begin: Sample, end: Sample, graph_calls: int) -> float:
    """For each request. A window in which none ends says nothing; it counts as one."""
    return (
        (end.server_seconds - begin.server_seconds) * 1000 / (max(end.calls - begin.calls, graph_calls) / graph_calls)
    )


def _check(seen: Load, size: int) -> None:
    if seen.refused or seen.broken:
        raise LoadError(f"{seen.refused} requests were refused and {seen.broken} connections were lost")
    if seen.requests and seen.bytes / seen.requests < size * SAME_SIZE:
        raise LoadError(
            f"answers have {seen.bytes / seen.requests:.0f} bytes; one that is right has {size} and headers"
        )
