"""One log line a write in `service-account`: who had what done to which object, and what became of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.emulator.directory import WRITER_APP
from gateway.emulator.faults import DropAfter, FaultRule, Refuse
from gateway.emulator.tokens import SAMPLE_PERSON, SAMPLE_TENANT
from gateway.graph.audit import audited
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer
from gateway.resources.spec import NAMESPACE, ROOT_PATH
from gateway.telemetry import Operation
from tests.auth.test_service_account import Stage, lines
from tests.harness import Harness, running
from tests.test_operations import CREATE, INPUT

UPDATE = 'mutation Rename($id: ID!) { updateTenantTag(id: $id, input: { displayName: "Secret name" }) { id } }'
DELETE = "mutation Gone($id: ID!) { deleteTenantTag(id: $id) }"
MANY = """mutation Many { createTenantTags(inputs: [{ displayName: "One" }, { displayName: "Two" }]) {
    results { ... on TenantTag { id } ... on ItemError { code } } } }"""


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Harness]:
    stage = Stage(tmp_path / "store.db")
    await stage.sign_in()
    async with stage.gateway() as gateway:
        yield gateway


def audits(logs: list[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "time"} for line in lines(logs, "audit", "info")]


async def test_a_create_is_told_with_the_id_that_graph_gave(gateway: Harness, logs: list[str]) -> None:
    """Who asked for it, as whom it was done, and by which ids Graph knows it; none of its values."""
    answer = await gateway.execute(CREATE, {"input": INPUT}, headers={"x-request-id": "r-1"})
    [line] = audits(logs)
    [call] = gateway.emulator.journal
    assert line == {
        "level": "info",
        "message": "audit",
        "request_id": "r-1",
        "appid": WRITER_APP,
        "tid": SAMPLE_TENANT,
        "account": SAMPLE_PERSON,
        "method": "POST",
        "entity_set": "cloudPcConnections",
        "key": answer["data"]["createCloudPcConnection"]["id"],
        "code": "OK",
        "graph_request_ids": [call.request_id],
    }
    assert str(INPUT["displayName"]) not in json.dumps(line)


async def test_each_write_has_its_line(gateway: Harness, logs: list[str]) -> None:
    """Updates and deletes name their object, in the order of the writes; reads have none."""
    created = await gateway.execute('mutation { createTenantTag(input: { displayName: "T" }) { id } }')
    key = created["data"]["createTenantTag"]["id"]
    await gateway.execute(UPDATE, {"id": key})
    await gateway.execute(DELETE, {"id": key})
    await gateway.execute("{ tenantTags(first: 1) { nodes { id } } }")
    found = [(each.get("operation"), each["method"], each["entity_set"], each["key"]) for each in audits(logs)]
    assert found == [
        (None, "POST", "tenantTags", key),
        ("Rename", "PATCH", "tenantTags", key),
        ("Gone", "DELETE", "tenantTags", key),
    ]
    assert "Secret name" not in "".join(logs)


async def test_each_line_has_the_ids_of_its_own_write(gateway: Harness, logs: list[str]) -> None:
    """Several writes of one operation are told apart at Graph too."""
    await gateway.execute(
        'mutation { a: createTenantTag(input: { displayName: "A" }) { id } '
        'b: createTenantTag(input: { displayName: "B" }) { id } }'
    )
    ids = [each.request_id for each in gateway.emulator.journal if each.method == "POST"]
    assert [each["graph_request_ids"] for each in audits(logs)] == [[each] for each in ids]


async def test_actions_are_named(gateway: Harness, logs: list[str]) -> None:
    """What is called stands below the object, or the set, that it is called on."""
    await gateway.execute('mutation { assignTag(id: "x", tenantIds: []) { id } }')
    [line] = audits(logs)
    assert (line["key"], line["below"]) == ("x", "microsoft.graph.managedTenants.assignTag")


async def test_each_item_of_a_bulk_has_its_line(gateway: Harness, logs: list[str]) -> None:
    """With an outcome of its own; Graph's ids are those of the batch."""
    gateway.emulator.faults.add(FaultRule(fault=Refuse(409), path="tenantTags", skip=1))
    answer = await gateway.execute(MANY)
    created, failed = answer["data"]["createTenantTags"]["results"]
    one, two = audits(logs)
    assert (one["code"], one["key"], two["code"], "key" in two) == ("OK", created["id"], failed["code"], False)
    assert one["graph_request_ids"] == two["graph_request_ids"]


@pytest.mark.parametrize(("fault", "code"), [(Refuse(403), "FORBIDDEN"), (DropAfter(), "OUTCOME_UNKNOWN")])
async def test_a_write_that_failed_has_its_line_too(gateway: Harness, logs: list[str], fault: Any, code: str) -> None:
    """With the code that the caller was told."""
    gateway.emulator.faults.add(FaultRule(fault=fault, method="POST"))
    answer = await gateway.execute(CREATE, {"input": INPUT})
    [line] = audits(logs)
    assert line["code"] == answer["errors"][0]["extensions"]["code"] == code


def test_a_write_that_was_cut_off_has_its_line(logs: list[str]) -> None:
    """The process ended before there was an answer: that is what the line says."""
    operation = Operation(request_id="r-1", account=SAMPLE_PERSON)
    with (
        pytest.raises(asyncio.CancelledError),
        audited(operation, [GraphRequest("POST", f"{ROOT_PATH}/tenants", None)]),
    ):
        raise asyncio.CancelledError
    [line] = audits(logs)
    assert (line["entity_set"], line["code"]) == ("tenants", "CANCELLED")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": 5}'])
def test_an_answer_without_an_id_leaves_it_out(logs: list[str], body: bytes) -> None:
    """Graph need not say what it has made."""
    request = GraphRequest("POST", f"{ROOT_PATH}/tenants", None)
    with audited(Operation(request_id="r-1", account=SAMPLE_PERSON), [request]) as outcomes:
        outcomes.append(Answer(201, {}, body))
    [line] = audits(logs)
    assert (line["code"], "key" in line) == ("OK", False)


async def test_where_the_caller_is_whom_graph_sees_there_is_no_line(logs: list[str]) -> None:
    """In the other modes the operation's line says who it was, as Graph's own log does."""
    async with running() as gateway:
        await gateway.execute(CREATE, {"input": INPUT})
    assert audits(logs) == []
    [line] = lines(logs, "operation")
    assert "account" not in line


async def test_the_operations_line_names_the_account(gateway: Harness, logs: list[str]) -> None:
    """Beside the app that called."""
    await gateway.execute('{ tenantTag(id: "x") { id } }')
    [line] = lines(logs, "operation")
    assert (line["appid"], line["account"], line["verified"]) == (WRITER_APP, SAMPLE_PERSON, True)


def test_an_action_on_a_set_has_no_key(logs: list[str]) -> None:
    """Its name is not taken for one."""
    request = GraphRequest("POST", f"{ROOT_PATH}/tenants/{NAMESPACE}.tenantSearch", None)
    with audited(Operation(request_id="r-1", account=SAMPLE_PERSON), [request]) as outcomes:
        outcomes.append(Answer(200, {}, b"{}"))
    [line] = audits(logs)
    assert (line["entity_set"], line["below"], "key" in line) == ("tenants", f"{NAMESPACE}.tenantSearch", False)
