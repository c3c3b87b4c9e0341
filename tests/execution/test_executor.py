"""Which way an operation is run, and that no way sends anything twice."""

import gc
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.emulator.faults import ChangedMembers, DropAfter, FaultRule, Refuse
from tests.harness import Harness, running
from tests.test_operations import CREATE, INPUT, PAGE

WAYS = ("planned", "replayed", "interpreted")
LIST = "{ tenantTags(first: 2) { nodes { id displayName } } }"
TWO = """
mutation ($one: CreateTenantTagInput!, $other: CreateTenantTagInput!) {
  one: createTenantTag(input: $one) { displayName }
  other: createTenantTag(input: $other) { displayName }
}
"""
NAMES = {"one": {"displayName": "one"}, "other": {"displayName": "other"}}
WIDE = " ".join(f"t{number}: tenant {{ ...F }}" for number in range(50))
MANY = (
    f"{{ cloudPcConnections(first: 1) {{ nodes {{ {WIDE} }} }} }} "
    f"fragment F on Tenant {{ {' '.join(f'a{number}: id' for number in range(45))} }}"
)


class Watched:
    """A gateway, and how it ran its operations."""

    def __init__(self, gateway: Harness, registry: CollectorRegistry) -> None:
        self.gateway = gateway
        self._registry = registry

    @property
    def ways(self) -> list[str]:
        counts = {way: self._registry.get_sample_value("gateway_executions_total", {"way": way}) for way in WAYS}
        return [way for way, count in counts.items() for _ in range(int(count or 0))]


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    registry = CollectorRegistry()
    environ = {"GATEWAY_COMPILED": "true", "GATEWAY_MAX_ALIASES": "9999"}
    async with running(environ, registry=registry) as gateway:
        yield Watched(gateway, registry)


@pytest.mark.parametrize(
    ("document", "variables", "way"),
    [
        pytest.param(LIST, {}, "planned", id="a list"),
        pytest.param('{ tenantTag(id: "none") { id } }', {}, "planned", id="a null"),
        pytest.param("{ __typename a: tenantTags { __typename } }", {}, "planned", id="names of types"),
        pytest.param(CREATE, {"input": INPUT}, "planned", id="a create"),
        pytest.param("{ tenantTags(first: 0) { totalCount } }", {}, "replayed", id="an argument that is refused"),
        pytest.param("{ __schema { description } }", {}, "interpreted", id="introspection"),
        pytest.param('{ a: tenantTags { totalCount } __type(name: "ID") { name } }', {}, "interpreted", id="in part"),
        pytest.param(
            "query ($a: Int!) { tenantTags(first: $a) { totalCount } }", {"a": "x"}, "interpreted", id="variables"
        ),
        pytest.param(MANY, {}, "interpreted", id="more fields than are compiled"),
    ],
)
async def test_what_is_known_is_planned(watched: Watched, document: str, variables: Any, way: str) -> None:
    """And run again by graphql-core if something happens that only it knows."""
    await watched.gateway.execute(document, variables)
    assert watched.ways == [way]


async def test_plans_can_be_switched_off() -> None:
    """By the setting."""
    registry = CollectorRegistry()
    async with running({"GATEWAY_COMPILED": "false"}, registry=registry) as gateway:
        answer = await gateway.execute(LIST)
    assert len(answer["data"]["tenantTags"]["nodes"]) == 2
    assert Watched(gateway, registry).ways == ["interpreted"]


@pytest.mark.parametrize(
    ("fault", "calls", "way"),
    [
        pytest.param(FaultRule(fault=Refuse(403), skip=1), 2, "replayed", id="the second is refused"),
        pytest.param(FaultRule(fault=Refuse(403)), 2, "replayed", id="the first is refused"),
        pytest.param(FaultRule(fault=DropAfter(), times=None), 2, "replayed", id="both are lost"),
        pytest.param(
            FaultRule(fault=ChangedMembers({"displayName": [1]}), skip=1), 2, "replayed", id="the second is odd"
        ),
        pytest.param(FaultRule(fault=ChangedMembers({"displayName": [1]})), 2, "replayed", id="the first is odd"),
        pytest.param(FaultRule(fault=ChangedMembers({"displayName": None})), 2, "planned", id="a null is not odd"),
    ],
)
async def test_a_write_is_sent_once_whichever_way_it_is_run(
    watched: Watched, fault: FaultRule, calls: int, way: str
) -> None:
    """What was sent is remembered: running the operation again sends nothing."""
    watched.gateway.emulator.faults.add(fault)
    await watched.gateway.execute(TWO, NAMES)
    assert [each.partition(" ")[0] for each in watched.gateway.calls] == ["POST"] * calls
    assert watched.ways == [way]


async def test_a_read_between_writes_is_the_one_that_it_was(watched: Watched) -> None:
    """Also when the operation is run again: a join after the first write does not see what a later one did."""
    watched.gateway.emulator.faults.add(FaultRule(fault=Refuse(403), method="PATCH", skip=1))
    document = (
        'mutation { a: updateCloudPcConnection(id: "ID", input: { displayName: "A" }) { displayName tenant { id } } '
        'b: updateCloudPcConnection(id: "ID", input: { displayName: "B" }) { displayName } }'
    )
    [connection] = watched.gateway.emulator.store.all("cloudPcConnections")[:1]
    answer = await watched.gateway.execute(document.replace("ID", connection["id"]))
    assert answer["data"]["a"]["displayName"] == "A"
    assert answer["data"]["b"] is None
    methods = [each.partition(" ")[0] for each in watched.gateway.calls]
    assert methods.count("PATCH") == 2
    assert watched.ways == ["replayed"]


@pytest.mark.parametrize("name", [True, False])
async def test_a_plan_fits_what_is_selected(watched: Watched, name: bool) -> None:
    """Variables of `@skip` and `@include` make plans of their own."""
    document = "query ($name: Boolean!) { tenantTags(first: 1) { nodes { id displayName @include(if: $name) } } }"
    for shown in (name, not name, name):
        answer = await watched.gateway.execute(document, {"name": shown})
        [node] = answer["data"]["tenantTags"]["nodes"]
        assert ("displayName" in node) is shown
    assert watched.ways == ["planned"] * 3


async def test_plans_keep_no_variables_of_a_caller(watched: Watched) -> None:
    """Plans stay for as long as the process; what somebody sent does not."""

    async def run(number: int) -> None:
        document = (
            f"query Q{number} ($id: ID!, $skipped: Boolean!) "
            '{ none: tenantTag(id: "none") { id } one: tenantTag(id: $id) @skip(if: $skipped) { id } }'
        )
        await watched.gateway.execute(document, {"id": str(number) * 100_000, "skipped": True})

    await run(0)
    tracemalloc.start()
    try:
        for number in range(1, 10):
            await run(number)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()
    assert watched.ways == ["planned"] * 10


async def test_each_operation_of_a_document_has_its_plan(watched: Watched) -> None:
    """By its name."""
    document = "query A { tenantTags(first: 1) { nodes { id } } } query B { tenantTags(first: 1) { totalCount } }"
    for name, shown in (("A", "nodes"), ("B", "totalCount"), ("A", "nodes")):
        answer = await watched.gateway.execute(document, operationName=name)
        assert list(answer["data"]["tenantTags"]) == [shown]
    assert watched.ways == ["planned"] * 3


async def test_errors_come_in_the_order_of_the_document(watched: Watched) -> None:
    """Not in that of their occurrence."""
    watched.gateway.emulator.faults.add(FaultRule(fault=Refuse(403), path="tenantTags/1"))
    answer = await watched.gateway.execute(
        '{ a: tenantTag(id: "1") { id } b: tenantTags(first: 0) { totalCount } c: tenantTag(id: "..") { id } }'
    )
    assert [error["path"] for error in answer["errors"]] == [["a"], ["b"], ["c"]]


async def test_what_clients_send_is_planned(watched: Watched) -> None:
    """More than 99 % of a mix: the page asks for the schema, and now and then somebody asks for what is not there."""
    execute, key = watched.gateway.execute, watched.gateway.emulator.store.all("cloudPcConnections")[0]["id"]
    tag = watched.gateway.emulator.store.all("tenantTags")[0]["id"]
    await execute("{ __schema { queryType { name } } }")
    for number in range(60):
        after = None
        for _ in range(2):
            variables = {"first": 2, "after": after, "filter": {"displayName": {"ne": f"{number}"}}, "orderBy": None}
            after = (await execute(PAGE, variables))["data"]["cloudPcConnections"]["pageInfo"]["endCursor"]
        created = await execute(CREATE, {"input": {**INPUT, "displayName": f"number {number}"}})
        new = created["data"]["createCloudPcConnection"]["id"]
        await execute(
            "mutation ($id: ID!, $input: UpdateCloudPcConnectionInput!) { "
            "updateCloudPcConnection(id: $id, input: $input) { ...Shown } } "
            "fragment Shown on CloudPcConnection { id displayName tenant { displayName } __typename }",
            {"id": new, "input": {"displayName": f"renamed {number}"}},
        )
        await execute(f'{{ cloudPcConnection(id: "{key}") {{ displayName }} tenantTag(id: "{tag}") {{ id }} }}')
        await execute(f'mutation {{ deleteCloudPcConnection(id: "{new}") }}')
        await execute(
            "query ($short: Boolean = true) { tenants(first: 3) { edges { cursor node { displayName @skip(if: $short) "
            "rows: cloudPcDevices(first: 1) { nodes { id cloudPcStatus } } } } } }"
        )
        await execute(TWO, {name: {"displayName": f"{name} {number}"} for name in ("one", "other")})
    await execute(CREATE, {"input": {"displayName": "no more"}})
    ways = Counter(watched.ways)
    assert ways.total() == 1 + 60 * 8 + 1, "none was refused"
    assert ways["planned"] / ways.total() > 0.99, ways
