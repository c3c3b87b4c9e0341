"""What a create or an update may send."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gateway.emulator.app import Emulator
from tests.emulator.client import (
    CONNECTION,
    CONNECTION_TYPE,
    CONNECTIONS,
    TAG_TYPE,
    TAGS,
    Client,
    refusal,
    without_control,
)
from tests.harness import ISSUER

UNREADABLE = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)
CREATE = {"@odata.type": CONNECTION_TYPE, **CONNECTION}


@pytest.fixture
def lenient() -> Client:
    return Client(Emulator(issuer=ISSUER, strict=False))


async def update_tag(graph: Client, members: Mapping[str, Any]) -> httpx.Response:
    """The answer to an update of the first tag."""
    key = graph.emulator.store.all("tenantTags")[0]["id"]
    return await graph.send("PATCH", f"{TAGS}/{key}", json={"@odata.type": TAG_TYPE, **members})


def without(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in body.items() if each != name}


@pytest.mark.parametrize(
    ("body", "message", "target"),
    [
        pytest.param(
            without(CREATE, "@odata.type"),
            f"The member '@odata.type' must be there and be '{CONNECTION_TYPE}'.",
            "@odata.type",
            id="the type is not named",
        ),
        pytest.param(
            {**CREATE, "@odata.type": TAG_TYPE},
            f"The member '@odata.type' must be there and be '{CONNECTION_TYPE}'.",
            "@odata.type",
            id="another type is named",
        ),
        pytest.param(
            {**CREATE, "colour": "red"},
            "The property 'colour' does not exist on type 'microsoft.graph.managedTenants.cloudPcConnection'.",
            "colour",
            id="an unknown member",
        ),
        pytest.param(
            without(CREATE, "tenantId"), "The property 'tenantId' is required.", "tenantId", id="a missing member"
        ),
        pytest.param(
            {**CREATE, "tenantId": None}, "The property 'tenantId' is required.", "tenantId", id="a required null"
        ),
        pytest.param(
            {**CREATE, "displayName": 5},
            "Cannot convert the value of 'displayName' to the expected type 'Edm.String'.",
            "displayName",
            id="a number as text",
        ),
        pytest.param(
            {**CREATE, "lastRefreshedDateTime": "2026-13-01T00:00:00Z"},
            "Cannot convert the value of 'lastRefreshedDateTime' to the expected type 'Edm.DateTimeOffset'.",
            "lastRefreshedDateTime",
            id="a date that does not exist",
        ),
        pytest.param(
            {**CREATE, "lastRefreshedDateTime": "2026-11-24 09:00"},
            "Cannot convert the value of 'lastRefreshedDateTime' to the expected type 'Edm.DateTimeOffset'.",
            "lastRefreshedDateTime",
            id="a malformed date",
        ),
        pytest.param(
            {**CREATE, "lastRefreshedDateTime": 1},
            "Cannot convert the value of 'lastRefreshedDateTime' to the expected type 'Edm.DateTimeOffset'.",
            "lastRefreshedDateTime",
            id="a number as date",
        ),
    ],
)
async def test_a_strict_create_refuses_what_is_not_declared(
    graph: Client, body: dict[str, Any], message: str, target: str
) -> None:
    """400 names the member at fault, and nothing is created."""
    before = graph.emulator.store.all("cloudPcConnections")
    assert refusal(await graph.send("POST", CONNECTIONS, json=body)) == (400, "BadRequest", message, target)
    assert graph.emulator.store.all("cloudPcConnections") == before


@pytest.mark.parametrize(
    ("members", "message", "target"),
    [
        pytest.param({"id": "other"}, "The property 'id' is read-only and cannot be set.", "id", id="the key"),
        pytest.param(
            {"createdDateTime": "2026-11-24T09:00:00Z"},
            "The property 'createdDateTime' is read-only and cannot be set.",
            "createdDateTime",
            id="what Graph writes",
        ),
        pytest.param({"tenants": None}, "The property 'tenants' must be a JSON array.", "tenants", id="no list"),
        pytest.param(
            {"tenants": [{"tenantId": "1"}, "2"]},
            "The property 'tenants/1' must be a JSON object.",
            "tenants/1",
            id="text among objects",
        ),
        pytest.param(
            {"tenants": [{"tenant": "1"}]},
            "The property 'tenants/0/tenant' does not exist on type 'microsoft.graph.managedTenants.tenantInfo'.",
            "tenants/0/tenant",
            id="an unknown member within",
        ),
        pytest.param(
            {"tenants": [{"tenantId": 1}]},
            "Cannot convert the value of 'tenants/0/tenantId' to the expected type 'Edm.String'.",
            "tenants/0/tenantId",
            id="a wrong type within",
        ),
        pytest.param(
            {"tenants": [{"@odata.type": "#x", "tenantId": "1"}]},
            "The member 'tenants/0/@odata.type' must be there and be '#microsoft.graph.managedTenants.tenantInfo'.",
            "tenants/0/@odata.type",
            id="another type within",
        ),
    ],
)
async def test_a_strict_update_refuses_what_is_not_declared(
    graph: Client, members: dict[str, Any], message: str, target: str
) -> None:
    """400 names the member by its path, and nothing is changed."""
    before = graph.emulator.store.all("tenantTags")
    assert refusal(await update_tag(graph, members)) == (400, "BadRequest", message, target)
    assert graph.emulator.store.all("tenantTags") == before


async def test_objects_within_may_name_their_type(graph: Client) -> None:
    """Where only one type is possible it need not be named; control information is not stored."""
    odata_type = "#microsoft.graph.managedTenants.tenantInfo"
    response = await update_tag(graph, {"tenants": [{"@odata.type": odata_type, "tenantId": "1"}, {"tenantId": None}]})
    assert response.json()["tenants"] == [{"tenantId": "1"}, {"tenantId": None}]


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/jsonp", "multipart/form-data; application/json"]
)
async def test_a_strict_write_must_say_that_it_is_json(graph: Client, content_type: str | None) -> None:
    """415 for any other `Content-Type`, and for none."""
    response = await graph.send("POST", CONNECTIONS, json=CREATE, headers={"content-type": content_type})
    message = "The Content-Type of the request must be application/json."
    assert refusal(response) == (415, "UnsupportedMediaType", message, None)


async def test_the_content_type_may_have_parameters(graph: Client) -> None:
    """Its name has no case, and a charset does no harm."""
    response = await graph.send(
        "POST", CONNECTIONS, json=CREATE, headers={"content-type": "Application/JSON ; charset=utf-8"}
    )
    assert response.status_code == 201


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"displayName": NaN}', id="NaN"),
        pytest.param(b'{"displayName": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(graph: Client, lenient: Client, content: bytes) -> None:
    """400 in the same words, strict or not."""
    for client in (graph, lenient):
        response = await client.send("POST", CONNECTIONS, content=content, headers={"content-type": "application/json"})
        assert refusal(response) == (400, "BadRequest", UNREADABLE, None)


async def test_half_a_surrogate_pair_is_answered_as_a_question_mark(graph: Client) -> None:
    """JSON can escape what UTF-8 cannot hold; the answer is UTF-8 all the same."""
    content = json.dumps({"@odata.type": TAG_TYPE, "displayName": "a\ud800b"}).encode()
    response = await graph.send("POST", TAGS, content=content, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["displayName"]) == (201, "a?b")


async def test_a_lenient_create_takes_what_it_knows(lenient: Client) -> None:
    """Without type, content type or required members; what is unknown or not the client's to set is left out."""
    response = await lenient.send(
        "POST",
        TAGS,
        json={"displayName": "Gold", "colour": "red", "id": "mine", "createdDateTime": "yesterday", "tenants": 5},
        headers={"content-type": None},
    )
    entity = without_control(response.json())
    assert response.status_code == 201
    assert entity["id"] != "mine"
    assert {name: entity.get(name) for name in ("displayName", "description", "colour", "tenants")} == {
        "displayName": "Gold",
        "description": None,
        "colour": None,
        "tenants": [],
    }


async def test_a_lenient_update_keeps_the_key(lenient: Client) -> None:
    """A key in the body does not rename the entity."""
    key = lenient.emulator.store.all("tenantTags")[0]["id"]
    response = await update_tag(lenient, {"id": "other", "tenants": [{"tenantId": "1", "more": 2}]})
    assert (response.status_code, response.json()["id"], response.json()["tenants"]) == (200, key, [{"tenantId": "1"}])


async def test_even_a_lenient_write_refuses_a_wrong_type(lenient: Client) -> None:
    """What is stored can always be filtered and sorted."""
    response = await lenient.send("POST", CONNECTIONS, json={**CREATE, "lastRefreshedDateTime": "soon"})
    message = "Cannot convert the value of 'lastRefreshedDateTime' to the expected type 'Edm.DateTimeOffset'."
    assert refusal(response) == (400, "BadRequest", message, "lastRefreshedDateTime")
