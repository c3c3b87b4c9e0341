"""The operations as a client of Graph sees them: paths, versions, methods, answers."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.emulator.app import Emulator
from gateway.resources.catalog import CATALOG, offered
from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import ComplexSpec, EnumSpec, Operation, Presence, Primitive, PropertySpec, ResourceSpec
from tests.emulator.client import (
    CONNECTION,
    CONNECTION_TYPE,
    CONNECTIONS,
    NOW,
    ROOT,
    TAG_TYPE,
    TAGS,
    Client,
    graph_token,
    path_of,
    refusal,
    without_control,
)
from tests.harness import ISSUER

VERSIONS = ("v1.0", "beta")
PERSON = "5d4b6a52-6f0c-4a43-8a7e-1f6f3c9f0a01"
METHODS = {
    Operation.LIST: "GET",
    Operation.GET: "GET",
    Operation.CREATE: "POST",
    Operation.UPDATE: "PATCH",
    Operation.DELETE: "DELETE",
}
EXAMPLES: Mapping[object, Any] = {
    Primitive.STRING: "text",
    Primitive.BOOLEAN: True,
    Primitive.INT32: 1,
    Primitive.INT64: 1,
    Primitive.DOUBLE: 0.5,
    Primitive.DATE_TIME: NOW,
}


def example(each: PropertySpec) -> Any:
    """A value that the property takes."""
    if isinstance(each.type, ComplexSpec):
        value: Any = {inner.name: example(inner) for inner in each.type.properties}
    else:
        value = each.type.members[-1].name if isinstance(each.type, EnumSpec) else EXAMPLES[each.type]
    return [value] if each.is_list else value


def body_for(spec: ResourceSpec, operation: Operation) -> dict[str, Any] | None:
    """A body with every member that the operation takes."""
    if operation not in Operation.CREATE | Operation.UPDATE:
        return None
    presences = [
        (each, each.on_create if operation is Operation.CREATE else each.on_update) for each in spec.properties
    ]
    return {"@odata.type": spec.odata_type} | {
        each.name: example(each) for each, presence in presences if presence is not Presence.ABSENT
    }


@pytest.mark.parametrize("spec", CATALOG, ids=[spec.entity_set for spec in CATALOG])
async def test_every_operation_of_the_catalogue_is_served(graph: Client, spec: ResourceSpec) -> None:
    """What is declared, documented or by convention, answers to a token with just its permission, or any."""
    path = f"{ROOT}/{path_of(spec)}"
    key = (await graph.rows(path))[0][spec.key.name]
    for operation in spec.operations:
        on_set = operation in Operation.LIST | Operation.CREATE
        body = body_for(spec, operation)
        response = await graph.send(
            METHODS[operation],
            path if on_set else f"{path}/{key}",
            json=body,
            headers={
                "authorization": f"Bearer {graph_token(spec.permissions[operation] or 'User.Read')}",
                "prefer": "include-unknown-enum-members",
            },
        )
        assert response.status_code in {200, 201, 204}, response.text
        if body and response.content:
            assert response.json() | body == response.json()


@pytest.mark.parametrize("version", VERSIONS)
async def test_both_versions_have_the_namespace(graph: Client, version: str) -> None:
    """Unless it is told otherwise."""
    path = TAGS.replace("beta", version)
    assert len(await graph.rows(path)) == 8


async def test_a_create_answers_the_entity_and_where_it_is(graph: Client) -> None:
    """201 with every property, an id that Graph chose, and its URL; the entity can be read there."""
    response = await graph.send("POST", CONNECTIONS, json={"@odata.type": CONNECTION_TYPE, **CONNECTION})
    entity = response.json()
    assert (response.status_code, response.headers["location"]) == (
        201,
        f"https://graph.microsoft.com{CONNECTIONS}/{entity['id']}",
    )
    assert entity == {
        "@odata.context": "https://graph.microsoft.com/beta/$metadata"
        "#tenantRelationships/managedTenants/cloudPcConnections/$entity",
        "@odata.type": CONNECTION_TYPE,
        "id": entity["id"],
        **CONNECTION,
    }
    assert (await graph.get(response.headers["location"])).json() == entity


async def test_a_client_may_name_the_key_once(graph: Client) -> None:
    """A key that the type lets be set is kept and percent-encoded in `Location`; a second time it is a conflict."""
    response = await graph.send("POST", CONNECTIONS, json={"@odata.type": CONNECTION_TYPE, "id": "a/b c", **CONNECTION})
    assert response.headers["location"] == f"https://graph.microsoft.com{CONNECTIONS}/a%2Fb%20c"
    assert without_control((await graph.get(f"{CONNECTIONS}/a%2Fb%20c")).json()) == {"id": "a/b c", **CONNECTION}
    again = await graph.send("POST", CONNECTIONS, json={"@odata.type": CONNECTION_TYPE, "id": "a/b c", **CONNECTION})
    assert refusal(again) == (409, "Conflict", "Another object with the same key already exists.", None)


async def test_a_create_stamps_what_graph_itself_writes(graph: Client) -> None:
    """Who made the tag, and when, come from token and clock; what nobody gave is null or empty."""
    response = await graph.send("POST", TAGS, json={"@odata.type": TAG_TYPE, "displayName": "Gold"})
    entity = without_control(response.json())
    assert entity == {
        "id": entity["id"],
        "displayName": "Gold",
        "description": None,
        "tenants": [],
        "createdByUserId": PERSON,
        "createdDateTime": NOW,
        "lastActionByUserId": PERSON,
        "lastActionDateTime": NOW,
        "deletedDateTime": None,
    }


async def test_an_update_changes_what_it_names_and_stamps_it(graph: Client) -> None:
    """An absent member keeps its value, a null clears it, and the answer is the entity."""
    old = (await graph.rows(TAGS))[0]
    response = await graph.send(
        "PATCH", f"{TAGS}/{old['id']}", json={"@odata.type": TAG_TYPE, "displayName": "New", "description": None}
    )
    new = {**old, "displayName": "New", "description": None, "lastActionByUserId": PERSON, "lastActionDateTime": NOW}
    assert (response.status_code, without_control(response.json())) == (200, new)
    assert (await graph.rows(TAGS))[0] == new


async def test_some_updates_are_answered_without_the_entity(graph: Client) -> None:
    """204 with nothing, and the change is there: Graph does so for some sets."""
    old = await graph.created()
    response = await graph.send(
        "PATCH", f"{CONNECTIONS}/{old['id']}", json={"@odata.type": CONNECTION_TYPE, "displayName": "New"}
    )
    assert (response.status_code, response.content, "content-length" in response.headers) == (204, b"", False)
    assert without_control((await graph.get(f"{CONNECTIONS}/{old['id']}")).json()) == {**old, "displayName": "New"}


async def test_which_updates_are_silent_is_an_option() -> None:
    """`silent_updates` names the sets."""
    graph = Client(Emulator(issuer=ISSUER, silent_updates=["tenantTags"]))
    statuses = []
    for path, odata_type in ((CONNECTIONS, CONNECTION_TYPE), (TAGS, TAG_TYPE)):
        key = (await graph.rows(path))[0]["id"]
        body = {"@odata.type": odata_type, "displayName": "New"}
        statuses.append((await graph.send("PATCH", f"{path}/{key}", json=body)).status_code)
    assert statuses == [200, 204]


async def test_a_delete_takes_the_entity_away(graph: Client) -> None:
    """204, and the key is unknown from then on, for every operation."""
    path = f"{CONNECTIONS}/{(await graph.created())['id']}"
    response = await graph.send("DELETE", path)
    assert (response.status_code, response.content) == (204, b"")
    message = f"Resource '{path.rpartition('/')[2]}' does not exist."
    for method in ("GET", "DELETE", "PATCH"):
        assert refusal(await graph.send(method, path)) == (404, "ResourceNotFound", message, None)


async def test_a_list_names_its_context_and_the_type_of_each_row(graph: Client) -> None:
    """The shape of a page that is the last one."""
    body = (await graph.get(f"{TAGS}?$top=8&$count=true")).json()
    assert body == {
        "@odata.context": "https://graph.microsoft.com/beta/$metadata#tenantRelationships/managedTenants/tenantTags",
        "@odata.count": 8,
        "value": [{"@odata.type": TAG_TYPE, **tag} for tag in graph.emulator.store.all("tenantTags")],
    }


async def test_an_item_can_be_shortened(graph: Client) -> None:
    """`$select` on an item leaves the named members, and says so in the context."""
    tag = (await graph.rows(TAGS))[0]
    assert (await graph.get(f"{TAGS}/{tag['id']}?$select=displayName,id")).json() == {
        "@odata.context": "https://graph.microsoft.com/beta/$metadata"
        "#tenantRelationships/managedTenants/tenantTags(displayName,id)/$entity",
        "@odata.type": TAG_TYPE,
        "id": tag["id"],
        "displayName": tag["displayName"],
    }


async def test_a_count_is_a_bare_number(graph: Client) -> None:
    """`/$count` is text, and takes a filter."""
    response = await graph.get(f"{TAGS}/$count?$filter=description eq null")
    assert (response.status_code, response.headers["content-type"], response.text) == (200, "text/plain", "1")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("/v2.0/me", "Invalid version: v2.0", id="version"),
        pytest.param("/v2.0/$batch", "Invalid version: v2.0", id="version of a batch"),
        pytest.param("/", "Invalid version: ", id="nothing"),
        pytest.param("/beta", "Resource not found for the segment 'managedTenants'.", id="a version alone"),
        pytest.param("/beta/me", "Resource not found for the segment 'me'.", id="another API"),
        pytest.param(
            "/beta/tenantRelationships/managedTenants",
            "Resource not found for the segment 'managedTenants'.",
            id="the root alone",
        ),
        pytest.param(
            "/beta/tenantRelationships/managedTenants/nothings",
            "Resource not found for the segment 'nothings'.",
            id="set",
        ),
        pytest.param(f"{TAGS}/1/more", "Resource not found for the segment 'more'.", id="below an item"),
        pytest.param(f"{TAGS}/1/more/2", "Resource not found for the segment 'more'.", id="far below an item"),
        pytest.param("/beta/%74enantRelationships/x", "Resource not found for the segment 'x'.", id="encoded"),
    ],
)
async def test_a_path_that_leads_nowhere_names_the_segment(graph: Client, path: str, message: str) -> None:
    """400, as Graph says it, whatever the token."""
    assert refusal(await graph.get(path, headers={"authorization": None})) == (400, "BadRequest", message, None)


async def test_the_public_services_have_the_namespace_in_beta_only() -> None:
    """A version without the namespace refuses its first segment; the other one has it."""
    graph = Client(Emulator(issuer=ISSUER, namespace_versions=("beta",)))
    assert refusal(await graph.get("/v1.0/tenantRelationships/managedTenants/tenantTags")) == (
        400,
        "BadRequest",
        "Resource not found for the segment 'managedTenants'.",
        None,
    )
    assert (await graph.get(TAGS)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("PUT", TAGS, "GET, POST", id="PUT on a set"),
        pytest.param("BREW", f"{TAGS}/1", "GET, PATCH, DELETE", id="an unknown method"),
        pytest.param("POST", f"{TAGS}/1", "GET, PATCH, DELETE", id="POST on an item"),
        pytest.param("POST", f"{TAGS}/$count", "GET", id="POST on a count"),
        pytest.param("POST", "/beta/$metadata", "GET", id="POST on the metadata"),
        pytest.param("GET", "/beta/$batch", "POST", id="GET on a batch"),
    ],
)
async def test_a_method_that_is_not_offered_is_405(graph: Client, method: str, path: str, allowed: str) -> None:
    """The refusal comes before any token is looked at, and `Allow` lists what there is."""
    response = await graph.send(method, path, headers={"authorization": None})
    message = "Specified HTTP method is not allowed for the request target."
    assert refusal(response) == (405, "Request_BadRequest", message, None)
    assert response.headers["allow"] == allowed


async def test_operations_that_are_not_declared_are_not_offered() -> None:
    """The routes are those of the catalogue."""
    graph = Client(Emulator(offered([CloudPcConnection.spec], convention_writes=()), issuer=ISSUER))
    response = await graph.send("POST", CONNECTIONS, json={})
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert refusal(await graph.get(TAGS))[2] == "Resource not found for the segment 'tenantTags'."


async def test_head_is_not_offered(graph: Client) -> None:
    """Graph has no HEAD: 405, as for any other method that it does not know there."""
    response = await graph.send("HEAD", TAGS)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
