"""Knows when a part of Microsoft Graph does not answer at all: then callers are told at once, and only probes go out.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

from dataclasses import dataclass, replace
from typing import Final, Self

from cachetools import LRUCache

from gateway.clock import Clock
from gateway.errors import GraphFault, UpstreamUnavailableError

FAILURES: Final = 10
"""In a row: then it is an outage. One operation alone makes at most four."""

PROBE_SECONDS: Final = 1.0
"""Between two calls that go out all the same, to find out whether it is over."""

STATUSES: Final = frozenset({502, 503, 504})
"""By which Graph, or what stands before it, says that it cannot answer at all."""

MOST_PARTS: Final = 1_000


@dataclass(slots=True)
class _Part:
    failures: int = 0
    last: GraphFault | None = None
    probe_at: float = 0.0


class Outages:
    """One for each process. Graph hands on to many services, so each collection may be out by itself.

    `template` is a request's path without keys. `is_hurried`: the call will not wait long enough to learn anything.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: LRUCache[str, _Part] = LRUCache(MOST_PARTS)

    def check(self, template: str, *, is_hurried: bool = False) -> None:
        """Raises `UpstreamUnavailableError`, with what Graph said last, if no call is to be made."""
        part = self._parts.get(template)
        if part is None or part.failures < FAILURES:
            return
        if not is_hurried and self._clock.monotonic() >= part.probe_at:
            return
        said = f" It said: {part.last.message}" if part.last and part.last.message else ""
        raise UpstreamUnavailableError(
            f"Microsoft Graph has been failing to answer; nothing was sent.{said}",
            hint="The gateway keeps trying, and answers again as soon as Graph does.",
            graph=part.last,
            retry_after_seconds=1,
        )

    def attempt(self, template: str, *, is_hurried: bool) -> "Attempt":
        """A call that is made in the attempt's block, as a probe if there is an outage; raises like `check`."""
        self.check(template, is_hurried=is_hurried)
        part = self._parts.get(template)
        is_probe = part is not None and part.failures >= FAILURES
        if part is not None and is_probe:
            part.probe_at = self._clock.monotonic() + PROBE_SECONDS
        return Attempt(self, template, part if is_probe else None)

    def failed(self, template: str, fault: GraphFault | None) -> None:
        part = self._parts.setdefault(template, _Part())
        part.failures += 1
        # Others will see it: the ids of the request are nobody's but its caller's.
        part.last = replace(fault, request_id=None, client_request_id=None) if fault else part.last
        if part.failures == FAILURES:
            part.probe_at = self._clock.monotonic() + PROBE_SECONDS

    def answered(self, template: str) -> None:
        self._parts.pop(template, None)


@dataclass(slots=True)
class Attempt:
    """One call. Tell it what came of it, if that says anything about Graph.

    A probe that comes to nothing, because its caller has gone for instance, is anybody's again.
    """

    outages: Outages
    template: str
    probed: _Part | None
    is_told: bool = False

    def failed(self, fault: GraphFault | None) -> None:
        """There was no answer, or one of `STATUSES`: what it said, if anything."""
        self.is_told = True
        self.outages.failed(self.template, fault)

    def answered(self) -> None:
        self.is_told = True
        self.outages.answered(self.template)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.probed is not None and not self.is_told:
            self.probed.probe_at = 0.0
