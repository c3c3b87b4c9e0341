"""The operations on a resource, from document to Graph and back."""

from typing import Any

import pytest

from tests.harness import Harness, running

CREATE = """
mutation ($input: CreateCloudPcConnectionInput!) {
  createCloudPcConnection(input: $input) {
    id displayName tenantId tenantDisplayName healthCheckStatus lastRefreshedDateTime
  }
}
"""
INPUT = {
    "displayName": "Contoso West Europe",
    "tenantId": "38227791-9a88-4fd7-a73d-60eb13b0e9d1",
    "tenantDisplayName": "Contoso",
    "healthCheckStatus": "pending",
    "lastRefreshedDateTime": "2026-11-24T09:00:00.1234567Z",
}
COLLECTION = "/v1.0/tenantRelationships/managedTenants/cloudPcConnections"
PAGE = """
query ($first: Int, $after: String, $filter: CloudPcConnectionFilter, $orderBy: [CloudPcConnectionOrder!]) {
  cloudPcConnections(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes { id displayName }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    totalCount
  }
}
"""


async def created(gateway: Harness, **changes: Any) -> dict[str, Any]:
    answer = await gateway.execute(CREATE, {"input": {**INPUT, **changes}})
    connection: dict[str, Any] = answer["data"]["createCloudPcConnection"]
    return connection


async def test_a_create_is_one_post_and_answers_the_object(gateway: Harness) -> None:
    """The body is the type's name and the given fields, sent with the caller's token; Graph's object comes back."""
    answer = await gateway.execute(CREATE, {"input": INPUT})
    [request] = gateway.emulator.journal
    connection = answer["data"]["createCloudPcConnection"]
    assert answer == {"data": {"createCloudPcConnection": {**INPUT, "id": connection["id"]}}}
    assert (request.method, request.path) == ("POST", COLLECTION)
    assert request.body == {"@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection", **INPUT}
    assert {name: request.headers[name] for name in ("authorization", "content-type", "accept", "prefer")} == {
        "authorization": f"Bearer {gateway.token}",
        "content-type": "application/json",
        "accept": "application/json",
        "prefer": "include-unknown-enum-members",
    }


async def test_a_create_sends_an_id_only_if_it_is_given(gateway: Harness) -> None:
    """`id` is optional: Graph assigns it."""
    await created(gateway)
    await gateway.execute(CREATE, {"input": {**INPUT, "id": "chosen"}})
    assert [("id" in request.body) for request in gateway.emulator.journal] == [False, True]


async def test_creates_of_one_document_run_in_order_and_keep_their_results(gateway: Harness) -> None:
    """One refused create leaves its siblings' results in place."""
    document = (
        "mutation ($a: CreateTenantTagInput!, $b: CreateTenantTagInput!) {"
        " first: createTenantTag(input: $a) { displayName }"
        ' second: updateTenantTag(id: "nobody", input: { displayName: "x" }) { id }'
        " third: createTenantTag(input: $b) { displayName } }"
    )
    answer = await gateway.execute(document, {"a": {"displayName": "A"}, "b": {"displayName": "B"}})
    assert answer["data"] == {"first": {"displayName": "A"}, "second": None, "third": {"displayName": "B"}}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["second"], "NOT_FOUND")]
    assert [request.method for request in gateway.emulator.journal] == ["POST", "PATCH", "POST"]


async def test_a_read_selects_what_the_caller_selects(gateway: Harness) -> None:
    """`$select` has the selected fields, fragments and directives applied, and always the key."""
    connection = await created(gateway)
    gateway.emulator.journal.clear()
    document = """
    query ($id: ID!, $no: Boolean!) {
      cloudPcConnection(id: $id) { __typename name: displayName ...F ... @include(if: $no) { tenantDisplayName } }
    }
    fragment F on CloudPcConnection { tenantId healthCheckStatus @skip(if: true) }
    """
    answer = await gateway.execute(document, {"id": connection["id"], "no": False})
    assert answer == {
        "data": {
            "cloudPcConnection": {
                "__typename": "CloudPcConnection",
                "name": INPUT["displayName"],
                "tenantId": INPUT["tenantId"],
            }
        }
    }
    [request] = gateway.emulator.journal
    assert (request.path, list(request.query)) == (
        f"{COLLECTION}/{connection['id']}",
        [("$select", "id,displayName,tenantId")],
    )


async def test_what_is_not_there_reads_as_null(gateway: Harness) -> None:
    """Graph's 404 on a read is no error."""
    assert await gateway.execute('{ cloudPcConnection(id: "nobody") { id } }') == {"data": {"cloudPcConnection": None}}


async def test_an_update_keeps_what_is_absent_and_clears_what_is_null(gateway: Harness) -> None:
    """The PATCH carries exactly the given members; a 204 is followed by one read."""
    connection = await created(gateway)
    gateway.emulator.journal.clear()
    document = """
    mutation ($id: ID!, $input: UpdateCloudPcConnectionInput!) {
      updateCloudPcConnection(id: $id, input: $input) { id displayName tenantDisplayName tenantId }
    }
    """
    answer = await gateway.execute(
        document, {"id": connection["id"], "input": {"displayName": "New", "tenantDisplayName": None}}
    )
    assert answer["data"]["updateCloudPcConnection"] == {
        "id": connection["id"],
        "displayName": "New",
        "tenantDisplayName": None,
        "tenantId": INPUT["tenantId"],
    }
    assert [request.method for request in gateway.emulator.journal] == ["PATCH", "GET"]
    assert gateway.emulator.journal[0].body == {
        "@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection",
        "displayName": "New",
        "tenantDisplayName": None,
    }


async def test_an_update_of_nothing_is_refused(gateway: Harness) -> None:
    """An empty input is a mistake, not a call to Graph."""
    answer = await gateway.execute('mutation { updateTenantTag(id: "1", input: {}) { id } }')
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["input"]}
    assert gateway.sent == []


async def test_a_delete_answers_the_id(gateway: Harness) -> None:
    """What was deleted is gone; deleting it again is `NOT_FOUND`."""
    connection = await created(gateway)
    document = "mutation ($id: ID!) { deleteCloudPcConnection(id: $id) }"
    once = await gateway.execute(document, {"id": connection["id"]})
    again = await gateway.execute(document, {"id": connection["id"]})
    assert once == {"data": {"deleteCloudPcConnection": connection["id"]}}
    assert again["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_collection_is_walked_to_its_end(gateway: Harness) -> None:
    """Every object comes exactly once, whatever the sizes of pages; the total is told on each."""
    total = (await gateway.execute("{ cloudPcConnections(first: 1) { totalCount } }"))["data"]["cloudPcConnections"]
    seen: list[str] = []
    variables: dict[str, Any] = {"first": 7, "orderBy": [{"displayName": "ASC"}, {"id": "DESC"}]}
    for first in [7, 1, 3, 500, 500, 500]:
        page = (await gateway.execute(PAGE, {**variables, "first": first}))["data"]["cloudPcConnections"]
        assert page["totalCount"] == total["totalCount"]
        assert page["pageInfo"]["hasPreviousPage"] is bool(seen)
        seen += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        variables["after"] = page["pageInfo"]["endCursor"]
    assert len(seen) == len(set(seen)) == total["totalCount"]


async def test_a_cursor_of_an_edge_goes_on_behind_it(gateway: Harness) -> None:
    """Any edge's cursor continues right after its node."""
    document = "query ($after: String) { tenantTags(first: 3, after: $after) { edges { cursor node { id } } } }"
    page = (await gateway.execute(document))["data"]["tenantTags"]["edges"]
    rest = (await gateway.execute(document, {"after": page[0]["cursor"]}))["data"]["tenantTags"]["edges"]
    assert [edge["node"] for edge in rest[:2]] == [edge["node"] for edge in page[1:]]


async def test_a_filter_reaches_graph_escaped(gateway: Harness) -> None:
    """Quotes are doubled and everything is percent-encoded; the rows are those that match."""
    connection = await created(gateway, displayName="O'Brien & Söhne 100%")
    await created(gateway, displayName="Another")
    gateway.emulator.journal.clear()
    wanted = {
        "or": [
            {"displayName": {"startsWith": "O'Brien &"}, "healthCheckStatus": {"in": ["pending", "passed"]}},
            {"not": {"lastRefreshedDateTime": {"ge": "2000-01-01T00:00:00+02:00"}}},
        ]
    }
    answer = await gateway.execute(PAGE, {"filter": wanted})
    assert [node["id"] for node in answer["data"]["cloudPcConnections"]["nodes"]] == [connection["id"]]
    [request] = gateway.emulator.journal
    assert dict(request.query)["$filter"] == (
        "((startswith(displayName,'O''Brien &') and healthCheckStatus in ('pending','passed'))"
        " or (not (lastRefreshedDateTime ge 2000-01-01T00:00:00+02:00)))"
    )
    assert dict(request.query)["$select"] == "id,displayName,healthCheckStatus,lastRefreshedDateTime"


async def test_equal_reads_are_one_call(gateway: Harness) -> None:
    """Twenty aliases for one object ask Graph once; sibling reads run side by side."""
    connection = await created(gateway)
    gateway.emulator.journal.clear()
    aliases = " ".join(f"a{n}: cloudPcConnection(id: $id) {{ displayName }}" for n in range(20))
    answer = await gateway.execute(f"query ($id: ID!) {{ {aliases} }}", {"id": connection["id"]})
    assert answer["data"] == {f"a{n}": {"displayName": INPUT["displayName"]} for n in range(20)}
    assert len(gateway.emulator.journal) == 1


@pytest.mark.parametrize("first", [0, -1, 501])
async def test_a_page_size_out_of_range_is_refused(gateway: Harness, first: int) -> None:
    """`first` is from 1 to 500."""
    answer = await gateway.execute(PAGE, {"first": first})
    assert answer == {
        "data": {"cloudPcConnections": None},
        "errors": [
            {
                "message": f"`first` is {first}; it must be from 1 to 500.",
                "locations": [{"line": 3, "column": 3}],
                "path": ["cloudPcConnections"],
                "extensions": {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["first"]},
            }
        ],
    }


async def test_a_cursor_answers_its_own_question_only(gateway: Harness) -> None:
    """A tampered cursor, or one of another field, filter or selection, is refused by name."""
    page = await gateway.execute(PAGE, {"first": 1})
    cursor = page["data"]["cloudPcConnections"]["pageInfo"]["endCursor"]
    refused = [
        await gateway.execute(PAGE, {"after": cursor[:-2] + "xx"}),
        await gateway.execute(PAGE, {"after": cursor, "filter": {"tenantId": {"eq": "x"}}}),
        await gateway.execute("query ($a: String) { tenantTags(after: $a) { totalCount } }", {"a": cursor}),
        await gateway.execute(
            "query ($a: String) { cloudPcConnections(after: $a) { nodes { tenantId } } }", {"a": cursor}
        ),
    ]
    assert [answer["errors"][0]["message"] for answer in refused] == [
        "`after` is not a cursor of this gateway, or the key that sealed it is gone.",
        "`after` belongs to another field, `filter` or `orderBy`.",
        "`after` belongs to another field, `filter` or `orderBy`.",
        "`after` continues a page on which these fields were not selected: tenantId.",
    ]
    assert {answer["errors"][0]["extensions"]["code"] for answer in refused} == {"BAD_USER_INPUT"}
    assert len(gateway.sent) == 1


@pytest.mark.parametrize(
    "key", ["a/b", "..", ".", "a\\b", "", "a\nb", "\x00", "x" * 10_240], ids=lambda key: repr(key[:6])
)
async def test_an_id_cannot_change_the_path(gateway: Harness, key: str) -> None:
    """Ids that path syntax could read differently are refused before a call."""
    answer = await gateway.execute("query ($id: ID!) { tenantTag(id: $id) { id } }", {"id": key})
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["id"]}
    assert gateway.sent == []


@pytest.mark.parametrize("key", ["it's", 'say "hi"', "100%", "a b", "ä", "a?b#c", "%2e%2e"])
async def test_an_unusual_id_is_one_segment(gateway: Harness, key: str) -> None:
    """Quotes, percent signs and the like reach Graph as the id they are."""
    answer = await gateway.execute("query ($id: ID!) { tenantTag(id: $id) { id } }", {"id": key})
    assert answer == {"data": {"tenantTag": None}}
    assert len(gateway.sent) == 1


@pytest.mark.parametrize("moment", ["2026-11-24", "2026-11-24T09:00:00", "yesterday", "2026-02-30T00:00:00Z", 5])
async def test_a_date_without_offset_is_refused(gateway: Harness, moment: object) -> None:
    """`DateTime` is RFC 3339 with an offset."""
    response = await gateway.post(CREATE, {"input": {**INPUT, "lastRefreshedDateTime": moment}})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert gateway.sent == []


async def test_an_operation_may_make_only_so_many_calls() -> None:
    """Calls that would go beyond `GATEWAY_MAX_GRAPH_CALLS` are refused before any is sent, naming the setting."""
    async with running({"GATEWAY_MAX_GRAPH_CALLS": "2", "GATEWAY_GRAPH_BATCH": "false"}) as gateway:
        answer = await gateway.execute(
            '{ a: tenantTag(id: "1") { id } b: tenantTag(id: "2") { id } c: tenantTag(id: "3") { id } }'
        )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["OPERATION_LIMIT"] * 3
    assert answer["errors"][0]["message"] == (
        "The operation wants 3 calls to Microsoft Graph, or more. Allowed: 2 (GATEWAY_MAX_GRAPH_CALLS)."
    )
    assert gateway.sent == []


async def test_edges_of_which_nothing_is_selected_are_as_many_as_the_rows(gateway: Harness) -> None:
    """`@skip` can leave an object without fields; it is there all the same."""
    document = "query ($skip: Boolean!) { tenantTags(first: 2) { edges { cursor @skip(if: $skip) } nodes { id } } }"
    tags = (await gateway.execute(document, {"skip": True}))["data"]["tenantTags"]
    assert (tags["edges"], len(tags["nodes"])) == ([{}, {}], 2)
