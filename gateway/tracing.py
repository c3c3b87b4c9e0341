"""Spans leave the process over OTLP when its standard variables say where to; else there are none.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from collections.abc import Mapping
from typing import Final

from opentelemetry.trace import TracerProvider

from gateway.settings import SettingsError

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE: Final = "managed-tenants-gateway"


def build_tracer_provider(environ: Mapping[str, str]) -> TracerProvider | None:
    """Starts the exporter if an endpoint is set; raises `SettingsError` if the `otlp` extra is not installed."""
    given = [name for name in ENDPOINTS if environ.get(name)]
    if not given:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider as RecordingProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError([f"{given[0]}: needs the extra: pip install 'managed-tenants-gateway[otlp]'"]) from None
    name = environ.get("OTEL_SERVICE_NAME") or SERVICE
    provider = RecordingProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
