"""When spans leave the process."""

import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider

from gateway.settings import SettingsError
from gateway.tracing import build_tracer_provider

URL = "http://collector.test:4318"


def built(environ: dict[str, str]) -> TracerProvider | None:
    """Shut down again."""
    provider = build_tracer_provider(environ)
    assert provider is None or isinstance(provider, TracerProvider)
    if provider:
        provider.shutdown()
    return provider


@pytest.mark.parametrize("environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, {"OTEL_SERVICE_NAME": "x"}], ids=str)
def test_without_an_endpoint_nothing_is_exported(environ: dict[str, str]) -> None:
    """Nor recorded."""
    assert built(environ) is None


@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
@pytest.mark.parametrize(
    ("more", "name"),
    [({}, "managed-tenants-gateway"), ({"OTEL_SERVICE_NAME": "lighthouse"}, "lighthouse")],
    ids=["our name", "the operator's name"],
)
def test_an_endpoint_starts_the_exporter(variable: str, more: dict[str, str], name: str) -> None:
    """Under the service's name, which the standard variable changes."""
    provider = built({variable: URL, **more})
    assert provider is not None
    assert provider.resource.attributes["service.name"] == name


@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_an_endpoint_without_the_extra_stops_the_start(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """With the variable's name and what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError) as raised:
        built({variable: URL})
    assert raised.value.faults == (f"{variable}: needs the extra: pip install 'managed-tenants-gateway[otlp]'",)
