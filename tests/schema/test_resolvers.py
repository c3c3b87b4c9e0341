"""What resolvers make of the answers that HTTP and OData leave Graph free to give."""

import json
from typing import Any

import httpx
import pytest

from tests.harness import GRAPH_URL, Harness, running
from tests.test_operations import INPUT
from tests.wire import Answering, Wire

PATH = "/v1.0/tenantRelationships/managedTenants/cloudPcConnections"
HERE = f"{GRAPH_URL}{PATH}"
CREATE = (
    "mutation ($input: CreateCloudPcConnectionInput!) { createCloudPcConnection(input: $input) { id displayName } }"
)
UPDATE = 'mutation { updateCloudPcConnection(id: "A", input: { displayName: "New" }) { id displayName } }'
READ = {"id": "A", "displayName": "As read back"}
SELECT = "?$select=id,displayName"
NOT_TOLD = (
    "Microsoft Graph reported 201 without the object or its id: it was created, but which one it is cannot be told."
)


def paths(wire: Wire) -> list[str]:
    """What was asked, below the collection."""
    return [each.replace(HERE, "") for each in wire.seen]


async def create(*answers: httpx.Response) -> tuple[Any, list[str]]:
    wire = Wire(*answers)
    async with running(wire=wire) as gateway:
        return await gateway.execute(CREATE, {"input": INPUT}), paths(wire)


@pytest.mark.parametrize(
    ("location", "read"),
    [
        pytest.param(f"{HERE}/A", "/A", id="a segment"),
        pytest.param(f"{HERE}('A')", "/A", id="in OData's brackets"),
        pytest.param(f"{HERE}('O''Brien')", "/O%27Brien", id="a doubled quote in OData's brackets"),
        pytest.param(f"{PATH}/A", "/A", id="relative"),
        pytest.param(f"{HERE}/a%20b%27", "/a%20b%27", id="encoded"),
        pytest.param(f"https://elsewhere.example{PATH}/A", "/A", id="another host: the key alone counts"),
    ],
)
async def test_an_object_that_is_only_located_is_read_by_its_key(location: str, read: str) -> None:
    """201 without a body: one GET, where the collection is."""
    answer, seen = await create(
        httpx.Response(201, headers={"location": location}), httpx.Response(200, content=json.dumps(READ))
    )
    assert answer == {"data": {"createCloudPcConnection": READ}}
    assert seen == ["POST ", f"GET {read}{SELECT}"]


@pytest.mark.parametrize(
    "location",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param(HERE, id="the collection"),
        pytest.param(f"{HERE}/", id="no key"),
        pytest.param(f"{HERE}/A/", id="more behind"),
        pytest.param(f"{HERE}/A?x=y", id="options"),
        pytest.param(f"{HERE}/A#x", id="a fragment"),
        pytest.param(f"{HERE}(A)", id="no quotes"),
        pytest.param(f"{GRAPH_URL}/v1.0/tenantRelationships/managedTenants/tenantTags/A", id="another collection"),
    ],
)
async def test_an_object_that_is_neither_there_nor_located_is_created_but_unknown(location: str | None) -> None:
    """The error says that it exists and that a second create would make another one."""
    headers = {} if location is None else {"location": location}
    answer, seen = await create(httpx.Response(201, headers=headers))
    assert [(error["message"], error["extensions"]) for error in answer["errors"]] == [
        (
            NOT_TOLD,
            {
                "code": "OUTCOME_UNKNOWN",
                "retryable": False,
                "hint": "List cloudPcConnections to find it. Do not create it again.",
            },
        )
    ]
    assert (answer["data"], seen) == ({"createCloudPcConnection": None}, ["POST "])


@pytest.mark.parametrize("key", ["..", "%2E%2E%2Fusers", "a%0Ab"], ids=["dots", "the parent", "a line break"])
async def test_a_location_cannot_lead_out_of_the_collection(key: str) -> None:
    """A key that no path can carry is not asked for; the create was done all the same."""
    answer, seen = await create(httpx.Response(201, headers={"location": f"{HERE}/{key}"}))
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["OUTCOME_UNKNOWN"]
    assert answer["errors"][0]["message"].startswith("Microsoft Graph reported 201, so the write was done; reading id ")
    assert seen == ["POST "]


@pytest.mark.parametrize(
    ("first_answer", "shown", "requests"),
    [
        pytest.param(httpx.Response(204), READ, ["PATCH /A", f"GET /A{SELECT}"], id="204"),
        pytest.param(httpx.Response(200), READ, ["PATCH /A", f"GET /A{SELECT}"], id="200 without a body"),
        pytest.param(
            httpx.Response(200, content=b'{"displayName": "New"}'),
            READ,
            ["PATCH /A", f"GET /A{SELECT}"],
            id="200 without the key",
        ),
        pytest.param(
            httpx.Response(200, content=b'{"id": "", "displayName": "New"}'),
            READ,
            ["PATCH /A", f"GET /A{SELECT}"],
            id="200 with an empty key",
        ),
        pytest.param(httpx.Response(202, content=b"<html>"), READ, ["PATCH /A", f"GET /A{SELECT}"], id="202 and HTML"),
        pytest.param(
            httpx.Response(200, content=b'{"id": "A", "displayName": "New"}'),
            {"id": "A", "displayName": "New"},
            ["PATCH /A"],
            id="200 with the object",
        ),
    ],
)
async def test_an_update_answers_with_the_object(
    first_answer: httpx.Response, shown: dict[str, str], requests: list[str]
) -> None:
    """Graph's own if it sends it, else read back."""
    wire = Wire(first_answer, httpx.Response(200, content=json.dumps(READ)))
    async with running(wire=wire) as gateway:
        answer = await gateway.execute(UPDATE)
    assert answer == {"data": {"updateCloudPcConnection": shown}}
    assert paths(wire) == requests


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_delete_answers_with_the_id_whatever_body_comes(status: int) -> None:
    """Any success is one."""
    wire = Wire(httpx.Response(status, content=b"" if status == 204 else b"gone"))
    async with running(wire=wire) as gateway:
        answer = await gateway.execute('mutation { deleteCloudPcConnection(id: "A") }')
    assert (answer, paths(wire)) == ({"data": {"deleteCloudPcConnection": "A"}}, ["DELETE /A"])


@pytest.mark.parametrize("status", [404, 410])
async def test_only_a_read_by_key_takes_not_found_for_null(status: int) -> None:
    """A list that is not found is an error: there is always a list."""
    async with running(wire=Answering(lambda _: httpx.Response(status))) as gateway:
        read = await gateway.execute('{ cloudPcConnection(id: "A") { id } }')
        listed = await gateway.execute("{ cloudPcConnections { totalCount } }")
    assert read == {"data": {"cloudPcConnection": None}}
    assert listed["data"] == {"cloudPcConnections": None}
    assert listed["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_arguments_that_are_null_are_as_good_as_absent(gateway: Harness) -> None:
    """Clients send nulls for what their user left open."""
    document = (
        "query ($n: Int, $a: String, $f: TenantTagFilter, $o: [TenantTagOrder!])"
        " { tenantTags(first: $n, after: $a, filter: $f, orderBy: $o) { nodes { id } } }"
    )
    answers = [
        await gateway.execute(document, {"n": None, "a": None, "f": None, "o": None}),
        await gateway.execute(document),
        await gateway.execute("{ tenantTags { nodes { id } } }"),
    ]
    assert answers[0] == answers[1] == answers[2]
    assert [list(entry.query) for entry in gateway.emulator.journal] == [[("$select", "id"), ("$top", "50")]] * 3


@pytest.mark.parametrize(
    ("selected", "then"),
    [
        pytest.param("displayName", "displayName __typename", id="the names of types"),
        pytest.param("displayName", "id", id="the key"),
        pytest.param("id", "description", id="what is filtered by"),
        pytest.param("id displayName", "displayName", id="less"),
    ],
)
async def test_a_later_page_may_select_what_the_first_one_asked_for(gateway: Harness, selected: str, then: str) -> None:
    """Also what the gateway itself added; caches add `__typename` as they like."""
    document = (
        'query ($a: String) { tenantTags(first: 1, after: $a, filter: { description: { ne: "x" } }) '
        "{ nodes { SELECTED } pageInfo { endCursor } } }"
    )
    one = (await gateway.execute(document.replace("SELECTED", selected)))["data"]["tenantTags"]
    two = await gateway.execute(document.replace("SELECTED", then), {"a": one["pageInfo"]["endCursor"]})
    assert "errors" not in two
    assert [list(node) for node in two["data"]["tenantTags"]["nodes"]] == [then.split()]


async def test_links_that_run_in_a_circle_are_an_error() -> None:
    """Rather than rows twice, or a walk without end."""
    link = f"{HERE}?$skiptoken="
    pages = {
        None: {"value": [{"id": "A"}], "@odata.nextLink": f"{link}1"},
        "1": {"value": [], "@odata.nextLink": f"{link}2"},
        "2": {"value": [{"id": "B"}], "@odata.nextLink": f"{link}1"},
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(pages[request.url.params.get("$skiptoken")]))

    async with running(wire=Answering(answer)) as gateway:
        listed = await gateway.execute("{ cloudPcConnections(first: 5) { nodes { id } } }")
    assert listed["data"] == {"cloudPcConnections": None}
    assert [(error["message"], error["extensions"]["code"]) for error in listed["errors"]] == [
        ("Microsoft Graph's links between pages run in a circle.", "UPSTREAM_UNSUPPORTED")
    ]
