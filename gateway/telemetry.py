"""What happened in one operation, told as a log line, spans and metrics. Never variables, bodies or tokens.

`Operation` is the record: whoever works on the operation adds to it, and it is reported once, when it is over.
"""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from opentelemetry.trace import Status, StatusCode, TracerProvider
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.spans import SpanContext, Spans, fail

log = logging.getLogger("gateway")

OK: Final = "OK"

CANCELLED: Final = "CANCELLED"
"""In the place of a code: the caller had gone before there was an answer."""


CacheSizes = Mapping[str, Callable[[], int]]
"""Cache → how many entries it has now."""


@dataclass(slots=True, kw_only=True)
class Operation:
    """One GraphQL request. `codes`: of its errors, in order; `graph_request_ids`: as Graph's support asks for them.

    `trusted`: whether its document is; None where there are no trusted documents. `account`: the object id of whom
    Graph sees; None where that is the caller.
    """

    request_id: str
    name: str | None = None
    kind: str | None = None
    trusted: bool | None = None
    codes: list[str] = field(default_factory=list)
    graph_calls: int = 0
    graph_request_ids: list[str] = field(default_factory=list)
    tid: str | None = None
    oid: str | None = None
    appid: str | None = None
    verified: bool = False
    account: str | None = None

    def failed(self, error: GatewayError) -> None:
        self.codes.append(error.code)

    @property
    def code(self) -> str:
        """The first error's code, or `OK`: one word that sorts operations."""
        return self.codes[0] if self.codes else OK

    @property
    def who(self) -> dict[str, Any]:
        claims = {"tid": self.tid, "oid": self.oid, "appid": self.appid}
        return {**claims, "verified": self.verified} if any(claims.values()) else {}


@dataclass(slots=True)
class GraphCall:
    """One HTTP call to Graph: headers to send with it, and what came back."""

    headers: dict[str, str]
    status: int | None = None


class Telemetry:
    """Reports operations. One for each process; `registry` holds its Prometheus metrics.

    Spans go to `tracer_provider`; None records none.
    """

    def __init__(
        self, clock: Clock, registry: CollectorRegistry, tracer_provider: TracerProvider | None = None
    ) -> None:
        self._clock = clock
        self._spans = Spans(tracer_provider)
        operations = Counter(
            "gateway_operations",
            "GraphQL operations, by kind and first error code.",
            ["kind", "code"],
            registry=registry,
        )
        seconds = Histogram("gateway_operation_seconds", "Time from request to response.", ["kind"], registry=registry)
        executions = Counter(
            "gateway_executions",
            "Operations by how they were run: planned, replayed or interpreted.",
            ["way"],
            registry=registry,
        )
        graph_calls = Counter(
            "gateway_graph_calls",
            "HTTP calls to Microsoft Graph, by method and status; `lost` if no answer came.",
            ["method", "status"],
            registry=registry,
        )
        graph_seconds = Histogram(
            "gateway_graph_call_seconds", "Time of one HTTP call to Microsoft Graph.", ["method"], registry=registry
        )
        self._running = 0
        running = Gauge("gateway_operations_running", "Operations in flight.", registry=registry)
        running.set_function(lambda: self._running)
        self._queued = Gauge("gateway_operations_queued", "Operations that wait for their turn.", registry=registry)
        self._budget_wait = Histogram(
            "gateway_budget_wait_seconds",
            "Time that calls were held back to keep within Microsoft Graph's limits.",
            registry=registry,
        )
        self._cache_entries = Gauge(
            "gateway_cache_entries", "Entries that a cache has, which all have a bound.", ["cache"], registry=registry
        )
        # There are few series, and finding one takes longer than counting.
        self._operations, self._seconds = cache(operations.labels), cache(seconds.labels)
        self._executions = cache(executions.labels)
        self._graph_calls, self._graph_seconds = cache(graph_calls.labels), cache(graph_seconds.labels)

    @contextmanager
    def operation(self, request_id: str, headers: Mapping[str, str]) -> Iterator[Operation]:
        """Reports the operation when the block ends, however it ends."""
        operation = Operation(request_id=request_id)
        started = self._clock.monotonic()
        self._running += 1
        with self._spans.operation(headers) as span:
            try:
                yield operation
            except CancelledError:
                operation.codes.append(CANCELLED)
                raise
            finally:
                self._running -= 1
                seconds = self._clock.monotonic() - started
                kind = operation.kind or "none"
                self._operations(kind, operation.code).inc()
                self._seconds(kind).observe(seconds)
                if span.is_recording():
                    span.set_attributes(_span_attributes(operation))
                    if operation.codes:
                        span.set_status(Status(StatusCode.ERROR, operation.code))
                log.info("operation", extra={"fields": _log_fields(operation, seconds)})

    def count_execution(self, way: str) -> None:
        """One operation, run by its plan, by its plan and then by graphql-core, or by graphql-core."""
        self._executions(way).inc()

    def watch_queue(self, count: Callable[[], int]) -> None:
        """How many operations wait is asked for when metrics are read."""
        self._queued.set_function(count)

    def observe_budget_wait(self, seconds: float) -> None:
        self._budget_wait.observe(seconds)

    def watch_caches(self, sizes: CacheSizes) -> None:
        """They are looked at when metrics are asked for, and at no other time."""
        for name, size in sizes.items():
            self._cache_entries.labels(name).set_function(size)

    def exchange(self) -> SpanContext:
        """Spans the time it takes to get a Graph access token for the caller."""
        return self._spans.exchange()

    @contextmanager
    def graph_call(self, operation: Operation, method: str, template: str) -> Iterator[GraphCall]:
        """Counts and spans one HTTP call. `template`: its path without keys."""
        operation.graph_calls += 1
        started = self._clock.monotonic()
        with self._spans.graph_call(method, template) as span:
            call = GraphCall(self._spans.headers())
            try:
                yield call
            finally:
                status = "lost" if call.status is None else str(call.status)
                self._graph_calls(method, status).inc()
                self._graph_seconds(method).observe(self._clock.monotonic() - started)
                if call.status is not None:
                    span.set_attribute("http.response.status_code", call.status)
                    if call.status >= 400:
                        fail(span, str(call.status))


def _span_attributes(operation: Operation) -> dict[str, Any]:
    told = {
        "graphql.operation.name": operation.name,
        "graphql.operation.type": operation.kind,
        "gateway.request_id": operation.request_id,
        "gateway.code": operation.code,
        "gateway.graph_calls": operation.graph_calls,
    }
    return {name: value for name, value in told.items() if value is not None}


def _log_fields(operation: Operation, seconds: float) -> dict[str, Any]:
    told = {
        "request_id": operation.request_id,
        "operation": operation.name,
        "kind": operation.kind,
        "trusted": operation.trusted,
        "code": operation.code,
        "codes": operation.codes if len(operation.codes) > 1 else None,
        "duration_ms": round(seconds * 1000, 1),
        "graph_calls": operation.graph_calls,
        "graph_request_ids": operation.graph_request_ids or None,
        **operation.who,
        "account": operation.account,
    }
    return {name: value for name, value in told.items() if value is not None}
