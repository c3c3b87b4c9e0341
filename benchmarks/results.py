"""What a run found. Its JSON is what `latest.json` holds."""

from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any, Final

OURS: Final = "ours"


@dataclass(frozen=True, slots=True)
class Figures:
    """One contender in one job. `spread`: of the CPU between the parts of the window, in relation to the whole.

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

    about: dict[str, Any]
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
        """The usual spread between the parts of a window."""
        return median(each.spread for each in self.figures) if self.figures else 0.0

    @property
    def others(self) -> float:
        """Cores that other processes were using, on average."""
        return mean(each.others for each in self.figures) if self.figures else 0.0
