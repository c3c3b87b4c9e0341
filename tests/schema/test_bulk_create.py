"""Bulk creates: each item's own outcome, in order, and what Microsoft Graph receives for it."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.faults import CLAIMS, ClaimsChallenge, DropAfter, EmptyBody, Fault, FaultRule, Refuse, Stack
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running
from tests.test_operations import INPUT

ROOT = "/v1.0/tenantRelationships/managedTenants"
TAGS, CONNECTIONS = f"{ROOT}/tenantTags", f"{ROOT}/cloudPcConnections"
BATCH = "POST /v1.0/$batch"
TAG_TYPE = "#microsoft.graph.managedTenants.tenantTag"
ERROR = """... on ItemError {
  code message retryable retryAfterSeconds fields hint permissions claims
  graph { status code message innerCodes }
}"""
CREATE = f"""
mutation ($inputs: [CreateTenantTagInput!]!, $onError: OnError! = CONTINUE) {{
  createTenantTags(inputs: $inputs, onError: $onError) {{
    results {{ ... on TenantTag {{ displayName description }} {ERROR} }}
  }}
}}
"""
UNKNOWN = "It may have been carried out. Read or list the object before you send it again."
NOT_LOCATED = (
    "Microsoft Graph reported 201 without the object or its id: it was created, but which one it is cannot be told."
)
OK: Fault = Stack(())
"""No fault: it takes a rule's place in the order of calls."""


def inputs(count: int) -> list[dict[str, str]]:
    return [{"displayName": f"Tag {number}"} for number in range(count)]


def made(*numbers: int) -> list[dict[str, Any]]:
    return [{"displayName": f"Tag {number}", "description": None} for number in numbers]


def failed(code: str, message: str, **known: Any) -> dict[str, Any]:
    """An `ItemError` of which nothing else is known."""
    nothing = dict.fromkeys(("retryAfterSeconds", "fields", "hint", "permissions", "claims", "graph"))
    return {"code": code, "message": message, "retryable": False, **nothing, **known}


def fault(status: int, code: str, message: str) -> dict[str, Any]:
    return {"status": status, "code": code, "message": message, "innerCodes": None}


NOT_ATTEMPTED = failed(
    "NOT_ATTEMPTED", "It was not sent: an item before it failed, and `onError` is STOP.", retryable=True
)


def each(*faults: Fault) -> Iterable[FaultRule]:
    """The faults that items meet, in their order."""
    return [FaultRule(fault=fault, path="tenantTags$", method="POST") for fault in faults]


async def create(gateway: Harness, given: list[Any], **options: Any) -> list[dict[str, Any]]:
    answer = await gateway.execute(CREATE, {"inputs": given, **options})
    assert list(answer) == ["data"]
    results: list[dict[str, Any]] = answer["data"]["createTenantTags"]["results"]
    return results


def posted(gateway: Harness) -> list[str]:
    """What each create that Graph received was called."""
    return [entry.body["displayName"] for entry in gateway.emulator.journal if entry.path == TAGS]


@asynccontextmanager
async def stepping(*rules: FaultRule, **environ: str) -> AsyncIterator[tuple[Harness, SteppingClock]]:
    """A gateway and an emulator that wait without taking time."""
    clock = SteppingClock(time=time.time())
    emulator = Emulator(issuer=ISSUER, clock=clock)
    emulator.faults.add(*rules)
    async with running(environ, emulator=emulator, clock=clock) as gateway:
        yield gateway, clock


async def test_a_hundred_tags_are_five_calls(gateway: Harness) -> None:
    """Of twenty items each, one after the other, the results in the order of the inputs."""
    assert await create(gateway, inputs(100)) == made(*range(100))
    assert gateway.calls == [BATCH] * 5
    assert gateway.sent == [BATCH, *[f"POST {TAGS}"] * 20] * 5
    assert posted(gateway) == [f"Tag {number}" for number in range(100)]


async def test_a_hundred_connections_are_five_calls(gateway: Harness) -> None:
    """Each item's body is the type's name and what was given, as of a single create."""
    document = """
    mutation ($inputs: [CreateCloudPcConnectionInput!]!) {
      createCloudPcConnections(inputs: $inputs) {
        results { __typename ... on CloudPcConnection { id displayName lastRefreshedDateTime } }
      }
    }
    """
    given = [{**INPUT, "displayName": f"Connection {number}"} for number in range(99)] + [{**INPUT, "id": "chosen"}]
    answer = await gateway.execute(document, {"inputs": given})
    results = answer["data"]["createCloudPcConnections"]["results"]
    assert [{**each, "id": ""} for each in results] == [
        {
            "__typename": "CloudPcConnection",
            "id": "",
            "displayName": each["displayName"],
            "lastRefreshedDateTime": each["lastRefreshedDateTime"],
        }
        for each in given
    ]
    assert (len({each["id"] for each in results}), results[-1]["id"]) == (100, "chosen")
    assert gateway.calls == [BATCH] * 5
    odata_type = {"@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection"}
    assert [entry.body for entry in gateway.emulator.journal if entry.item] == [odata_type | each for each in given]


async def test_an_item_that_fails_leaves_the_others(gateway: Harness) -> None:
    """It has an error of its own, with all that is known; the field itself has none."""
    gateway.emulator.faults.add(
        *each(OK, Refuse(409, "Conflict", "Already there."), Refuse(503, "ServiceNotAvailable", "Later.", {}, 90), OK)
    )
    gateway.emulator.faults.add(*each(Refuse(403, "Forbidden", "No.")))
    results = await create(gateway, [*inputs(5), {"displayName": "Tag 5", "description": None}])
    assert results[1:] == [
        failed(
            "CONFLICT",
            "Microsoft Graph answered 409 (Conflict): Already there.",
            graph=fault(409, "Conflict", "Already there."),
        ),
        failed(
            "UPSTREAM_UNAVAILABLE",
            "Microsoft Graph answered 503 (ServiceNotAvailable): Later.",
            retryable=True,
            retryAfterSeconds=90,
            graph=fault(503, "ServiceNotAvailable", "Later."),
        ),
        *made(3),
        failed(
            "FORBIDDEN",
            "Microsoft Graph answered 403 (Forbidden): No.",
            permissions=["ManagedTenants.ReadWrite.All"],
            hint="The token needs the delegated permission listed. If it has it, the person lacks a role: check the "
            "GDAP roles for the customer tenant and the Lighthouse role (`myRoles`).",
            graph=fault(403, "Forbidden", "No."),
        ),
        *made(5),
    ]
    assert results[0] == made(0)[0]
    assert len(posted(gateway)) == 6


ACTIONS = """
mutation ($inputs: [CreateManagementActionInput!]!) {
  createManagementActions(inputs: $inputs) { results { ... on ItemError { code fields } } }
}
"""


async def test_what_graph_refuses_is_named_by_the_items_place() -> None:
    """Down to the member."""
    async with running({"GATEWAY_CONVENTION_WRITES": "all"}) as gateway:
        answer = await gateway.execute(
            ACTIONS, {"inputs": [{}, {"workloadActions": [{}, {"settings": None}]}, {"workloadActions": None}]}
        )
    assert answer["data"]["createManagementActions"]["results"] == [
        {},
        {"code": "BAD_USER_INPUT", "fields": ["inputs.1.workloadActions.1.settings"]},
        {"code": "BAD_USER_INPUT", "fields": ["inputs.2.workloadActions"]},
    ]


async def test_the_name_for_what_is_not_known_is_refused_by_its_place() -> None:
    """Before anything is sent: the field is refused, as one item is the caller's mistake."""
    settings = [{}, {"valueType": "unknownFutureValue"}]
    async with running({"GATEWAY_CONVENTION_WRITES": "all"}) as gateway:
        answer = await gateway.execute(ACTIONS, {"inputs": [{}, {}, {}, {"workloadActions": [{"settings": settings}]}]})
        path = "inputs.3.workloadActions.0.settings.1.valueType"
        assert answer["data"] == {"createManagementActions": None}
        [error] = answer["errors"]
        assert error["message"] == (
            f"`{path}` must not be unknownFutureValue: it stands for what this gateway does not know."
        )
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "fields": [path]}
        assert gateway.sent == []


async def test_nothing_is_sent_after_a_failure_that_stops(gateway: Harness) -> None:
    """What follows was not attempted, in its own batch and in those behind it."""
    gateway.emulator.faults.add(*each(*[OK] * 22, Refuse(409, "Conflict", "Already there.")))
    results = await create(gateway, inputs(50), onError="STOP")
    assert results[:22] == made(*range(22))
    assert results[22]["code"] == "CONFLICT"
    assert results[23:] == [NOT_ATTEMPTED] * 27
    assert gateway.calls == [BATCH] * 2
    assert posted(gateway) == [f"Tag {number}" for number in range(23)]


async def test_half_of_the_items_throttled_are_all_made() -> None:
    """Once each: only what was throttled is sent again, after the time that Graph named."""
    throttled = [OK, Refuse(429, "TooManyRequests", "Slowly.", {}, 3)] * 10
    async with stepping(*each(*throttled)) as (gateway, clock):
        assert await create(gateway, inputs(20)) == made(*range(20))
        done = [entry.body["displayName"] for entry in gateway.emulator.journal if entry.item and entry.work_done]
        assert (clock.sleeps, gateway.calls) == ([3], [BATCH] * 2)
        assert sorted(done) == sorted(f"Tag {number}" for number in range(20))
        assert len(posted(gateway)) == 30


async def test_what_stays_throttled_is_told() -> None:
    """With the time to wait; in a chain what follows was not attempted."""
    rule = FaultRule(fault=Refuse(429, "TooManyRequests", "Slowly.", {}, 60), path="tenantTags$", skip=1, times=None)
    async with stepping(rule) as (gateway, clock):
        results = await create(gateway, inputs(4), onError="STOP")
        assert (clock.sleeps, gateway.calls) == ([], [BATCH])
    throttled = failed(
        "THROTTLED",
        "Microsoft Graph answered 429 (TooManyRequests): Slowly.",
        retryable=True,
        retryAfterSeconds=60,
        graph=fault(429, "TooManyRequests", "Slowly."),
    )
    assert results == [*made(0), throttled, NOT_ATTEMPTED, NOT_ATTEMPTED]


@pytest.mark.parametrize("lost", [DropAfter(), EmptyBody()], ids=["the connection", "the body"])
async def test_a_lost_answer_leaves_each_item_unknown(gateway: Harness, lost: Fault) -> None:
    """All were made, and none is sent again; the next batch is."""
    gateway.emulator.faults.add(FaultRule(fault=lost, path="batch"))
    results = await create(gateway, inputs(23))
    assert [each.get("code") for each in results] == ["OUTCOME_UNKNOWN"] * 20 + [None] * 3
    assert {each["hint"] for each in results[:20]} == {UNKNOWN}
    assert results[20:] == made(20, 21, 22)
    assert [entry.work_done for entry in gateway.emulator.journal if entry.item] == [True] * 23
    assert posted(gateway) == [f"Tag {number}" for number in range(23)]


async def test_an_item_whose_own_answer_is_lost_is_unknown(gateway: Harness) -> None:
    """Behind Graph its service did not answer; the item is not repeated."""
    gateway.emulator.faults.add(*each(OK, DropAfter()))
    results = await create(gateway, inputs(3))
    assert [each.get("code") for each in results] == [None, "OUTCOME_UNKNOWN", None]
    assert posted(gateway) == ["Tag 0", "Tag 1", "Tag 2"]


async def test_items_that_are_only_located_are_read_back_together(gateway: Harness) -> None:
    """Twenty in each call, as they were made."""
    gateway.emulator.faults.add(*each(*[EmptyBody()] * 25))
    assert await create(gateway, inputs(25)) == made(*range(25))
    assert gateway.calls == [BATCH] * 4
    assert [entry.method for entry in gateway.emulator.journal if entry.item] == ["POST"] * 25 + ["GET"] * 25


async def test_an_item_that_is_not_located_is_made_but_unknown(gateway: Harness) -> None:
    """Neither can one be told that is located and cannot be read; the others are."""
    gateway.emulator.faults.add(*each(EmptyBody(location=False), EmptyBody(), EmptyBody()))
    gateway.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden", "No."), method="GET"))
    results = await create(gateway, inputs(4))
    assert results[0] == failed(
        "OUTCOME_UNKNOWN",
        NOT_LOCATED,
        hint="List tenantTags to find it. Do not create it again.",
    )
    assert (results[1]["code"], results[1]["graph"]) == ("OUTCOME_UNKNOWN", fault(403, "Forbidden", "No."))
    assert results[2:] == made(2, 3)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        pytest.param(0, "`inputs` must not be empty.", id="none"),
        pytest.param(4, "`inputs` has 4 items. Allowed: 3 (GATEWAY_MAX_BULK_ITEMS).", id="too many"),
    ],
)
async def test_no_item_and_too_many_are_refused(count: int, message: str) -> None:
    """Before anything is sent."""
    async with running({"GATEWAY_MAX_BULK_ITEMS": "3"}) as gateway:
        answer = await gateway.execute(CREATE, {"inputs": inputs(count)})
        allowed = await create(gateway, inputs(3))
    assert [(error["message"], error["extensions"]) for error in answer["errors"]] == [
        (message, {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["inputs"]})
    ]
    assert (answer["data"], allowed, gateway.calls) == ({"createTenantTags": None}, made(0, 1, 2), [BATCH])


async def test_more_calls_than_an_operation_may_make_are_refused_as_a_whole() -> None:
    """No half of the items is made."""
    async with running({"GATEWAY_MAX_GRAPH_CALLS": "2"}) as gateway:
        answer = await gateway.execute(CREATE, {"inputs": inputs(41)})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["OPERATION_LIMIT"]
    assert gateway.sent == []


@pytest.mark.parametrize(
    ("given", "where"),
    [
        pytest.param([*inputs(1), None], " at [1]", id="null"),
        pytest.param([*inputs(3), {"description": "x"}], " at [3]", id="without a required member"),
        pytest.param([*inputs(1), {"displayName": "x", "id": "y"}], " at [1]", id="with a member that it has not"),
        pytest.param([{"displayName": 5}], " at [0].displayName", id="with another type"),
        pytest.param(None, "", id="no list"),
    ],
)
async def test_items_are_checked_before_any_is_sent(gateway: Harness, given: Any, where: str) -> None:
    """The error says which is wrong."""
    response = await gateway.post(CREATE, {"inputs": given})
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"].partition(": ")[0] == f"Variable '$inputs' has invalid value{where}"
    assert gateway.sent == []


@pytest.mark.parametrize("on_error", ["CONTINUE", "STOP"])
async def test_without_batches_items_go_one_by_one(on_error: str) -> None:
    """By the same rules; each counts as a call."""
    async with running({"GATEWAY_GRAPH_BATCH": "false"}) as gateway:
        gateway.emulator.faults.add(*each(OK, Refuse(409, "Conflict", "Already there.")))
        results = await create(gateway, inputs(4), onError=on_error)
        is_stopped = on_error == "STOP"
        assert [each.get("code") for each in results] == [
            None,
            "CONFLICT",
            *["NOT_ATTEMPTED" if is_stopped else None] * 2,
        ]
        assert gateway.sent == gateway.calls == [f"POST {TAGS}"] * (2 if is_stopped else 4)


async def test_bulk_fields_of_one_document_run_in_order(gateway: Harness) -> None:
    """Writes never run side by side."""
    document = """
    mutation ($a: [CreateTenantTagInput!]!, $b: [CreateTenantTagInput!]!) {
      b: createTenantTags(inputs: $b) { results { ... on TenantTag { displayName } } }
      a: createTenantTags(inputs: $a, onError: STOP) { results { __typename } }
    }
    """
    answer = await gateway.execute(document, {"a": inputs(21), "b": [{"displayName": "First"}]})
    assert answer["data"] == {
        "b": {"results": [{"displayName": "First"}]},
        "a": {"results": [{"__typename": "TenantTag"}] * 21},
    }
    assert gateway.calls == [BATCH] * 3
    assert posted(gateway) == ["First", *(f"Tag {number}" for number in range(21))]


@pytest.mark.parametrize(
    ("inputs_given", "faults", "data"),
    [
        pytest.param("[]", [], {"before": {"id": "B"}, "many": None, "after": {"id": "A"}}, id="the bulk field"),
        pytest.param(
            '[{ displayName: "M" }]',
            [Refuse(409, "Conflict")],
            {"before": None, "many": {"results": [{"displayName": "M"}]}, "after": {"id": "A"}},
            id="the first",
        ),
        pytest.param(
            '[{ displayName: "M" }]',
            [OK, OK, Refuse(409, "Conflict")],
            {"before": {"id": "B"}, "many": {"results": [{"displayName": "M"}]}, "after": None},
            id="the last",
        ),
    ],
)
async def test_a_field_that_fails_leaves_the_results_of_its_siblings(
    gateway: Harness, inputs_given: str, faults: list[Fault], data: dict[str, Any]
) -> None:
    """Bulk or single."""
    gateway.emulator.store.add("tenantTags", {"id": "A"})
    gateway.emulator.store.add("tenantTags", {"id": "B"})
    rules = [FaultRule(fault=each, path="tenantTags") for each in faults]
    gateway.emulator.faults.add(*rules)
    answer = await gateway.execute(
        'mutation { before: updateTenantTag(id: "B", input: { description: "x" }) { id } '
        f"many: createTenantTags(inputs: {inputs_given}) {{ results {{ ... on TenantTag {{ displayName }} }} }} "
        'after: updateTenantTag(id: "A", input: { description: "x" }) { id } }'
    )
    assert answer["data"] == data
    assert [error["path"] for error in answer["errors"]] == [[name] for name in data if data[name] is None]


@pytest.mark.parametrize("path", ["tenantTags$", "batch"], ids=["one item", "the batch"])
async def test_a_claims_challenge_is_passed_on(gateway: Harness, path: str) -> None:
    """With the claims that a new token needs; nothing was done, and nothing is sent again."""
    gateway.emulator.faults.add(FaultRule(fault=ClaimsChallenge(), path=path))
    results = await create(gateway, inputs(2))
    told = [(each["code"], each["claims"]) for each in results if "code" in each]
    assert told == [("CLAIMS_CHALLENGE", CLAIMS)] * (2 if path == "batch" else 1)
    assert gateway.calls == [BATCH]


async def test_a_payload_of_which_nothing_is_selected_is_made_all_the_same(gateway: Harness) -> None:
    """A write does not hang on what is shown of it."""
    document = "mutation ($i: [CreateTenantTagInput!]!) { createTenantTags(inputs: $i) { __typename } }"
    gateway.emulator.faults.add(*each(EmptyBody()))
    answer = await gateway.execute(document, {"i": inputs(2)})
    assert answer == {"data": {"createTenantTags": {"__typename": "CreateTenantTagsPayload"}}}
    assert posted(gateway) == ["Tag 0", "Tag 1"]
