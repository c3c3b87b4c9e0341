"""What operations leave behind in spans, metrics and the log: enough to find them, nothing of what they carried."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id
from prometheus_client import CollectorRegistry, generate_latest

from gateway.emulator.app import Emulator
from gateway.emulator.faults import Delay, DropBefore, FaultRule, Refuse
from gateway.errors import ClaimsChallengeError
from gateway.telemetry import Telemetry
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running
from tests.test_operations import CREATE, INPUT

ROOT = "/tenantRelationships/managedTenants"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
READ = "query Tag($id: ID!) { tenantTag(id: $id) { id } }"


class Watched:
    """A gateway with its spans and metrics at hand. Its clock stands still but for what waits."""

    def __init__(self, gateway: Harness, clock: SteppingClock, exporter: InMemorySpanExporter, registry: Any) -> None:
        self.gateway = gateway
        self.clock = clock
        self.registry: CollectorRegistry = registry
        self._exporter = exporter

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All that have ended, in the order of their beginning."""
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    @property
    def metrics(self) -> dict[str, float]:
        """Sample → value, without buckets and times of creation."""
        return {
            f"{sample.name}{json.dumps(sample.labels) if sample.labels else ''}": sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if not sample.name.endswith(("_bucket", "_created", "_cache_entries"))
        }


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    clock, registry, exporter = SteppingClock(time=time.time()), CollectorRegistry(), InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    emulator = Emulator(issuer=ISSUER, clock=clock)
    seams: dict[str, Any] = {"clock": clock, "registry": registry, "tracer_provider": provider}
    async with running({"GATEWAY_COMPILED": "true"}, emulator=emulator, **seams) as gateway:
        yield Watched(gateway, clock, exporter, registry)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def tree(spans: Sequence[ReadableSpan]) -> list[tuple[str, str | None]]:
    """Each span's name and its parent's."""
    names = {span.context.span_id: span.name for span in spans if span.context}
    return [(span.name, names.get(span.parent.span_id) if span.parent else None) for span in spans]


# Spans


async def test_an_operation_is_a_tree_of_spans(watched: Watched) -> None:
    """The request, in it the exchange of tokens and each call to Graph, retries included."""
    watched.gateway.emulator.faults.add(FaultRule(fault=Refuse(503, retry_after_seconds=1)))
    await watched.gateway.post(READ, {"id": "a-key"}, headers={"x-request-id": "r-1"})
    assert tree(watched.spans) == [
        ("graphql", None),
        ("token exchange", "graphql"),
        ("token exchange", "graphql"),
        (f"GET {ROOT}/tenantTags", "graphql"),
        (f"GET {ROOT}/tenantTags", "graphql"),
    ]
    request, *_, refused, done = watched.spans
    assert attributes(request) == {
        "graphql.operation.name": "Tag",
        "graphql.operation.type": "query",
        "gateway.request_id": "r-1",
        "gateway.code": "OK",
        "gateway.graph_calls": 2,
    }
    call = {"http.request.method": "GET", "url.template": f"{ROOT}/tenantTags"}
    assert attributes(refused) == {**call, "http.response.status_code": 503, "error.type": "503"}
    assert attributes(done) == {**call, "http.response.status_code": 404, "error.type": "404"}
    assert [span.kind.name for span in watched.spans] == ["SERVER", "INTERNAL", "INTERNAL", "CLIENT", "CLIENT"]
    assert [span.status.status_code for span in watched.spans] == [StatusCode.UNSET] * 3 + [StatusCode.ERROR] * 2


async def test_an_operation_that_fails_is_an_error_with_its_code(watched: Watched) -> None:
    """A call that no answer came to has no status."""
    watched.gateway.emulator.faults.add(FaultRule(fault=DropBefore()))
    await watched.gateway.post(CREATE, {"input": INPUT})
    request, *_, call = watched.spans
    assert (request.status.status_code, request.status.description) == (StatusCode.ERROR, "OUTCOME_UNKNOWN")
    assert attributes(request)["gateway.code"] == "OUTCOME_UNKNOWN"
    assert (call.status.status_code, call.status.description) == (StatusCode.ERROR, None)
    assert attributes(call) == {
        "http.request.method": "POST",
        "url.template": f"{ROOT}/cloudPcConnections",
        "error.type": "LostError",
    }


async def test_the_callers_trace_goes_on_and_reaches_graph(watched: Watched) -> None:
    """W3C trace context; each call has its own span as the parent, and the vendors' state comes along."""
    headers = {"traceparent": TRACEPARENT, "tracestate": "vendor=state"}
    await watched.gateway.post(READ, {"id": "x"}, headers=headers)
    [received] = watched.gateway.emulator.journal
    request, *_, call = watched.spans
    assert request.parent is not None
    assert (format_trace_id(request.parent.trace_id), format_span_id(request.parent.span_id)) == (TRACE, PARENT)
    assert {format_trace_id(span.context.trace_id) for span in watched.spans if span.context} == {TRACE}
    assert call.context is not None
    assert received.headers["traceparent"] == f"00-{TRACE}-{format_span_id(call.context.span_id)}-01"
    assert received.headers["tracestate"] == "vendor=state"


async def test_a_trace_goes_through_a_gateway_that_records_none(gateway: Harness) -> None:
    """Without an exporter Graph's logs can still be found from the caller's."""
    await gateway.post(READ, {"id": "x"}, headers={"traceparent": TRACEPARENT})
    assert gateway.emulator.journal[0].headers["traceparent"] == TRACEPARENT


@pytest.mark.parametrize(
    "given", ["", "00-0-0-01", "nonsense", f"ff-{TRACE}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01"]
)
async def test_a_broken_trace_context_begins_a_new_trace(watched: Watched, given: str) -> None:
    """It costs the caller nothing but the connection to their trace."""
    response = await watched.gateway.post(READ, {"id": "x"}, headers={"traceparent": given})
    request = watched.spans[0]
    assert (response.status_code, request.parent) == (200, None)
    assert request.context is not None
    assert format_trace_id(request.context.trace_id) in watched.gateway.emulator.journal[0].headers["traceparent"]


async def test_no_other_header_of_the_caller_reaches_graph(watched: Watched) -> None:
    """Baggage would hand a caller's own words to Microsoft Graph."""
    headers = {"baggage": "user=somebody", "cookie": "a=b", "x-request-id": "mine", "x-custom": "c", "b3": "0"}
    await watched.gateway.post(READ, {"id": "x"}, headers=headers)
    [received] = watched.gateway.emulator.journal
    assert received.headers.keys() == {
        "accept",
        "accept-encoding",
        "authorization",
        "client-request-id",
        "connection",
        "host",
        "prefer",
        "traceparent",
        "user-agent",
    }
    assert received.headers["client-request-id"] != "mine"


def test_an_exchange_that_fails_is_told_by_its_class_alone() -> None:
    """Entra's words can name people."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry = Telemetry(SteppingClock(), CollectorRegistry(), provider)
    with pytest.raises(ClaimsChallengeError), telemetry.operation("r-1", {}), telemetry.exchange():
        raise ClaimsChallengeError("somebody@example.com must sign in", claims="{}")
    for span in exporter.get_finished_spans():
        assert "somebody" not in span.to_json()
        assert (span.events, span.status.status_code, span.status.description) == ((), StatusCode.ERROR, None)
        assert attributes(span)["error.type"] == "ClaimsChallengeError"


# Metrics


async def test_operations_and_calls_are_counted_and_timed(watched: Watched) -> None:
    """By kind and code, by method and status; a second is a second of the clock."""
    faults = watched.gateway.emulator.faults
    faults.add(FaultRule(fault=Delay(2)), FaultRule(fault=Refuse(403)), FaultRule(fault=DropBefore()))
    await watched.gateway.post(READ, {"id": "x"})
    await watched.gateway.post(READ, {"id": "x"})
    await watched.gateway.post(CREATE, {"input": INPUT})
    await watched.gateway.post("{")
    read, write = {"method": "GET"}, {"method": "POST"}
    assert watched.metrics == {
        'gateway_operations_total{"kind": "query", "code": "OK"}': 1,
        'gateway_operations_total{"kind": "query", "code": "FORBIDDEN"}': 1,
        'gateway_operations_total{"kind": "mutation", "code": "OUTCOME_UNKNOWN"}': 1,
        'gateway_operations_total{"kind": "none", "code": "GRAPHQL_PARSE_FAILED"}': 1,
        'gateway_operation_seconds_count{"kind": "query"}': 2,
        'gateway_operation_seconds_sum{"kind": "query"}': 2,
        'gateway_operation_seconds_count{"kind": "mutation"}': 1,
        'gateway_operation_seconds_sum{"kind": "mutation"}': 0,
        'gateway_operation_seconds_count{"kind": "none"}': 1,
        'gateway_operation_seconds_sum{"kind": "none"}': 0,
        "gateway_operations_running": 0,
        "gateway_operations_queued": 0,
        "gateway_budget_wait_seconds_count": 0,
        "gateway_budget_wait_seconds_sum": 0,
        'gateway_executions_total{"way": "planned"}': 1,
        'gateway_executions_total{"way": "replayed"}': 2,
        f"gateway_graph_calls_total{json.dumps({**read, 'status': '404'})}": 1,
        f"gateway_graph_calls_total{json.dumps({**read, 'status': '403'})}": 1,
        f"gateway_graph_calls_total{json.dumps({**write, 'status': 'lost'})}": 1,
        f"gateway_graph_call_seconds_count{json.dumps(read)}": 2,
        f"gateway_graph_call_seconds_sum{json.dumps(read)}": 2,
        f"gateway_graph_call_seconds_count{json.dumps(write)}": 1,
        f"gateway_graph_call_seconds_sum{json.dumps(write)}": 0,
    }


async def test_nobody_can_make_labels(watched: Watched) -> None:
    """Operation names, types and methods of callers are no labels: each would be a series of its own for good."""
    for number in range(20):
        await watched.gateway.post(f"query Q{number} {{ tenantTag(id: {number}) {{ id }} }}")
        await watched.gateway.post(f"kind{number} {{ a }}")
        await watched.gateway.post("{ a }", operationName=f"N{number}")
        await watched.gateway.http.request(f"METHOD{number}", "/graphql")
    labels = {
        (name, value)
        for family in watched.registry.collect()
        for sample in family.samples
        for name, value in sample.labels.items()
        if name != "le"
    }
    assert labels == {
        ("kind", "query"),
        ("kind", "none"),
        ("code", "OK"),
        ("code", "GRAPHQL_PARSE_FAILED"),
        ("code", "GRAPHQL_VALIDATION_FAILED"),
        ("code", "BAD_REQUEST"),
        *(("cache", each) for each in ("documents", "shapes", "plans", "claims")),
        ("method", "GET"),
        ("status", "404"),
        ("way", "planned"),
    }


async def test_caches_tell_how_full_they_are_and_stay_within_their_bounds() -> None:
    """Documents, shapes, plans and claims, however many were sent."""
    registry = CollectorRegistry()
    environ = {"GATEWAY_DOCUMENT_CACHE_ENTRIES": "4", "GATEWAY_COMPILED": "true"}

    def entries(cache: str) -> float | None:
        return registry.get_sample_value("gateway_cache_entries", {"cache": cache})

    async with running(environ, registry=registry) as gateway:
        assert [entries(each) for each in ("documents", "shapes", "plans", "claims")] == [0, 0, 0, 0]
        await gateway.post(READ, {"id": "x"})
        assert [entries(each) for each in ("documents", "shapes", "plans", "claims")] == [1, 0, 1, 1]
        for number in range(9):
            await gateway.post(f'{{ f{number}: tenantTag(id: "x") {{ id }} }}', as_=gateway.graph_token())
        assert [entries(each) for each in ("documents", "shapes", "plans", "claims")] == [4, 4, 4, 10]


async def test_operations_in_flight_are_counted() -> None:
    """Up while they run, down however they end."""
    arrived = asyncio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        arrived.set()
        return await asyncio.Future[httpx.Response]()

    registry = CollectorRegistry()
    async with running(wire=httpx.MockTransport(never), registry=registry) as gateway:
        caller = asyncio.create_task(gateway.post(READ, {"id": "x"}))
        await arrived.wait()
        during = registry.get_sample_value("gateway_operations_running")
        caller.cancel()
        await asyncio.wait([caller])
    assert (during, registry.get_sample_value("gateway_operations_running")) == (1, 0)


# The log


def operations(logs: list[str]) -> Iterator[dict[str, Any]]:
    for line in logs:
        if line.startswith("{") and '"message":"operation"' in line:
            yield json.loads(line)


async def test_an_operation_is_one_line(watched: Watched, logs: list[str]) -> None:
    """With who called, what came of it, how long it took, and what Graph's support asks for."""
    emulator = watched.gateway.emulator
    emulator.faults.add(FaultRule(fault=Delay(0.25)), FaultRule(fault=Refuse(403), path="tenantTags/2"))
    token = watched.gateway.graph_token(tenant_id="t-1", object_id="o-1", app_id="a-1")
    document = '{ a: tenantTag(id: "1") { id } b: tenantTag(id: "2") { id } c: tenantTags(first: 0) { totalCount } }'
    await watched.gateway.post(f"query Both {document}", as_=token, headers={"x-request-id": "r-1"})
    [line] = operations(logs)
    del line["time"]
    graph_request_ids = line.pop("graph_request_ids")
    assert line == {
        "level": "info",
        "message": "operation",
        "request_id": "r-1",
        "operation": "Both",
        "kind": "query",
        "code": "FORBIDDEN",
        "codes": ["FORBIDDEN", "BAD_USER_INPUT"],
        "duration_ms": 250.0,
        "graph_calls": 1,
        "tid": "t-1",
        "oid": "o-1",
        "appid": "a-1",
        "verified": False,
    }
    assert len(graph_request_ids) == 1


async def test_what_is_not_known_is_left_out(gateway: Harness, logs: list[str]) -> None:
    """A request without a token has no caller, no operation and no call."""
    await gateway.http.post("/graphql", headers={"x-request-id": "r-1"})
    [line] = operations(logs)
    assert line.keys() == {"time", "level", "message", "request_id", "code", "duration_ms", "graph_calls"}
    assert (line["code"], line["graph_calls"]) == ("UNAUTHENTICATED", 0)


async def test_a_caller_who_hangs_up_is_not_told_as_a_success(logs: list[str]) -> None:
    """Nobody got an answer."""
    arrived = asyncio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        arrived.set()
        return await asyncio.Future[httpx.Response]()

    async with running(wire=httpx.MockTransport(never)) as gateway:
        caller = asyncio.create_task(gateway.post(READ, {"id": "x"}))
        await arrived.wait()
        caller.cancel()
        await asyncio.wait([caller])
    assert [line["code"] for line in operations(logs)] == ["CANCELLED"]


# Nothing of what was carried


CARRIED = ("a-variable", "a-key", "a-literal", "a-filter", "a-name", "an_alias", "a-baggage", "a-cookie")
DOCUMENT = """
query Q($id: ID!, $filter: CloudPcConnectionFilter) {
  tenantTag(id: $id) { id }
  cloudPcConnection(id: "a-literal") { displayName }
  an_alias: cloudPcConnections(first: 1, filter: $filter) { pageInfo { endCursor } nodes { id } }
}
"""


@pytest.mark.parametrize(
    "fault",
    [None, Refuse(500, "a-code", "a-message"), Refuse(403), DropBefore()],
    ids=["none", "500", "403", "dropped"],
)
async def test_nothing_that_an_operation_carries_is_told(watched: Watched, logs: list[str], fault: Any) -> None:
    """No variable, literal, id, cursor, token or word of the caller's, whether it works or fails."""
    if fault:
        watched.gateway.emulator.faults.add(FaultRule(fault=fault, times=None))
    headers = {"baggage": "a=a-baggage", "cookie": "a-cookie"}
    variables = {"id": "a-key", "filter": {"displayName": {"ne": "a-filter"}}}
    read = await watched.gateway.execute(DOCUMENT, variables, headers=headers)
    created = {**INPUT, "displayName": "a-name", "tenantId": "a-variable"}
    await watched.gateway.post(CREATE, {"input": created}, headers=headers)
    page = read["data"]["an_alias"]
    answered = [page["pageInfo"]["endCursor"], *(node["id"] for node in page["nodes"])] if page else []
    ours = [line for line in logs if "HTTP Request" not in line]
    told = "\n".join([*(span.to_json() for span in watched.spans), generate_latest(watched.registry).decode(), *ours])
    assert told.count("url.template") == len(watched.gateway.calls), "there is something to look at"
    assert [value for value in (*CARRIED, *answered, watched.gateway.token, "a-message") if value in told] == []
