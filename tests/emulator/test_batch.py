"""`$batch`: many calls in one request, each answered by itself."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gateway.emulator.faults import (
    HTML,
    ChangedMembers,
    Delay,
    DropAfter,
    DropBefore,
    EmptyBody,
    FaultRule,
    HtmlBody,
    Refuse,
    TruncatedBody,
)
from tests.clock import SteppingClock
from tests.emulator.client import (
    CONNECTION,
    CONNECTION_TYPE,
    CONNECTIONS,
    TAG_TYPE,
    TAGS,
    Client,
    graph_token,
    refusal,
    without_control,
    without_type,
)

BATCH = "/beta/$batch"
SETS = "/tenantRelationships/managedTenants"
JSON = {"Content-Type": "application/json"}


def reading(key: str, url: str = f"{SETS}/tenantTags?$top=1", **more: Any) -> dict[str, Any]:
    return {"id": key, "method": "GET", "url": url, **more}


def creating(key: str, name: str, **more: Any) -> dict[str, Any]:
    """A create of a tag; without a name it fails."""
    body = {"@odata.type": TAG_TYPE, "displayName": name or None}
    return {"id": key, "method": "POST", "url": f"{SETS}/tenantTags", "headers": JSON, "body": body, **more}


async def send(graph: Client, *requests: Any, **options: Any) -> httpx.Response:
    return await graph.send("POST", BATCH, json={"requests": requests}, **options)


async def answers(graph: Client, *requests: Any, **options: Any) -> dict[str, dict[str, Any]]:
    """The answer to each item by its id; checks that the batch itself went well."""
    response = await send(graph, *requests, **options)
    assert response.status_code == 200, response.text
    found = {each.pop("id"): each for each in response.json()["responses"]}
    assert set(found) == {each["id"] for each in requests}
    return found


async def statuses(graph: Client, *requests: Any) -> dict[str, int]:
    return {key: answer["status"] for key, answer in (await answers(graph, *requests)).items()}


def names(graph: Client) -> list[str]:
    """The names of the tags that a test made, in order."""
    return [tag["displayName"] for tag in graph.emulator.store.all("tenantTags")[8:]]


async def test_each_item_is_answered_as_if_it_came_alone(graph: Client) -> None:
    """Status, headers and body of an item are its own; what all answers share is in the outer headers only."""
    path = f"{SETS}/cloudPcConnections"
    found = await answers(
        graph,
        {
            "id": "a",
            "method": "post",
            "url": path,
            "headers": JSON,
            "body": {"@odata.type": CONNECTION_TYPE, **CONNECTION},
        },
        reading("b", f"{path.removeprefix('/')}?$filter=displayName eq 'Contoso West Europe'&$select=id"),
        {"id": "c", "method": "DELETE", "url": f"{SETS}/tenantTags/nobody"},
        reading("d", f"{SETS}/tenantTags/$count"),
        {"id": "e", "method": "DELETE", "url": f"{SETS}/tenantTags/911af051-5327-4437-aac5-489b37583613"},
    )
    json_type = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    cached = {"Cache-Control": "no-cache"}
    entity = found["a"]["body"]
    assert without_control(entity) == {"id": entity["id"], **CONNECTION}
    assert found["a"] == {
        "status": 201,
        "headers": {
            **cached,
            "Content-Type": json_type,
            "Odata-Version": "4.0",
            "Location": f"https://graph.microsoft.com{CONNECTIONS}/{entity['id']}",
        },
        "body": entity,
    }
    assert found["b"]["body"] == {
        "@odata.context": "https://graph.microsoft.com/beta/$metadata"
        "#tenantRelationships/managedTenants/cloudPcConnections(id)",
        "value": [{"@odata.type": CONNECTION_TYPE, "id": entity["id"]}],
    }
    assert (found["c"]["status"], found["c"]["body"]["error"]["code"]) == (404, "ResourceNotFound")
    assert found["c"]["headers"] == {**cached, "Content-Type": "application/json", "Odata-Version": "4.0"}
    assert found["d"] == {
        "status": 200,
        "headers": {**cached, "Content-Type": "text/plain", "Odata-Version": "4.0"},
        "body": "8",
    }
    assert found["e"] == {"status": 204, "headers": cached}


async def test_answers_come_in_another_order(graph: Client) -> None:
    """The same one each time, and no answer stands where its request stood, so that positions mean nothing."""
    requests = [reading(key) for key in "12345"]
    orders = [[each["id"] for each in (await send(graph, *requests)).json()["responses"]] for _ in range(2)]
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == [each["id"] for each in requests]
    assert all(one != other["id"] for one, other in zip(orders[0], requests, strict=True))


async def test_a_next_link_of_an_item_leads_on_by_itself(graph: Client) -> None:
    """It is a whole URL, to be followed outside of the batch."""
    body = (await answers(graph, reading("1")))["1"]["body"]
    rows = await graph.rows(body["@odata.nextLink"])
    assert [without_type(each) for each in body["value"]] + rows == graph.emulator.store.all("tenantTags")[:2]


async def test_items_have_the_version_of_the_batch(graph: Client) -> None:
    """A version in an item's URL is a segment that does not exist."""
    found = await answers(graph, reading("1", "/beta/tenantRelationships"))
    assert found["1"]["body"]["error"]["message"] == "Resource not found for the segment 'beta'."


async def test_an_item_has_the_batchs_token_unless_it_has_its_own(graph: Client) -> None:
    """`Authorization` is inherited, so is the client's request id; no other header is."""
    reader = graph_token("ManagedTenants.Read.All")
    found = await answers(
        graph,
        creating("1", "One"),
        creating("2", "Two", headers={**JSON, "Authorization": f"Bearer {reader}", "client-request-id": "its own"}),
        reading("3", headers={"authorization": ""}),
        headers={"client-request-id": "the batch's", "prefer": "x"},
    )
    assert {key: answer["status"] for key, answer in found.items()} == {"1": 201, "2": 403, "3": 401}
    assert found["2"]["body"]["error"]["innerError"]["client-request-id"] == "its own"
    assert found["3"]["body"]["error"]["innerError"]["client-request-id"] == "the batch's"
    assert [set(entry.headers) for entry in list(graph.emulator.journal)[1:]] == [
        {"authorization", "client-request-id", "content-type"},
        {"authorization", "client-request-id", "content-type"},
        {"authorization", "client-request-id"},
    ]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"authorization": None}, 401, "InvalidAuthenticationToken", id="no token"),
        pytest.param({"content-type": "text/plain"}, 400, "BadRequest", id="no JSON"),
        pytest.param({"content-type": None}, 400, "BadRequest", id="no content type"),
    ],
)
async def test_the_batch_itself_can_be_refused(
    graph: Client, headers: Mapping[str, str | None], status: int, code: str
) -> None:
    """One answer for the whole, and no item is carried out."""
    assert refusal(await send(graph, creating("1", "One"), headers=headers))[:2] == (status, code)
    assert (names(graph), len(graph.emulator.journal)) == ([], 1)


def invalid(problem: str) -> str:
    return f"Invalid batch payload format: {problem}"


WRITE = "Write request id : 1 does not contain Content-Type header or body."
MEMBERS = invalid("a request is a JSON object of id, method, url, headers, body, dependsOn.")
HEADERS = invalid("headers of request '1' are no object of texts.")
RELATIVE = "The url of request '1' must be relative to the version."
SINGLE = "Request '1' can only depend on a single other request: dependsOn lists ids."
PATTERN = "Requests must all be independent, or each depend on the one before, or all on the same one."


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        pytest.param(5, invalid("'requests' must be a JSON array with something in it."), id="no list"),
        pytest.param([], invalid("'requests' must be a JSON array with something in it."), id="nothing"),
        pytest.param([5], MEMBERS, id="no object"),
        pytest.param([reading("1", dependson=["2"])], MEMBERS, id="an unknown member"),
        pytest.param([reading("")], invalid("each request needs a text as 'id'."), id="an empty id"),
        pytest.param([reading("1", id=1)], invalid("each request needs a text as 'id'."), id="a number as id"),
        pytest.param([{"id": "1", "url": "/x"}], invalid("each request needs a text as 'method'."), id="no method"),
        pytest.param([{"id": "1", "method": "GET"}], invalid("each request needs a text as 'url'."), id="no url"),
        pytest.param([reading("1", headers=[])], HEADERS, id="headers in a list"),
        pytest.param([reading("1", headers={"a": 1})], HEADERS, id="a number as header"),
        pytest.param(
            [reading("a"), reading("A")], invalid("each id must be unique, without regard to case."), id="ids"
        ),
        pytest.param([reading("1", f"https://graph.microsoft.com{TAGS}")], RELATIVE, id="a whole URL"),
        pytest.param([reading("1", "//elsewhere.example/x")], RELATIVE, id="another host"),
        pytest.param([reading("1", "/$batch")], "A batch cannot be part of a batch.", id="a batch in a batch"),
        pytest.param([reading("1", "%24batch")], "A batch cannot be part of a batch.", id="the same encoded"),
        pytest.param([creating("1", "One", headers={})], WRITE, id="a body without its type"),
        pytest.param(
            [{"id": "1", "method": "PATCH", "url": "/x", "headers": JSON}], WRITE, id="a write without a body"
        ),
        pytest.param(
            [reading("1", headers=JSON, body={})], "Request '1' has a body, which GET cannot have.", id="a read's body"
        ),
        pytest.param([reading("1", dependsOn="2")], SINGLE, id="dependsOn in text"),
        pytest.param([reading("1", dependsOn=[2])], SINGLE, id="dependsOn by number"),
        pytest.param([reading("1", dependsOn=["2", "3"])], SINGLE, id="dependsOn two"),
        pytest.param([reading("1", dependsOn=["1"])], PATTERN, id="on itself"),
        pytest.param([reading("1"), reading("2", dependsOn=["3"])], PATTERN, id="on nobody"),
        pytest.param(
            [reading("1"), reading("2"), reading("3", dependsOn=["1"]), reading("4", dependsOn=["2"])],
            PATTERN,
            id="on different ones",
        ),
        pytest.param(
            [reading("1"), reading("2", dependsOn=["1"]), reading("3", dependsOn=["2"]), reading("4")],
            PATTERN,
            id="a chain with a loose end",
        ),
        pytest.param([reading("1", dependsOn=["2"]), reading("2", dependsOn=["1"])], PATTERN, id="on each other"),
    ],
)
async def test_a_malformed_batch_is_one_refusal(graph: Client, requests: Any, message: str) -> None:
    """400 with the reason, and no item is carried out."""
    response = await graph.send("POST", BATCH, json={"requests": requests})
    assert refusal(response) == (400, "BadRequest", message, None)
    assert len(graph.emulator.journal) == 1


async def test_twenty_items_are_the_most(graph: Client) -> None:
    """Twenty are answered, one more is refused with the whole."""
    requests = [reading(str(number)) for number in range(21)]
    assert len(await answers(graph, *requests[:20])) == 20
    message = "Number of batch request steps exceeds the maximum value of 20."
    assert refusal(await send(graph, *requests)) == (400, "MaximumValueExceeded", message, None)


@pytest.mark.parametrize("content", [b"", b"{", b"[]"], ids=["nothing", "half", "a list"])
async def test_a_batch_is_a_json_object(graph: Client, content: bytes) -> None:
    """What cannot be read is refused in Graph's words."""
    response = await graph.send("POST", BATCH, content=content, headers=JSON)
    assert refusal(response)[2].startswith("Unable to read JSON request payload.")


async def test_a_chain_runs_in_order_and_ends_with_the_first_failure(graph: Client) -> None:
    """What follows a failed item gets 424 and is not carried out; an id has no case."""
    found = await answers(
        graph,
        creating("a", "One"),
        creating("b", "", dependsOn=["A"]),
        creating("c", "Three", dependsOn=["b"]),
        creating("d", "Four", dependsOn=["c"]),
    )
    assert {key: answer["status"] for key, answer in found.items()} == {"a": 201, "b": 400, "c": 424, "d": 424}
    assert found["c"]["body"]["error"]["code"] == "FailedDependency"
    assert names(graph) == ["One"]
    assert [entry.item for entry in graph.emulator.journal] == [None, "a", "b"]


async def test_a_chain_without_failures_is_carried_out_whole(graph: Client) -> None:
    """Each item finds what the one before it did."""
    path = f"{SETS}/tenantTags/911af051-5327-4437-aac5-489b37583613"
    requests = [
        {"id": "1", "method": "DELETE", "url": path},
        reading("2", f"{SETS}/tenantTags/$count", dependsOn=["1"]),
        creating("3", "Three", dependsOn=["2"]),
        reading("4", f"{SETS}/tenantTags/$count", dependsOn=["3"]),
    ]
    found = await answers(graph, *requests)
    assert [found["2"]["body"], found["4"]["body"]] == ["7", "8"]


@pytest.mark.parametrize(("name", "status"), [("One", 201), ("", 400)], ids=["it succeeds", "it fails"])
async def test_several_may_depend_on_the_same_one(graph: Client, name: str, status: int) -> None:
    """They run after it wherever they stand, or not at all; items without dependency do not care."""
    found = await statuses(
        graph,
        creating("2", "Two", dependsOn=["1"]),
        creating("1", name),
        creating("3", "Three", dependsOn=["1"]),
        creating("4", "Four", dependsOn=[]),
    )
    after = 201 if status == 201 else 424
    assert found == {"1": status, "2": after, "3": after, "4": 201}
    assert names(graph) == (["One", "Four", "Two", "Three"] if status == 201 else ["Four"])


async def test_the_journal_shows_a_batch_and_its_items(graph: Client) -> None:
    """An item is an entry of its own that has the request id of its batch and the id that it has there."""
    response = await send(graph, reading("1", f"{SETS}/tenantTags?$top=1&a=b%20c"), creating("2", ""))
    request_id = response.headers["request-id"]
    outer, one, two = graph.emulator.journal
    assert (outer.method, outer.path, outer.status, outer.work_done) == ("POST", BATCH, 200, True)
    assert [entry.request_id for entry in (outer, one, two)] == [request_id] * 3
    assert [entry.item for entry in (outer, one, two)] == [None, "1", "2"]
    assert (one.method, one.path, one.query) == ("GET", TAGS, (("$top", "1"), ("a", "b c")))
    assert (one.body, one.status, one.work_done) == (None, 200, True)
    assert (two.body, two.status, two.work_done) == ({"@odata.type": TAG_TYPE, "displayName": None}, 400, False)


async def test_an_item_meets_faults_by_itself(graph: Client, clock: SteppingClock) -> None:
    """A rule about an item's method and path is about that item, not about the batch; the others are spared."""
    graph.emulator.faults.add(
        FaultRule(fault=Refuse(429, "TooManyRequests", retry_after_seconds=7), method="POST", path="tenantTags"),
        FaultRule(fault=Delay(3), method="GET"),
        FaultRule(fault=HtmlBody(502), method="GET"),
        FaultRule(fault=EmptyBody(), method="POST", path="tenantTags"),
        FaultRule(fault=TruncatedBody(announced=False), path="cloudPc"),
        FaultRule(fault=ChangedMembers({"displayName": 5}), path="cloudPc"),
    )
    found = await answers(
        graph,
        creating("1", "One"),
        reading("2"),
        reading("3"),
        creating("4", "Four"),
        reading("5", f"{SETS}/cloudPcConnections?$top=1&$select=id"),
        reading("6", f"{SETS}/cloudPcConnections?$top=1&$select=id"),
    )
    told = {key: answer["status"] for key, answer in found.items()}
    assert told == {"1": 429, "2": 200, "3": 502, "4": 201, "5": 200, "6": 200}
    assert found["1"]["headers"]["Retry-After"] == "7"
    assert clock.sleeps == [3]
    assert found["3"]["body"] == HTML.decode()
    assert "body" not in found["4"]
    assert isinstance(found["5"]["body"], str)
    assert found["6"]["body"]["value"][0]["displayName"] == 5
    assert names(graph) == ["Four"]


async def test_a_broken_body_of_an_item_is_a_string(graph: Client) -> None:
    """Even if it ends within a letter: of two bodies whose halves are a byte apart, one does."""
    graph.emulator.faults.add(FaultRule(fault=TruncatedBody(announced=False), path="tenantTags", times=None))
    found = await answers(graph, creating("1", "ü" * 100), creating("2", "ü" * 100 + "aa"))
    ends = [answer["body"].rstrip("ü")[-1] for answer in found.values()]
    assert sorted(ends) == ['"', "\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        pytest.param(DropBefore(), False, id="before the work"),
        pytest.param(DropAfter(), True, id="after the work"),
        pytest.param(TruncatedBody(), True, id="within the body"),
    ],
)
async def test_a_connection_that_an_item_loses_is_a_504(
    graph: Client, fault: DropBefore | DropAfter | TruncatedBody, done: bool
) -> None:
    """The client's connection is to Graph and stands; whether the work was done, only the journal knows."""
    graph.emulator.faults.add(FaultRule(fault=fault, path="tenantTags"))
    found = await answers(graph, creating("1", "One"), reading("2"))
    assert (found["1"]["status"], found["1"]["body"]["error"]["code"]) == (504, "GatewayTimeout")
    assert found["2"]["status"] == 200
    assert names(graph) == (["One"] if done else [])
    assert [(entry.status, entry.work_done) for entry in list(graph.emulator.journal)[1:]] == [(504, done), (200, True)]


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        pytest.param(Refuse(429, "TooManyRequests"), False, id="refused"),
        pytest.param(HtmlBody(after_work=True), True, id="lost after the work"),
    ],
)
async def test_a_batch_meets_faults_as_a_whole(graph: Client, fault: Refuse | HtmlBody, done: bool) -> None:
    """A rule about `$batch` decides about the one answer there is."""
    graph.emulator.faults.add(FaultRule(fault=fault, path=r"/\$batch$"))
    assert (await send(graph, creating("1", "One"))).status_code == fault.status
    assert names(graph) == (["One"] if done else [])


async def test_a_batch_whose_connection_is_dropped_has_no_answer(graph: Client) -> None:
    """Dropped after the work, its items were all carried out."""
    graph.emulator.faults.add(FaultRule(fault=DropAfter(), path="batch"))
    with pytest.raises(httpx.ReadError):
        await send(graph, creating("1", "One"), creating("2", "Two"))
    assert names(graph) == ["One", "Two"]
