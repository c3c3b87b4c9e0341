"""Bulk deletes: each item's own outcome, in order, and what Microsoft Graph receives for it."""

from typing import Any

import pytest

from gateway.emulator.faults import DropAfter, FaultRule, Refuse
from tests.harness import Harness, running

ROOT = "/v1.0/tenantRelationships/managedTenants"
TAGS = f"{ROOT}/tenantTags"
BATCH = "POST /v1.0/$batch"
DELETE = """
mutation ($ids: [ID!]!, $onError: OnError! = CONTINUE) {
  gone: deleteTenantTags(ids: $ids, onError: $onError) {
    results { __typename ... on DeletedTenantTag { id } ... on ItemError { code message fields } }
  }
}
"""


def add(gateway: Harness, *keys: str) -> None:
    for key in keys:
        gateway.emulator.store.add("tenantTags", {"id": key})


async def delete(gateway: Harness, ids: list[str], **options: Any) -> list[dict[str, Any]]:
    answer = await gateway.execute(DELETE, {"ids": ids, **options})
    assert list(answer) == ["data"]
    results: list[dict[str, Any]] = answer["data"]["gone"]["results"]
    return results


def deleted(key: str) -> dict[str, Any]:
    return {"__typename": "DeletedTenantTag", "id": key}


async def test_a_hundred_are_five_calls(gateway: Harness) -> None:
    """Of twenty items each; the answer names what is gone."""
    keys = [f"tag-{number}" for number in range(100)]
    add(gateway, *keys)
    assert await delete(gateway, keys) == [deleted(key) for key in keys]
    assert gateway.calls == [BATCH] * 5
    assert gateway.sent[:3] == [BATCH, f"DELETE {TAGS}/tag-0", f"DELETE {TAGS}/tag-1"]
    assert not {row["id"] for row in gateway.emulator.store.all("tenantTags")} & set(keys)


async def test_an_item_that_fails_leaves_the_others(gateway: Harness) -> None:
    """What is not there, is refused or lost is told item by item."""
    add(gateway, "A", "B", "C")
    gateway.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden"), method="DELETE", path="B$"))
    results = await delete(gateway, ["A", "missing", "B", "C"])
    assert [each.get("id") or each["code"] for each in results] == ["A", "NOT_FOUND", "FORBIDDEN", "C"]


async def test_nothing_is_sent_after_a_failure_that_stops(gateway: Harness) -> None:
    """What follows is not attempted."""
    add(gateway, "A", "B")
    results = await delete(gateway, ["A", "missing", "B"], onError="STOP")
    assert [each.get("id") or each["code"] for each in results] == ["A", "NOT_FOUND", "NOT_ATTEMPTED"]
    assert gateway.emulator.store.find("tenantTags", "B")


async def test_a_lost_answer_leaves_each_item_unknown(gateway: Harness) -> None:
    """They may be gone: nothing is sent again."""
    add(gateway, "A", "B")
    gateway.emulator.faults.add(FaultRule(fault=DropAfter(), path="batch"))
    assert [each["code"] for each in await delete(gateway, ["A", "B"])] == ["OUTCOME_UNKNOWN"] * 2
    assert gateway.calls == [BATCH]


@pytest.mark.parametrize(
    ("ids", "message", "field"),
    [
        pytest.param([], "`ids` must not be empty.", "ids", id="none"),
        pytest.param(["x"] * 3, "`ids` has 3 items. Allowed: 2 (GATEWAY_MAX_BULK_ITEMS).", "ids", id="too many"),
        pytest.param(["x", "a/b"], "`ids.1` has a slash or a control character.", "ids.1", id="no key"),
    ],
)
async def test_what_makes_no_sense_is_refused(ids: list[str], message: str, field: str) -> None:
    """As a whole, before anything is sent."""
    async with running({"GATEWAY_MAX_BULK_ITEMS": "2"}) as gateway:
        [error] = (await gateway.execute(DELETE, {"ids": ids}))["errors"]
        assert (error["message"], error["extensions"]["fields"]) == (message, [field])
        assert gateway.calls == []


async def test_the_argument_is_named_after_the_key() -> None:
    """Some sets have another key than `id`."""
    async with running({"GATEWAY_CONVENTION_WRITES": "all"}) as gateway:
        gateway.emulator.store.add("cloudPcsOverview", {"tenantId": "T"})
        document = (
            'mutation { deleteCloudPcsOverview(tenantIds: ["T"]) '
            "{ results { ... on DeletedCloudPcOverview { tenantId } } } }"
        )
        answer = await gateway.execute(document)
        assert answer == {"data": {"deleteCloudPcsOverview": {"results": [{"tenantId": "T"}]}}}


async def test_a_thousand_items_are_fifty_calls() -> None:
    """As many as the operator allows, created and deleted again."""
    async with running({"GATEWAY_MAX_BULK_ITEMS": "1000"}) as gateway:
        create = (
            "mutation ($inputs: [CreateTenantTagInput!]!) "
            "{ createTenantTags(inputs: $inputs) { results { ... on TenantTag { id displayName } } } }"
        )
        names = [f"Tag {number}" for number in range(1000)]
        answer = await gateway.execute(create, {"inputs": [{"displayName": name} for name in names]})
        made = answer["data"]["createTenantTags"]["results"]
        assert [each["displayName"] for each in made] == names
        ids = [each["id"] for each in made]
        assert await delete(gateway, ids) == [deleted(key) for key in ids]
        assert gateway.calls == [BATCH] * 100
