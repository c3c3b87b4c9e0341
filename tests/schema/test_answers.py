"""What becomes of Graph's JSON in an answer: Graph shortens, drifts and errs, and no sibling is lost for it."""

from typing import Any

import pytest

from gateway.emulator.faults import ChangedMembers, FaultRule, OmittedMembers
from tests.harness import Harness

TAG = {
    "id": "tag-1",
    "displayName": "Gold support",
    "createdDateTime": "2026-11-24T09:00:00.1234567Z",
    "tenants": [{"tenantId": "a"}, {"tenantId": "b"}],
}
READ = '{ tenantTag(id: "tag-1") { id displayName createdDateTime tenants { tenantId } } }'
LIST = "{ tenantTags { nodes { id displayName createdDateTime tenants { tenantId } } } }"
WRONG_TYPE = "Microsoft Graph answered a value that is not of the declared type."
NO_OBJECT = "Microsoft Graph answered a value where an object is declared."

CHANGES = [
    pytest.param({"extra": 1, "@odata.etag": "x"}, {}, [], id="undeclared members"),
    pytest.param({"displayName": None, "tenants": None, "createdDateTime": None}, None, [], id="nulls"),
    pytest.param({"displayName": 5}, {"displayName": "5"}, [], id="a number for a text"),
    pytest.param({"displayName": [1]}, {"displayName": None}, [["displayName"]], id="a list for a text"),
    pytest.param({"displayName": {"a": 1}}, {"displayName": None}, [["displayName"]], id="an object for a text"),
    pytest.param({"createdDateTime": "once"}, {"createdDateTime": "once"}, [], id="a date that is none"),
    pytest.param({"createdDateTime": 5}, {"createdDateTime": None}, [["createdDateTime"]], id="a number for a date"),
    pytest.param({"createdDateTime": {}}, {"createdDateTime": None}, [["createdDateTime"]], id="an object for a date"),
    pytest.param({"tenants": []}, {"tenants": []}, [], id="an empty list"),
    pytest.param({"tenants": 5}, {"tenants": None}, [["tenants"]], id="a number for a list"),
    pytest.param({"tenants": "ab"}, {"tenants": None}, [["tenants"]], id="a text for a list"),
    pytest.param({"tenants": {"a": 1}}, {"tenants": None}, [["tenants"]], id="an object for a list"),
    pytest.param({"tenants": [None]}, {"tenants": None}, [["tenants", 0]], id="a null in a list"),
    pytest.param({"tenants": [{}, {"x": 1}]}, {"tenants": [{"tenantId": None}] * 2}, [], id="objects cut short"),
    pytest.param({"tenants": ["x"]}, {"tenants": [{"tenantId": None}]}, [["tenants", 0, "tenantId"]], id="no object"),
]


PATHS: dict[str, list[Any]] = {READ: ["tenantTag"], LIST: ["tenantTags", "nodes", 0]}


@pytest.fixture(autouse=True)
def tag(gateway: Harness) -> None:
    """Graph has one tag."""
    gateway.emulator.store.clear()
    gateway.emulator.store.add("tenantTags", TAG)


@pytest.mark.parametrize(("members", "shown", "failed"), CHANGES)
@pytest.mark.parametrize("document", [READ, LIST], ids=["read", "list"])
async def test_a_member_of_another_type_costs_that_member_alone(
    gateway: Harness, document: str, members: dict[str, Any], shown: dict[str, Any] | None, failed: list[list[Any]]
) -> None:
    """Undeclared members are dropped, missing ones null; what cannot be what the schema says is an error beside."""
    gateway.emulator.faults.add(FaultRule(fault=ChangedMembers(members)))
    answer = await gateway.execute(document)
    entity, path = answer["data"], PATHS[document]
    for step in path:
        entity = entity[step]
    assert entity == TAG | (members if shown is None else shown)
    assert [(error["path"], error["message"]) for error in answer.get("errors", [])] == [
        (path + where, NO_OBJECT if "tenantId" in where else WRONG_TYPE) for where in failed
    ]
    assert {error["extensions"]["code"] for error in answer.get("errors", [])} <= {"UPSTREAM_UNSUPPORTED"}


@pytest.mark.parametrize("names", [("displayName",), ("id",), ("displayName", "createdDateTime", "tenants")])
async def test_a_shortened_answer_reads_as_nulls(gateway: Harness, names: tuple[str, ...]) -> None:
    """But for the key: what was asked for by its key has it."""
    gateway.emulator.faults.add(FaultRule(fault=OmittedMembers(names)))
    missing = dict.fromkeys(names) | {"id": TAG["id"]}
    assert await gateway.execute(READ) == {"data": {"tenantTag": TAG | missing}}


@pytest.mark.parametrize("key", [None, 5, {"a": 1}, ["tag-1"]], ids=str)
async def test_a_row_without_a_usable_key_is_an_error(gateway: Harness, key: object) -> None:
    """Clients could not tell it from others."""
    gateway.emulator.faults.add(FaultRule(fault=ChangedMembers({**TAG, "id": key})))
    answer = await gateway.execute(LIST)
    assert answer["data"] == {"tenantTags": None}
    assert [(error["message"], error["extensions"]) for error in answer["errors"]] == [
        (
            "Microsoft Graph answered one of the tenantTags without its id.",
            {"code": "UPSTREAM_UNSUPPORTED", "retryable": False},
        )
    ]


async def test_an_object_whose_key_is_null_has_the_one_it_was_asked_for_by(gateway: Harness) -> None:
    """Graph shortens answers."""
    gateway.emulator.faults.add(FaultRule(fault=ChangedMembers({"id": None})))
    assert await gateway.execute(READ) == {"data": {"tenantTag": TAG}}


@pytest.mark.parametrize("key", [5, {"a": 1}, ["tag-1"], ""], ids=str)
async def test_an_object_whose_key_is_no_text_is_an_error(gateway: Harness, key: object) -> None:
    """Which one it is cannot be told."""
    gateway.emulator.faults.add(FaultRule(fault=ChangedMembers({"id": key})))
    answer = await gateway.execute(READ)
    assert answer["data"] == {"tenantTag": None}
    assert [(error["path"], error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["tenantTag"], "Microsoft Graph answered a TenantTag whose id is no text.", "UPSTREAM_UNSUPPORTED")
    ]
