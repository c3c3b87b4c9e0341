"""What a run found. Its JSON is what `latest.json` holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean, median
from typing import Any, Final

OURS: Final = "ours"


@dataclass(frozen=True, slots=True)
class Figures:
    """One contender in one job.

    `spread`: how far CPU differed between rounds, or between the parts of the only one, in relation to itself.

    Latencies are None if no request ended within the window.
    `graph_calls`: for each request. `others`: cores that processes which are no part of this were using.
    """

    contender: str
    job: str
    connections: int
    cpu_ms: float
    spread: float
    requests_per_second: float
    p50_ms: float | None
    p99_ms: float | None
    late: int
    graph_calls: int
    others: float


@dataclass(frozen=True, slots=True)
class Entrant:
    """`missing`: why it did not run, if it did not. `cannot`: jobs, and why not."""

    name: str
    title: str
    cannot: dict[str, str]
    missing: str | None = None
    start_seconds: float | None = None
    rss_mb: float | None = None


@dataclass(slots=True)
class Results:
    """`jobs`: titles by name. `about`: machine, versions and options."""

    about: Mapping[str, Any]
    jobs: dict[str, str]
    entrants: list[Entrant] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)

    def of(self, contender: str, job: str, *, alone: bool = False) -> Figures | None:
        """At many connections, or at one."""
        wanted = (contender, job, alone)
        return next(
            (each for each in self.figures if (each.contender, each.job, each.connections == 1) == wanted), None
        )

    def ratio(self, contender: str, job: str) -> float | None:
        """Its CPU for a request in relation to ours: below 1 it is better than we are."""
        its, our = self.of(contender, job), self.of(OURS, job)
        return its.cpu_ms / our.cpu_ms if its and our else None

    @property
    def spread(self) -> float:
        """The usual one."""
        return median(each.spread for each in self.figures) if self.figures else 0.0

    @property
    def others(self) -> float:
        """Cores that other processes were using, on average."""
        return mean(each.others for each in self.figures) if self.figures else 0.0


def merge(rounds: Sequence[Results]) -> Results:
    """The whole run: of each job of each contender the round with the median CPU. A busy moment spoils one round."""
    merged = Results(rounds[0].about, rounds[0].jobs, rounds[-1].entrants)
    found: dict[tuple[str, str, int], list[Figures]] = {}
    for each in (figures for results in rounds for figures in results.figures):
        found.setdefault((each.contender, each.job, each.connections), []).append(each)
    merged.figures = [_middle(same) for same in found.values()]
    return merged


def _middle(same: Sequence[Figures]) -> Figures:
    if len(same) == 1:
        return same[0]
    ordered = sorted(same, key=lambda each: each.cpu_ms)
    middle = ordered[len(ordered) // 2]
    spread = round((ordered[-1].cpu_ms - ordered[0].cpu_ms) / middle.cpu_ms, 3)
    return replace(middle, spread=spread, late=sum(each.late for each in same))
