"""What happened in one operation, told as a log line, spans and metrics. Never variables, bodies or tokens.

`Operation` is the record: whoever works on the operation adds to it, and it is reported once, when it is over.
Spans follow https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and .../graphql/graphql-spans/.
"""

import logging
from asyncio import CancelledError
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.clock import Clock
from gateway.errors import GatewayError

log = logging.getLogger("gateway")

TRACE_CONTEXT: Final = TraceContextTextMapPropagator()
"""W3C trace context alone: baggage would hand a caller's own words to Microsoft Graph."""

OK: Final = "OK"

CANCELLED: Final = "CANCELLED"
"""In the place of a code: the caller had gone before there was an answer."""


@dataclass(slots=True, kw_only=True)
class Operation:
    """One GraphQL request. `codes`: of its errors, in order; `graph_request_ids`: as Graph's support asks for them."""

    request_id: str
    name: str | None = None
    kind: str | None = None
    codes: list[str] = field(default_factory=list)
    graph_calls: int = 0
    graph_request_ids: list[str] = field(default_factory=list)
    tid: str | None = None
    oid: str | None = None
    appid: str | None = None
    verified: bool = False

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

    Spans go to `tracer_provider`, by default the process's own.
    """

    def __init__(
        self, clock: Clock, registry: CollectorRegistry, tracer_provider: TracerProvider | None = None
    ) -> None:
        self._clock = clock
        self._tracer = trace.get_tracer("gateway", tracer_provider=tracer_provider)
        self._operations = Counter(
            "gateway_operations",
            "GraphQL operations, by kind and first error code.",
            ["kind", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "gateway_operation_seconds", "Time from request to response.", ["kind"], registry=registry
        )
        self._running = Gauge("gateway_operations_running", "Operations in flight.", registry=registry)
        self._executions = Counter(
            "gateway_executions",
            "Operations by how they were run: planned, replayed or interpreted.",
            ["way"],
            registry=registry,
        )
        self._graph_calls = Counter(
            "gateway_graph_calls",
            "HTTP calls to Microsoft Graph, by method and status; `lost` if no answer came.",
            ["method", "status"],
            registry=registry,
        )
        self._graph_seconds = Histogram(
            "gateway_graph_call_seconds", "Time of one HTTP call to Microsoft Graph.", ["method"], registry=registry
        )

    @contextmanager
    def operation(self, request_id: str, headers: Mapping[str, str]) -> Iterator[Operation]:
        """Reports the operation when the block ends, however it ends."""
        operation = Operation(request_id=request_id)
        started = self._clock.monotonic()
        context = TRACE_CONTEXT.extract(headers)
        self._running.inc()
        with self._span("graphql", context=context, kind=SpanKind.SERVER) as span:
            try:
                yield operation
            except CancelledError:
                operation.codes.append(CANCELLED)
                raise
            finally:
                self._running.dec()
                seconds = self._clock.monotonic() - started
                kind = operation.kind or "none"
                self._operations.labels(kind, operation.code).inc()
                self._seconds.labels(kind).observe(seconds)
                span.set_attributes(_span_attributes(operation))
                if operation.codes:
                    span.set_status(Status(StatusCode.ERROR, operation.code))
                log.info("operation", extra={"fields": _log_fields(operation, seconds)})

    def count_execution(self, way: str) -> None:
        """One operation, run by its plan, by its plan and then by graphql-core, or by graphql-core."""
        self._executions.labels(way).inc()

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """Spans the time it takes to get a Graph access token for the caller."""
        with self._span("token exchange"):
            yield

    @contextmanager
    def graph_call(self, operation: Operation, method: str, template: str) -> Iterator[GraphCall]:
        """Counts and spans one HTTP call. `template`: its path without keys."""
        operation.graph_calls += 1
        started = self._clock.monotonic()
        attributes = {"http.request.method": method, "url.template": template}
        with self._span(f"{method} {template}", kind=SpanKind.CLIENT, attributes=attributes) as span:
            call = GraphCall({})
            TRACE_CONTEXT.inject(call.headers)
            try:
                yield call
            finally:
                status = "lost" if call.status is None else str(call.status)
                self._graph_calls.labels(method, status).inc()
                self._graph_seconds.labels(method).observe(self._clock.monotonic() - started)
                if call.status is not None:
                    span.set_attribute("http.response.status_code", call.status)
                    if call.status >= 400:
                        _fail(span, str(call.status))

    @contextmanager
    def _span(self, name: str, **options: Any) -> Iterator[Span]:
        """A span that tells an exception by its class: the message can hold foreign text."""
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False, **options
        ) as span:
            try:
                yield span
            except Exception as failure:
                _fail(span, type(failure).__name__)
                raise


def _fail(span: Span, kind: str) -> None:
    """Marks the span: https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/#error-type."""
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", kind)


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
        "code": operation.code,
        "codes": operation.codes if len(operation.codes) > 1 else None,
        "duration_ms": round(seconds * 1000, 1),
        "graph_calls": operation.graph_calls,
        "graph_request_ids": operation.graph_request_ids or None,
        **operation.who,
    }
    return {name: value for name, value in told.items() if value is not None}
