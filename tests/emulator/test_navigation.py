"""Where navigation properties lead, and sets within entities."""

from typing import Any

import pytest

from gateway.emulator.sample.provider import sample
from tests.emulator.client import NAMESPACE, ROOT, Client, graph_token, refusal, without_control
from tests.emulator.gadgets import GADGETS, gadget_client

ALERTS = f"{ROOT}/managedTenantAlerts"
VERSIONS = f"{ROOT}/managementTemplateStepVersions"
CONTEXT = "https://graph.microsoft.com/beta/$metadata#tenantRelationships/managedTenants"
PARTS = f"{GADGETS}/1/parts"
PART_TYPE = f"#{NAMESPACE}.part"


def targets(graph: Client, entity_set: str, name: str, *, least: int = 1) -> tuple[str, tuple[str, ...]]:
    """The key of an entity from which a navigation property leads to so many others, and their keys."""
    for (end, key), found in graph.emulator.store.links.all().items():
        if end == (entity_set, name) and len(found) >= least:
            return key, found
    raise AssertionError


async def test_a_navigation_property_leads_to_a_list(graph: Client) -> None:
    """The entities there, whole, with their type and a context that says where they are."""
    key, logs = targets(graph, "managedTenantAlerts", "alertLogs", least=2)
    rows = {row["id"]: row for row in graph.emulator.store.all("managedTenantAlertLogs")}
    assert (await graph.get(f"{ALERTS}/{key}/alertLogs")).json() == {
        "@odata.context": f"{CONTEXT}/managedTenantAlerts('{key}')/alertLogs",
        "value": [{"@odata.type": f"#{NAMESPACE}.managedTenantAlertLog", **rows[each]} for each in logs],
    }


async def test_such_a_list_takes_all_options(graph: Client) -> None:
    """Filter, order, selection, count and pages, as any other list."""
    key, alerts = targets(graph, "managedTenantAlertRules", "alerts", least=4)
    path = f"{ROOT}/managedTenantAlertRules/{key}/alerts"
    body = (await graph.get(f"{path}?$top=3&$orderby=id&$select=id&$count=true&$filter=id ne '{alerts[0]}'")).json()
    wanted = sorted(alerts[1:])
    assert body["@odata.count"] == len(wanted)
    assert [row["id"] for row in body["value"]] == wanted[:3]
    assert [set(row) for row in body["value"]] == [{"@odata.type", "id"}] * 3
    following = await graph.rows(body["@odata.nextLink"]) if len(wanted) > 3 else []
    assert [row["id"] for row in following] == wanted[3:6]
    assert (await graph.get(f"{path}/$count")).text == str(len(alerts))


async def test_a_navigation_property_leads_to_one(graph: Client) -> None:
    """The entity itself, which can be shortened; from there it goes on, round in circles."""
    key, [rule] = targets(graph, "managedTenantAlerts", "alertRule")
    body = (await graph.get(f"{ALERTS}/{key}/alertRule?$select=id")).json()
    assert body == {
        "@odata.context": f"{CONTEXT}/managedTenantAlerts('{key}')/alertRule(id)/$entity",
        "@odata.type": f"#{NAMESPACE}.managedTenantAlertRule",
        "id": rule,
    }
    back = (await graph.get(f"{ALERTS}/{key}/alertRule/alerts/{key}/alertRule/ruleDefinition")).json()
    assert rule in targets_of(graph, "managedTenantAlertRuleDefinitions", "alertRules", back["id"])


def targets_of(graph: Client, entity_set: str, name: str, key: str) -> tuple[str, ...]:
    return graph.emulator.store.links.targets((entity_set, name), key)


async def test_one_of_a_list_is_found_by_its_key(graph: Client) -> None:
    """But only if it is one of those: the key of another entity leads to nothing."""
    key, logs = targets(graph, "managedTenantAlerts", "alertLogs")
    [other] = [row["id"] for row in await graph.rows(f"{ROOT}/managedTenantAlertLogs") if row["id"] not in logs][:1]
    found = await graph.get(f"{ALERTS}/{key}/alertLogs/{logs[0]}")
    assert without_control(found.json()) == graph.emulator.store.find("managedTenantAlertLogs", logs[0])
    message = f"Resource '{other}' does not exist."
    assert refusal(await graph.get(f"{ALERTS}/{key}/alertLogs/{other}")) == (404, "ResourceNotFound", message, None)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        pytest.param(f"{ALERTS}/nobody/alertLogs", "nobody", id="a list of nobody"),
        pytest.param(f"{ALERTS}/nobody/alertRule", "nobody", id="one of nobody"),
        pytest.param(f"{VERSIONS}/nobody/deployments", "nobody", id="a set within nobody"),
        pytest.param(f"{VERSIONS}/nobody/deployments/1", "nobody", id="one within nobody"),
        pytest.param(f"{VERSIONS}/nobody/deployments/$count", "nobody", id="a count within nobody"),
    ],
)
async def test_what_belongs_to_nobody_is_not_found(graph: Client, path: str, missing: str) -> None:
    """404 names the key that is unknown."""
    message = f"Resource '{missing}' does not exist."
    assert refusal(await graph.get(path)) == (404, "ResourceNotFound", message, None)


async def test_one_that_is_not_there_is_not_found(graph: Client) -> None:
    """404 names the navigation property; a list is empty instead. Links to what was deleted count for nothing."""
    key, logs = targets(graph, "managedTenantAlerts", "alertLogs")
    rule = (await graph.get(f"{ALERTS}/{key}/alertRule")).json()["id"]
    for path in (f"{ROOT}/managedTenantAlertRules/{rule}", *(f"{ROOT}/managedTenantAlertLogs/{each}" for each in logs)):
        assert (await graph.send("DELETE", path)).status_code == 204
    message = "Resource 'alertRule' does not exist."
    assert refusal(await graph.get(f"{ALERTS}/{key}/alertRule")) == (404, "ResourceNotFound", message, None)
    assert await graph.rows(f"{ALERTS}/{key}/alertLogs") == []


@pytest.mark.parametrize(
    ("method", "name", "allowed"),
    [
        pytest.param("POST", "alertLogs", "GET", id="POST on a list"),
        pytest.param("PATCH", "alertLogs/1", "GET", id="PATCH on one of a list"),
        pytest.param("DELETE", "alertRule", "GET", id="DELETE on one"),
        pytest.param("POST", "alertLogs/$count", "GET", id="POST on a count"),
    ],
)
async def test_navigation_is_for_reading(graph: Client, method: str, name: str, allowed: str) -> None:
    """What is to be changed is changed in its own set: 405 elsewhere."""
    response = await graph.send(method, f"{ALERTS}/1/{name}", json={})
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


async def test_reading_along_a_link_takes_the_permission_of_what_is_read(graph: Client) -> None:
    """Templates need theirs, whatever they were reached from."""
    from_set = f"{ROOT}/managementTemplateCollections"
    key = (await graph.rows(from_set))[0]["id"]
    path = f"{from_set}/{key}/managementTemplates"
    statuses = [
        (await graph.get(path, headers={"authorization": f"Bearer {graph_token(scope)}"})).status_code
        for scope in ("ManagedTenants.Read.All", "User.Read")
    ]
    assert statuses == [200, 403]


async def test_a_set_within_an_entity_can_be_read_and_written() -> None:
    """Create, read, list, count, change and delete work as in any set, and touch no other entity's set."""
    graph = gadget_client({"id": "1"}, {"id": "2"})
    created = await graph.send("POST", PARTS, json={"@odata.type": PART_TYPE, "name": "Bulb"})
    key = created.json()["id"]
    part = {"id": key, "name": "Bulb"}
    context = f"{CONTEXT}/gadgets('1')/parts/$entity"
    assert created.json() == {"@odata.context": context, "@odata.type": PART_TYPE, **part}
    assert created.headers["location"] == f"https://graph.microsoft.com{PARTS}/{key}"
    assert (await graph.get(created.headers["location"])).json() == created.json()
    assert await graph.rows(PARTS) == [part]
    assert (await graph.get(f"{PARTS}/$count")).text == "1"
    assert await graph.rows(f"{GADGETS}/2/parts") == []
    changed = await graph.send("PATCH", f"{PARTS}/{key}", json={"@odata.type": PART_TYPE, "name": "Shade"})
    assert without_control(changed.json()) == {"id": key, "name": "Shade"}
    assert without_control((await graph.get(f"{PARTS}/{key}/gadget")).json())["id"] == "1"
    assert (await graph.send("DELETE", f"{PARTS}/{key}")).status_code == 204
    assert await graph.rows(PARTS) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", f"{GADGETS}/9/parts", {"@odata.type": PART_TYPE}, id="create"),
        pytest.param("PATCH", f"{GADGETS}/9/parts/1", {"@odata.type": PART_TYPE}, id="update"),
        pytest.param("DELETE", f"{GADGETS}/9/parts/1", None, id="delete"),
    ],
)
async def test_nothing_is_written_within_nobody(method: str, path: str, body: Any) -> None:
    """404 names the entity that the set would be within."""
    response = await gadget_client().send(method, path, json=body)
    assert refusal(response) == (404, "ResourceNotFound", "Resource '9' does not exist.", None)


async def test_the_deployments_of_a_version_are_within_it(graph: Client) -> None:
    """The one such set of the namespace: each deployment leads back to its version."""
    [(_, version), *_] = [place for place in sample().sets if place[0] == "deployments"]
    [deployment, *_] = await graph.rows(f"{VERSIONS}/{version}/deployments")
    back = await graph.get(f"{VERSIONS}/{version}/deployments/{deployment['id']}/templateStepVersion/templateStep")
    assert version in targets_of(graph, "managementTemplateSteps", "versions", back.json()["id"])


async def test_a_key_with_a_quote_stands_in_the_context_as_in_a_url() -> None:
    """It is doubled."""
    graph = gadget_client({"id": "O'Brien"})
    body = (await graph.get(f"{GADGETS}/O'Brien/parts")).json()
    assert body == {"@odata.context": f"{CONTEXT}/gadgets('O''Brien')/parts", "value": []}
