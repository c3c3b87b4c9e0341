"""Knows when a part of Microsoft Graph does not answer at all: then callers are told at once, and only probes go out.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

from dataclasses import dataclass, replace
from typing import Final

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

    `template` is a request's path without keys. Ask `check` before a call; tell `failed` or `answered` what came of it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: LRUCache[str, _Part] = LRUCache(MOST_PARTS)

    def check(self, template: str) -> None:
        """Raises `UpstreamUnavailableError`, with what Graph said last, if the call is not to be made."""
        part = self._parts.get(template)
        if part is None or part.failures < FAILURES:
            return
        now = self._clock.monotonic()
        if now >= part.probe_at:
            part.probe_at = now + PROBE_SECONDS
            return
        said = f" It said: {part.last.message}" if part.last and part.last.message else ""
        raise UpstreamUnavailableError(
            f"Microsoft Graph has been failing to answer; nothing was sent.{said}",
            hint="The gateway keeps trying, and answers again as soon as Graph does.",
            graph=part.last,
            retry_after_seconds=1,
        )

    def failed(self, template: str, fault: GraphFault | None) -> None:
        """There was no answer, or one of `STATUSES`: what it said, if anything."""
        part = self._parts.setdefault(template, _Part())
        part.failures += 1
        # Others will see it: the ids of the request are nobody's but its caller's.
        part.last = replace(fault, request_id=None, client_request_id=None) if fault else part.last
        if part.failures == FAILURES:
            part.probe_at = self._clock.monotonic() + PROBE_SECONDS

    def answered(self, template: str) -> None:
        self._parts.pop(template, None)
