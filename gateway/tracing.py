"""Spans leave the process over OTLP when its standard variables say where to; else they cost next to nothing.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry import trace

from gateway.settings import SettingsError

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE: Final = "managed-tenants-gateway"


def configure_tracing(
    environ: Mapping[str, str], install: Callable[[trace.TracerProvider], None] = trace.set_tracer_provider
) -> None:
    """Starts the exporter if an endpoint is set; raises `SettingsError` if the `otlp` extra is not installed."""
    given = [name for name in ENDPOINTS if environ.get(name)]
    if not given:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError([f"{given[0]}: needs the extra: pip install 'managed-tenants-gateway[otlp]'"]) from None
    name = environ.get("OTEL_SERVICE_NAME") or SERVICE
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    install(provider)
