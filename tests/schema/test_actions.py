"""Actions as mutations: what Microsoft Graph is sent, and what becomes of its answer."""

import json
from typing import Any

import httpx
import pytest

from gateway.emulator.faults import DropAfter, EmptyBody, FaultRule, Refuse
from gateway.resources.catalog import CATALOG
from tests.harness import Harness, running
from tests.schema.actions import ACTIONS, NAMESPACE, Action, fill
from tests.wire import Wire

ROOT = "/v1.0/tenantRelationships/managedTenants"
NOT_TOLD = "Microsoft Graph reported {} for {}, without what it should answer with."
LOST = {
    "code": "OUTCOME_UNKNOWN",
    "retryable": False,
    "hint": "The action was most likely carried out. Read the objects that it is about; do not repeat it.",
}


BY_NAME = {each.name: each for each in ACTIONS}
SEARCH, APPLY, ASSIGN = BY_NAME["tenantSearch"], BY_NAME["applyManagementAction"], BY_NAME["assignTag"]
LATER = BY_NAME["changeManagementTemplateStepDeploymentStatus"]

each_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)


@pytest.fixture(autouse=True)
def graph(gateway: Harness) -> None:
    """Graph has one of each that the actions are about."""
    fill(gateway.emulator)


def test_the_table_has_each_action() -> None:
    """What is declared is tested."""
    assert sorted(BY_NAME) == sorted(action.name for spec in CATALOG for action in spec.actions)


@each_action
async def test_an_action_is_one_post_of_what_was_given(gateway: Harness, action: Action) -> None:
    """To its qualified name, with the parameters given and no others; the answer is what Graph answered."""
    answer = await action.run(gateway)
    assert answer == {"data": {action.name: action.shown}}
    request = gateway.emulator.journal[0]
    assert (request.method, request.path, request.body) == ("POST", f"{ROOT}/{action.path}", action.given)
    assert request.headers["content-type"] == "application/json"


@each_action
@pytest.mark.parametrize("fault", [EmptyBody(), EmptyBody(status=204)], ids=["200", "204"])
async def test_an_answer_without_a_body_is_read_back_or_unknown(
    gateway: Harness, action: Action, fault: EmptyBody
) -> None:
    """What an action on an object leaves is read; the result of any other cannot be found again."""
    gateway.emulator.faults.add(FaultRule(fault=fault))
    answer = await action.run(gateway)
    posted = f"POST {ROOT}/{action.path}"
    if action.is_read_back:
        assert answer == {"data": {action.name: action.shown}}
        assert gateway.sent[:2] == [posted, f"GET {ROOT}/{action.path.rpartition('/')[0]}"]
    else:
        assert [(error["message"], error["extensions"]) for error in answer["errors"]] == [
            (NOT_TOLD.format(fault.status or 200, action.wire_name), LOST)
        ]
        assert (answer["data"], gateway.sent) == ({action.name: None}, [posted])


async def test_an_object_that_cannot_be_read_back_was_changed_all_the_same(gateway: Harness) -> None:
    """The error says that the action was done."""
    gateway.emulator.faults.add(
        FaultRule(fault=EmptyBody(status=204)), FaultRule(fault=Refuse(403, "Forbidden", "No."), method="GET")
    )
    answer = await ASSIGN.run(gateway)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "OUTCOME_UNKNOWN"
    assert error["message"] == (
        "Microsoft Graph reported 204, so the write was done; reading id 'G' back failed: "
        "Microsoft Graph answered 403 (Forbidden): No."
    )


async def answered(action: Action, content: object) -> Any:
    """What is told if Graph answers 200 and this."""
    async with running(wire=Wire(httpx.Response(200, content=json.dumps(content)))) as gateway:
        return await action.run(gateway)


@pytest.mark.parametrize("action", [ASSIGN, APPLY], ids=lambda action: action.name)
async def test_an_answer_may_be_wrapped(action: Action) -> None:
    """Some pages show what an action returns inside of `value`, others as it is."""
    for content in (action.shown, {"value": action.shown}, {"@odata.context": "x", "value": action.shown}):
        assert await answered(action, content) == {"data": {action.name: action.shown}}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param({"value": []}, [], id="nothing found"),
        pytest.param({"value": {"value": SEARCH.shown}}, SEARCH.shown, id="wrapped once more"),
        pytest.param({}, None, id="nothing at all"),
        pytest.param(SEARCH.shown, None, id="a bare list"),
        pytest.param({"value": None}, None, id="null"),
        pytest.param({"value": "x"}, None, id="no list"),
        pytest.param({"value": {"id": "all"}}, None, id="an object"),
        pytest.param({"value": [*SEARCH.shown, {"displayName": "x"}]}, None, id="a row without key"),
        pytest.param({"value": [*SEARCH.shown, {"id": 5}]}, None, id="a key that is no text"),
        pytest.param({"value": [*SEARCH.shown, None]}, None, id="no object"),
    ],
)
async def test_a_list_is_what_the_answer_has_as_value(content: object, rows: list[Any] | None) -> None:
    """All of it or none: a row that cannot be told from others is not left out in silence."""
    answer = await answered(SEARCH, content)
    assert answer["data"] == {"tenantSearch": rows}
    assert [(error["message"], error["extensions"]) for error in answer.get("errors", [])] == (
        [] if rows is not None else [(NOT_TOLD.format(200, "tenantSearch"), LOST)]
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        pytest.param(
            'assignTag(id: "G") { id }',
            "Argument 'Mutation.assignTag(tenantIds:)' of type '[String!]!' is required, but it was not provided.",
            id="a parameter is missing",
        ),
        pytest.param(
            'assignTag(tenantIds: ["T"]) { id }',
            "Argument 'Mutation.assignTag(id:)' of type 'ID!' is required, but it was not provided.",
            id="the key is missing",
        ),
        pytest.param(
            'changeManagementTemplateStepDeploymentStatus(id: "D", status: "failed") { id }',
            "Argument 'Mutation.changeManagementTemplateStepDeploymentStatus(managementTemplateStepVersionId:)' of "
            "type 'ID!' is required, but it was not provided.",
            id="the key of what has the set is missing",
        ),
        pytest.param(
            'tenantSearch(tenantId: "T", id: "all") { id }',
            "Unknown argument 'id' on field 'Mutation.tenantSearch'.",
            id="a key for an action on a set",
        ),
        pytest.param(
            'assignTag(id: "G", tenantIds: ["T"], reason: "x") { id }',
            "Unknown argument 'reason' on field 'Mutation.assignTag'.",
            id="an unknown parameter",
        ),
        pytest.param(
            'assignTag(id: "G", tenantIds: null) { id }',
            "Expected value of non-null type '[String!]!' not to be None.",
            id="null for a required one",
        ),
        pytest.param(
            'assignTag(id: "G", tenantIds: [null]) { id }',
            "Expected value of non-null type 'String!' not to be None.",
            id="null in a list",
        ),
        pytest.param(
            "tenantSearch(tenantId: 5) { id }",
            "String cannot represent a non string value: 5",
            id="another type",
        ),
    ],
)
async def test_parameters_are_checked_before_anything_is_sent(gateway: Harness, field: str, said: str) -> None:
    """By the schema, which names what is wrong."""
    response = await gateway.post(f"mutation {{ {field} }}")
    [error] = response.json()["errors"]
    assert (response.status_code, error["message"]) == (400, said)
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert gateway.sent == []


async def test_null_for_an_optional_parameter_is_sent_as_null(gateway: Harness) -> None:
    """And one that is absent is not sent."""
    nulls = {"tenantGroupId": None, "includeAllUsers": None}
    answer = await gateway.execute(
        "mutation ($tenantGroupId: String, $includeAllUsers: Boolean, $absent: [String!]) { applyManagementAction("
        'id: "M", tenantId: "T", managementTemplateId: "P", tenantGroupId: $tenantGroupId, '
        "includeAllUsers: $includeAllUsers, includeGroups: $absent) { status } }",
        nulls,
    )
    assert answer == {"data": {"applyManagementAction": {"status": "inProgress"}}}
    assert gateway.emulator.journal[0].body == {"tenantId": "T", "managementTemplateId": "P", **nulls}


@pytest.mark.parametrize("action", [each for each in ACTIONS if "id" in each.ids], ids=lambda action: action.name)
async def test_what_is_not_there_cannot_be_acted_on(gateway: Harness, action: Action) -> None:
    """By its own id or by that of what has the set."""
    for name in action.ids:
        answer = await action.run(gateway, **{name: "nobody"})
        assert answer["data"] == {action.name: None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
    assert len(gateway.sent) == len(action.ids)


@each_action
async def test_a_refusal_names_the_permission_of_the_action(gateway: Harness, action: Action) -> None:
    """Which may be another than that of other writes; where Microsoft names none, none is named."""
    gateway.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden")))
    answer = await action.run(gateway)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"].get("permissions") == (action.permission and [action.permission])


@pytest.mark.parametrize(
    ("action", "scope", "is_done"),
    [
        pytest.param(SEARCH, "ManagedTenants.Read.All", True, id="a search needs to read"),
        pytest.param(SEARCH, "CloudPC.Read.All", False, id="and not something else"),
        pytest.param(ASSIGN, "ManagedTenants.Read.All", False, id="a change needs more"),
        pytest.param(LATER, "CloudPC.Read.All", True, id="where none is named any will do"),
    ],
)
async def test_an_action_needs_its_own_permission(
    gateway: Harness, action: Action, scope: str, *, is_done: bool
) -> None:
    """Not that of the resource."""
    answer = await action.run_as(gateway, gateway.graph_token(scope))
    codes = [(error["extensions"]["code"], error["extensions"]["permissions"]) for error in answer.get("errors", [])]
    assert codes == ([] if is_done else [("FORBIDDEN", [action.permission])])


@each_action
async def test_a_lost_answer_leaves_the_outcome_unknown(gateway: Harness, action: Action) -> None:
    """It was done, and is not done again."""
    gateway.emulator.faults.add(FaultRule(fault=DropAfter()))
    answer = await action.run(gateway)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["OUTCOME_UNKNOWN"]
    assert [(entry.path, entry.work_done) for entry in gateway.emulator.journal] == [(f"{ROOT}/{action.path}", True)]


@pytest.mark.parametrize("key", ["a/b", "..", ".", "", "a\\b", "a\nb"], ids=repr)
@pytest.mark.parametrize(
    ("action", "argument"),
    [(action, name) for action in ACTIONS for name in action.ids],
    ids=[f"{action.name} {name}" for action in ACTIONS for name in action.ids],
)
async def test_an_id_cannot_change_the_path(gateway: Harness, action: Action, argument: str, key: str) -> None:
    """Neither its own nor that of what has the set; the argument is named."""
    answer = await action.run(gateway, **{argument: key})
    [error] = answer["errors"]
    assert error["message"].startswith(f"`{argument}` ")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "fields": [argument]}
    assert gateway.sent == []


async def test_an_unusual_id_is_one_segment(gateway: Harness) -> None:
    """As it is."""
    await LATER.run(gateway, managementTemplateStepVersionId="it's", id="a b?c#d%")
    path = f"{ROOT}/managementTemplateStepVersions/it%27s/deployments/a%20b%3Fc%23d%25"
    assert gateway.sent == [f"POST {path}/{NAMESPACE}.changeDeploymentStatus"]


@pytest.mark.parametrize(
    ("action", "changes", "path"),
    [
        pytest.param(LATER, {"status": "unknownFutureValue"}, "status", id="a parameter"),
        pytest.param(APPLY, {"excludeGroups": None}, "excludeGroups", id="a list"),
    ],
)
async def test_what_graph_refuses_is_named_by_the_argument(
    gateway: Harness, action: Action, changes: dict[str, Any], path: str
) -> None:
    """Parameters are arguments themselves, not members of an input."""
    answer = await action.run(gateway, **changes)
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["fields"]) == ("BAD_USER_INPUT", [path])


async def test_actions_of_one_document_are_done_in_order(gateway: Harness) -> None:
    """Each sees what the one before it left."""
    answer = await gateway.execute(
        'mutation { a: assignTag(id: "G", tenantIds: ["T"]) { tenants { tenantId } } '
        'b: unassignTag(id: "G", tenantIds: ["S"]) { tenants { tenantId } } }'
    )
    assert answer["data"] == {
        "a": {"tenants": [{"tenantId": "S"}, {"tenantId": "T"}]},
        "b": {"tenants": [{"tenantId": "T"}]},
    }
