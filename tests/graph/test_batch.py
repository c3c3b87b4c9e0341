"""Requests as one `$batch` call, and its answer as theirs."""

import base64
import json
from typing import Any

import pytest

from gateway.graph.batch import from_batch, to_batch
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer

PATH = "/tenantRelationships/managedTenants/tenantTags"
READ = GraphRequest("GET", f"{PATH}/A", "ManagedTenants.Read.All", (("$select", "id"),))
CREATE = GraphRequest("POST", PATH, None, body=b'{"displayName":"\xc3\xa9"}')
HEADERS = {"accept": "application/json", "prefer": "include-unknown-enum-members"}


def test_requests_become_items_in_their_order() -> None:
    """Each with a relative URL and Graph's headers; a body needs its type."""
    request = to_batch([READ, CREATE])
    assert (request.method, request.path, request.permission) == ("POST", "/$batch", None)
    assert json.loads(request.body or b"") == {
        "requests": [
            {"id": "0", "method": "GET", "url": f"{PATH}/A?$select=id", "headers": HEADERS},
            {
                "id": "1",
                "method": "POST",
                "url": PATH,
                "headers": {**HEADERS, "content-type": "application/json"},
                "body": {"displayName": "é"},
            },
        ]
    }


def test_items_in_order_wait_for_the_one_before() -> None:
    """A serial chain, as the page allows it."""
    items = json.loads(to_batch([CREATE] * 3, in_order=True).body or b"")["requests"]
    assert [item.get("dependsOn") for item in items] == [None, ["0"], ["1"]]


def test_a_batch_needs_the_permission_that_its_items_share() -> None:
    """Of several, or of none, nothing can be told."""
    assert to_batch([READ, READ]).permission == "ManagedTenants.Read.All"
    assert (to_batch([READ, CREATE]).permission, to_batch([CREATE]).permission) == (None, None)


def test_a_batch_of_reads_changes_nothing() -> None:
    """So it may be repeated; one with a write in it may not."""
    assert [to_batch(items).is_write for items in ([READ, READ], [READ, CREATE])] == [False, True]


def answered(*responses: Any) -> list[Answer | None]:
    return from_batch(Answer(200, {}, json.dumps({"responses": responses}).encode()), 2)


def test_answers_are_matched_by_id() -> None:
    """They come in any order; header names lose their case."""
    first = {"id": "0", "status": 200, "headers": {"Retry-After": "3", "x-number": 4}, "body": {"id": "A"}}
    second = {"id": "1", "status": 204}
    expected = [Answer(200, {"retry-after": "3"}, b'{"id":"A"}'), Answer(204, {}, b"")]
    assert answered(second, first) == expected


@pytest.mark.parametrize(
    ("body", "content"),
    [
        pytest.param(None, b"", id="none"),
        pytest.param(base64.b64encode(b"<html>").decode(), b"<html>", id="not JSON, in base64"),
        pytest.param("not base64!", b"not base64!", id="a text"),
        pytest.param([1], b"[1]", id="a list"),
    ],
)
def test_a_body_is_as_it_would_come_alone(body: Any, content: bytes) -> None:
    """JSON as JSON, anything else as its bytes."""
    assert answered({"id": "0", "status": 200, "body": body})[0] == Answer(200, {}, content)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"id": "7", "status": 200}, id="an id that was not asked for"),
        pytest.param({"id": "x", "status": 200}, id="an id that is no number"),
        pytest.param({"id": "9" * 5_000, "status": 200}, id="an id that is a number of any length"),
        pytest.param({"id": 0, "status": 200}, id="an id that is no text"),
        pytest.param({"status": 200}, id="no id"),
        pytest.param({"id": "0"}, id="no status"),
        pytest.param({"id": "0", "status": "200"}, id="a status that is no number"),
        pytest.param("text", id="no object"),
    ],
)
def test_an_item_that_cannot_be_told_is_missing(item: Any) -> None:
    """The other items have their answers."""
    assert answered(item, {"id": "1", "status": 204}) == [None, Answer(204, {}, b"")]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"responses": 5}'], ids=["nothing", "HTML", "a list", "empty", "a number"]
)
def test_an_answer_without_items_has_none(body: bytes) -> None:
    """Nothing is known of any item."""
    assert from_batch(Answer(200, {}, body), 2) == [None, None]


def test_an_item_that_is_told_twice_is_missing() -> None:
    """Neither answer is believed, and one to a request that was never made changes nothing."""
    items = [{"id": number, "status": status} for number, status in [("0", 201), ("0", 429), ("1", 201), ("7", 201)]]
    first, second = from_batch(Answer(200, {}, json.dumps({"responses": items}).encode()), 2)
    assert (first, second and second.status) == (None, 201)
