"""Input that is wrong, large or meant to do harm, each by name: one answer with its code, and nothing else happens."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.resources.spec import FUTURE
from tests.harness import Harness, running
from tests.test_operations import CREATE, INPUT

GET_TAG = "query ($id: ID!) { tenantTag(id: $id) { id } }"
LIST_ALERTS = (
    "query ($filter: ManagedTenantAlertFilter, $after: String)"
    " { managedTenantAlerts(filter: $filter, after: $after) { totalCount } }"
)
LIST_TAGS = "query ($filter: TenantTagFilter) { tenantTags(filter: $filter) { totalCount } }"
UPDATE_TAG = "mutation ($id: ID!, $input: UpdateTenantTagInput!) { updateTenantTag(id: $id, input: $input) { id } }"
DELETE_TAG = "mutation ($id: ID!) { deleteTenantTag(id: $id) }"


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"not": value}
    return value


def lists(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"and": [value]}
    return value


async def assert_harmless(gateway: Harness, logs: list[str]) -> None:
    """Nothing was sent or broken: the next request works, and is the first that Graph hears of."""
    assert gateway.sent == []
    assert [line for line in logs if "Traceback" in line or "unforeseen" in line] == []
    again = await gateway.execute(CREATE, {"input": INPUT})
    assert again["data"]["createCloudPcConnection"]["displayName"] == INPUT["displayName"]
    assert len(gateway.sent) == 1


DOCUMENTS = [
    pytest.param("\x00", "GRAPHQL_PARSE_FAILED", id="NUL"),
    pytest.param("\ufeff{ __typename \ufeff", "GRAPHQL_PARSE_FAILED", id="a byte order mark inside"),
    pytest.param('{ tenantTag(id: "\\ud800") { id } }', "GRAPHQL_PARSE_FAILED", id="half a surrogate pair"),
    pytest.param('{ tenantTag(id: "\\u{110000}") { id } }', "GRAPHQL_PARSE_FAILED", id="beyond Unicode"),
    pytest.param('{ tenantTag(id: "', "GRAPHQL_PARSE_FAILED", id="an open string"),
    pytest.param("{" * 5_000, "GRAPHQL_PARSE_FAILED", id="5,000 braces"),
    pytest.param("{ a(b: " + "[" * 4_000, "GRAPHQL_PARSE_FAILED", id="4,000 brackets"),
    pytest.param("x" * 100_000, "GRAPHQL_PARSE_FAILED", id="a name of 100 kB"),
    pytest.param("{ " + "a " * 20_000 + "}", "OPERATION_LIMIT", id="20,000 fields"),
    pytest.param("{ " + "id " * 51 + "}", "OPERATION_LIMIT", id="51 root fields"),
    pytest.param("{ __typename" + " @skip(if: true)" * 1_000 + " }", "OPERATION_LIMIT", id="1,000 directives"),
    pytest.param(
        "{ tenantTags(filter: " + "{ not: " * 40 + "{}" + " }" * 40 + ") { totalCount } }",
        "OPERATION_LIMIT",
        id="an argument 41 deep",
    ),
    pytest.param("{ a " * 13 + "}" * 13, "OPERATION_LIMIT", id="13 deep"),
    pytest.param(
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
        + " fragment F60 on Query { __typename }",
        "OPERATION_LIMIT",
        id="fragments that multiply",
    ),
    pytest.param(
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }",
        "GRAPHQL_VALIDATION_FAILED",
        id="fragments in a circle of three",
    ),
    pytest.param(
        f"{{ tenantTags(first: {'9' * 5_000}) {{ totalCount }} }}", "GRAPHQL_VALIDATION_FAILED", id="5,000 nines"
    ),
    pytest.param("{ tenantTags(first: 1e999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED", id="beyond a float"),
    pytest.param("{ tenantTags(first: 2147483648) { totalCount } }", "GRAPHQL_VALIDATION_FAILED", id="beyond 32 bits"),
    pytest.param('{ tenantTags(first: "5") { totalCount } }', "GRAPHQL_VALIDATION_FAILED", id="a text for a number"),
    pytest.param(
        '{ tenantTags(filter: { createdDateTime: { lt: "yesterday" } }) { totalCount } }',
        "GRAPHQL_VALIDATION_FAILED",
        id="a date that is none",
    ),
    pytest.param(
        "{ tenantTags(filter: " + "{ and: [" * 500 + "{}" + "] }" * 500 + ") { totalCount } }",
        "GRAPHQL_PARSE_FAILED",
        id="a filter 500 deep",
    ),
    pytest.param(
        "{ managedTenantAlerts(filter: { severity: { eq: High } }) { totalCount } }",
        "GRAPHQL_VALIDATION_FAILED",
        id="a name in another case",
    ),
    pytest.param(
        '{ managedTenantAlerts(filter: { severity: { eq: "high" } }) { totalCount } }',
        "GRAPHQL_VALIDATION_FAILED",
        id="a text for a name",
    ),
    pytest.param(
        "{ tenantTags(orderBy: [{ id: ASC, displayName: ASC }]) { totalCount } }",
        "GRAPHQL_VALIDATION_FAILED",
        id="two keys in one order",
    ),
    pytest.param(
        "{ tenantTags(orderBy: [{ id: UP }]) { totalCount } }", "GRAPHQL_VALIDATION_FAILED", id="no direction"
    ),
    pytest.param("subscription { tenantTags { totalCount } }", "GRAPHQL_VALIDATION_FAILED", id="a subscription"),
    pytest.param("type Query { a: Int }", "GRAPHQL_VALIDATION_FAILED", id="a type"),
    pytest.param(
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "GRAPHQL_VALIDATION_FAILED",
        id="introspection in a circle",
    ),
]


@pytest.mark.parametrize(("document", "code"), DOCUMENTS)
async def test_a_bad_document_is_refused(gateway: Harness, logs: list[str], document: str, code: str) -> None:
    """Before anything is asked of Graph, in little time and with a short answer."""
    response = await gateway.post(document)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, code)
    assert "data" not in response.json()
    assert len(response.content) < 20_000
    await assert_harmless(gateway, logs)


def without(name: str) -> dict[str, Any]:
    return {each: value for each, value in INPUT.items() if each != name}


VARIABLES = [
    pytest.param(CREATE, {}, id="no input"),
    pytest.param(CREATE, {"input": None}, id="null for the input"),
    pytest.param(CREATE, {"input": []}, id="a list for the input"),
    pytest.param(CREATE, {"input": "x"}, id="a text for the input"),
    pytest.param(CREATE, {"input": {**INPUT, "unknown": 1}}, id="an unknown member"),
    pytest.param(CREATE, {"input": {**INPUT, "@odata.type": "#evil"}}, id="a type of the caller's"),
    pytest.param(CREATE, {"input": without("displayName")}, id="a missing member"),
    pytest.param(CREATE, {"input": {**INPUT, "displayName": None}}, id="null for a member"),
    pytest.param(CREATE, {"input": {**INPUT, "displayName": 5}}, id="a number for a text"),
    pytest.param(CREATE, {"input": {**INPUT, "displayName": 10**40}}, id="40 digits for a text"),
    pytest.param(CREATE, {"input": {**INPUT, "displayName": ["x" * 900_000]}}, id="a list of 900 kB for a text"),
    pytest.param(CREATE, {"input": {**INPUT, "displayName": ["x"]}}, id="a list for a text"),
    pytest.param(CREATE, {"input": {**INPUT, "displayName": {"x": 1}}}, id="an object for a text"),
    pytest.param(CREATE, {"input": {**INPUT, "id": 1.5}}, id="a fraction for an id"),
    pytest.param(CREATE, {"input": {**INPUT, "lastRefreshedDateTime": 1_800_000_000}}, id="seconds for a date"),
    pytest.param(CREATE, {"input": {**INPUT, "lastRefreshedDateTime": "2026-11-24T09:00:00"}}, id="no offset"),
    pytest.param(GET_TAG, {"id": True}, id="true for an id"),
    pytest.param(LIST_TAGS, {"filter": {"displayName": "Gold"}}, id="a text for a condition"),
    pytest.param(LIST_TAGS, {"filter": {"displayName": {"like": "G%"}}}, id="an unknown operator"),
    pytest.param(LIST_TAGS, {"filter": {"tenants": {"eq": "x"}}}, id="a property without conditions"),
    pytest.param(LIST_TAGS, {"filter": {"displayName": {"in": [None]}}}, id="null in a list"),
    pytest.param(LIST_TAGS, {"filter": "displayName eq 'x'"}, id="OData for a filter"),
    pytest.param(LIST_ALERTS, {"filter": {"severity": {"eq": "HIGH"}}}, id="a name in capitals"),
    pytest.param(LIST_ALERTS, {"filter": {"severity": {"in": ["high", "High"]}}}, id="one in another case"),
    pytest.param(LIST_ALERTS, {"filter": {"severity": {"contains": "hi"}}}, id="a part of a name"),
    pytest.param(LIST_ALERTS, {"filter": {"severity": {"eq": 4}}}, id="a number for a name"),
    pytest.param(UPDATE_TAG, {"id": "A", "input": {"id": "B"}}, id="another key"),
    pytest.param(
        UPDATE_TAG, {"id": "A", "input": {"createdDateTime": "2026-11-24T09:00:00Z"}}, id="a read-only member"
    ),
    pytest.param(UPDATE_TAG, {"id": "A", "input": {"tenants": [{"tenantId": "x", "more": 1}]}}, id="deep inside"),
]


@pytest.mark.parametrize(("document", "variables"), VARIABLES)
async def test_bad_variables_are_refused(
    gateway: Harness, logs: list[str], document: str, variables: dict[str, Any]
) -> None:
    """As a request error: nothing is executed."""
    response = await gateway.post(document, variables)
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"], "data" in response.json()) == (
        400,
        {"code": "BAD_USER_INPUT", "retryable": False},
        False,
    )
    assert len(response.content) < 20_000
    await assert_harmless(gateway, logs)


@pytest.mark.parametrize("depth", [32, 300])
@pytest.mark.parametrize("make", [nested, lists])
async def test_variables_nested_too_deeply_are_a_limit(
    gateway: Harness, logs: list[str], make: Callable[[int], Any], depth: int
) -> None:
    """The setting is named."""
    response = await gateway.post(LIST_TAGS, {"filter": make(depth)})
    [error] = response.json()["errors"]
    assert (response.status_code, error["message"], error["extensions"]["code"]) == (
        400,
        "The operation has input depth: more than 32. Allowed: 32 (GATEWAY_MAX_INPUT_DEPTH).",
        "OPERATION_LIMIT",
    )
    await assert_harmless(gateway, logs)


ARGUMENTS = [
    pytest.param(GET_TAG, {"id": "../users"}, ["id"], id="a path for an id"),
    pytest.param(UPDATE_TAG, {"id": "a/b", "input": {"displayName": "x"}}, ["id"], id="a slash in an update"),
    pytest.param(DELETE_TAG, {"id": ".."}, ["id"], id="dots in a delete"),
    pytest.param(DELETE_TAG, {"id": "x" * 10_240}, ["id"], id="10 kB for an id"),
    pytest.param(DELETE_TAG, {"id": "a\r\nHost: evil"}, ["id"], id="a line break in an id"),
    pytest.param(LIST_TAGS, {"filter": {"displayName": {"in": []}}}, ["filter.displayName.in"], id="in nothing"),
    pytest.param(LIST_TAGS, {"filter": {"or": []}}, ["filter.or"], id="or of nothing"),
    pytest.param(LIST_TAGS, {"filter": {"and": []}}, ["filter.and"], id="and of nothing"),
    pytest.param(LIST_TAGS, {"filter": {"and": [{}]}}, ["filter.and.0"], id="and of an empty condition"),
    pytest.param(
        LIST_TAGS,
        {"filter": {"not": {"or": [{"id": {"eq": "x"}}, {"and": []}]}}},
        ["filter.not.or.1.and"],
        id="and of nothing, deep inside",
    ),
    pytest.param(LIST_TAGS, {"filter": {"id": {"in": [f"{n}" for n in range(1_000)]}}}, ["filter"], id="1,000 values"),
    pytest.param(
        LIST_ALERTS, {"filter": {"severity": {"in": ["high"] * 1_000}}}, ["filter"], id="1,000 times one name"
    ),
    pytest.param(
        LIST_ALERTS, {"filter": {"severity": {"eq": FUTURE}}}, ["filter.severity.eq"], id="the unknown name in a filter"
    ),
    pytest.param(
        LIST_ALERTS,
        {"filter": {"or": [{"status": {"in": ["resolved", FUTURE]}}]}},
        ["filter.or.0.status.in"],
        id="the unknown name in a list",
    ),
    pytest.param(LIST_TAGS, {"filter": {"not": {}}}, ["filter.not"], id="not of nothing"),
    pytest.param(LIST_TAGS, {"filter": {"displayName": {"eq": "é" * 5_000}}}, ["filter"], id="a filter of 30 kB"),
    pytest.param(LIST_TAGS, {"filter": {"id": {"in": ["x"] * 201}}}, ["filter"], id="201 values"),
    pytest.param(
        LIST_TAGS, {"filter": {"createdDateTime": {"lt": None}}}, ["filter.createdDateTime.lt"], id="before null"
    ),
    pytest.param(UPDATE_TAG, {"id": "A", "input": {}}, ["input"], id="an update of nothing"),
]


@pytest.mark.parametrize(("document", "variables", "fields"), ARGUMENTS)
async def test_bad_arguments_are_refused_by_their_path(
    gateway: Harness, logs: list[str], document: str, variables: dict[str, Any], fields: list[str]
) -> None:
    """The field is null beside an error that says which argument; foreign text is not repeated at length."""
    response = await gateway.post(document, variables)
    [error] = response.json()["errors"]
    assert (response.status_code, list(response.json()["data"].values())) == (200, [None])
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "fields": fields}
    assert len(error["message"]) < 200
    await assert_harmless(gateway, logs)


CREATE_ALERT = "mutation ($input: CreateManagedTenantAlertInput!) { createManagedTenantAlert(input: $input) { id } }"
CREATE_RULE = (
    "mutation ($input: CreateManagedTenantAlertRuleInput!) { createManagedTenantAlertRule(input: $input) { id } }"
)
UPDATE_TENANT = (
    "mutation ($input: TenantStatusInformationInput!) "
    '{ updateTenant(id: "A", input: { tenantStatusInformation: $input }) { id } }'
)


@pytest.mark.parametrize(
    ("document", "given", "fields"),
    [
        pytest.param(CREATE_ALERT, {"title": "x", "severity": FUTURE}, ["input.severity"], id="a member"),
        pytest.param(
            CREATE_RULE,
            {"notificationFinalDestinations": ["email", FUTURE]},
            ["input.notificationFinalDestinations.1"],
            id="one flag",
        ),
        pytest.param(
            UPDATE_TENANT,
            {"workloadStatuses": [{}, {"onboardingStatus": FUTURE}]},
            ["input.tenantStatusInformation.workloadStatuses.1.onboardingStatus"],
            id="deep inside",
        ),
    ],
)
async def test_the_unknown_name_is_refused_in_a_body(
    logs: list[str], document: str, given: dict[str, Any], fields: list[str]
) -> None:
    """It stands for what this gateway does not know, so nobody can mean it."""
    async with running({"GATEWAY_CONVENTION_WRITES": "all"}) as gateway:
        response = await gateway.post(document, {"input": given})
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (
            200,
            {"code": "BAD_USER_INPUT", "retryable": False, "fields": fields},
        )
        await assert_harmless(gateway, logs)


async def test_a_cursor_of_another_field_is_refused(gateway: Harness, logs: list[str]) -> None:
    """Or of the same set at another place; nothing is sent for it."""
    page = await gateway.execute("{ managedTenantAlerts(first: 1) { totalCount pageInfo { endCursor } } }")
    after = page["data"]["managedTenantAlerts"]["pageInfo"]["endCursor"]
    gateway.emulator.journal.clear()
    for document in (LIST_TAGS.replace("filter: $filter", f'after: "{after}", filter: $filter'), LIST_ALERTS):
        given = {"after": after, "filter": {"severity": {"ne": None}}} if document is LIST_ALERTS else {}
        response = await gateway.post(document, given)
        [error] = response.json()["errors"]
        assert error["message"] == "`after` belongs to another field, `filter` or `orderBy`."
        assert (error["extensions"]["code"], error["extensions"]["fields"]) == ("BAD_USER_INPUT", ["after"])
    await assert_harmless(gateway, logs)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b'{"query":' + b"[" * 400_000, 400, id="400,000 brackets"),
        pytest.param(
            b'{"query":"{a}","variables":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", 400, id="deep JSON"
        ),
        pytest.param(b'{"query":"{a}","variables":{"a":1e999}}', 400, id="beyond a float"),
        pytest.param(b'{"query":"{a}","variables":{"a":' + b"9" * 400 + b"}}", 400, id="400 digits"),
        pytest.param(b'\xef\xbb\xbf{"query":"{__typename}"}', 400, id="a byte order mark"),
        pytest.param(b'{"query":"{__typename}"}{}', 400, id="two objects"),
        pytest.param(b'{"query":"{__typename}",}', 400, id="a comma too many"),
        pytest.param('{"query":"{__typename}"}'.encode("utf-16"), 400, id="UTF-16"),
    ],
)
async def test_a_body_that_is_no_json_is_refused(
    gateway: Harness, logs: list[str], content: bytes, status: int
) -> None:
    """Without a trace, however deep or broken."""
    response = await gateway.http.post(
        "/graphql",
        content=content,
        headers={"authorization": f"Bearer {gateway.token}", "content-type": "application/json"},
    )
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (status, {"code": "BAD_REQUEST", "retryable": False})
    await assert_harmless(gateway, logs)


@pytest.mark.parametrize("name", ["x" * 10_000, "a\nb", "é", "{__typename}", "\x00", "' or 1 eq 1"], ids=repr)
async def test_an_operation_name_that_is_not_there_is_not_repeated(
    gateway: Harness, logs: list[str], name: str
) -> None:
    """Neither in the answer nor in the log."""
    response = await gateway.post("query A { __typename }", operationName=name)
    assert response.json()["errors"] == [
        {
            "message": "The document has no operation of the given name; it has: A.",
            "extensions": {"code": "GRAPHQL_VALIDATION_FAILED", "retryable": False},
        }
    ]
    assert [line for line in logs if json.dumps(name)[1:-1] in line] == []
    await assert_harmless(gateway, logs)
