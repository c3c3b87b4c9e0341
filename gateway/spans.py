"""The spans of an operation. Where nobody records any, only the caller's trace context goes through to Microsoft Graph.

Names: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and .../graphql/graphql-spans/.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACE_CONTEXT: Final = TraceContextTextMapPropagator()
"""W3C trace context alone: baggage would hand a caller's own words to Microsoft Graph."""

TRACEPARENT: Final = "traceparent"

SpanContext = AbstractContextManager[Span]

UNRECORDED: Final[SpanContext] = nullcontext(INVALID_SPAN)


class Spans:
    """One for each process. `provider`: who records them; None: nobody."""

    def __init__(self, provider: TracerProvider | None) -> None:
        self._tracer = trace.get_tracer("gateway", tracer_provider=provider) if provider else None

    def operation(self, headers: Mapping[str, str]) -> SpanContext:
        """`headers`: of the caller's request."""
        if self._tracer is not None:
            parent = TRACE_CONTEXT.extract(headers)
            return _span(self._tracer, "graphql", context=parent, kind=SpanKind.SERVER)
        return _within_trace(headers) if TRACEPARENT in headers else UNRECORDED

    def exchange(self) -> SpanContext:
        return UNRECORDED if self._tracer is None else _span(self._tracer, "token exchange")

    def graph_call(self, method: str, template: str) -> SpanContext:
        if self._tracer is None:
            return UNRECORDED
        attributes = {"http.request.method": method, "url.template": template}
        return _span(self._tracer, f"{method} {template}", kind=SpanKind.CLIENT, attributes=attributes)

    @staticmethod
    def headers() -> dict[str, str]:
        """What tells Graph of the trace."""
        headers: dict[str, str] = {}
        TRACE_CONTEXT.inject(headers)
        return headers


def fail(span: Span, kind: str) -> None:
    """Marks the span: https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/#error-type."""
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", kind)


@contextmanager
def _span(tracer: Tracer, name: str, **options: Any) -> Iterator[Span]:
    """A span that tells an exception by its class: the message can hold foreign text."""
    with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False, **options) as span:
        try:
            yield span
        except Exception as failure:
            fail(span, type(failure).__name__)
            raise


@contextmanager
def _within_trace(headers: Mapping[str, str]) -> Iterator[Span]:
    token = context.attach(TRACE_CONTEXT.extract(headers))
    try:
        yield INVALID_SPAN
    finally:
        context.detach(token)
