"""What actions take, and who may have them done."""

from typing import Any

import pytest

from gateway.emulator.actions import EFFECTS
from gateway.emulator.app import Emulator
from gateway.resources.catalog import CATALOG
from tests.emulator.client import NAMESPACE, ROOT, TAGS, Client, graph_token, refusal
from tests.emulator.gadgets import GADGETS, gadget_client
from tests.harness import ISSUER

TENANTS, ALERTS = f"{ROOT}/tenants", f"{ROOT}/managedTenantAlerts"


def test_the_table_has_each_action_of_the_catalogue() -> None:
    """What is declared can be done, and nothing else is in the table."""
    assert set(EFFECTS) == {(spec.entity_set, action.wire_name) for spec in CATALOG for action in spec.actions}


@pytest.mark.parametrize(
    ("path", "parameters", "message", "target"),
    [
        pytest.param(
            "tenantTags/{}/assignTag", {}, "The property 'tenantIds' is required.", "tenantIds", id="a missing one"
        ),
        pytest.param(
            "tenantTags/{}/assignTag",
            {"tenantIds": [], "colour": "red"},
            f"The property 'colour' does not exist on type '{NAMESPACE}.assignTag'.",
            "colour",
            id="an unknown one",
        ),
        pytest.param(
            "tenantTags/{}/assignTag",
            {"tenantIds": [1]},
            "Cannot convert the value of 'tenantIds/0' to the expected type 'Edm.String'.",
            "tenantIds/0",
            id="another type in a list",
        ),
        pytest.param(
            "managementActions/{}/apply",
            {"tenantId": "t", "managementTemplateId": "m", "includeAllUsers": "yes"},
            "Cannot convert the value of 'includeAllUsers' to the expected type 'Edm.Boolean'.",
            "includeAllUsers",
            id="text as boolean",
        ),
        pytest.param(
            "managementActionTenantDeploymentStatuses/changeDeploymentStatus",
            {
                "tenantId": "t",
                "managementActionId": "a",
                "managementTemplateId": "m",
                "managementTemplateVersion": 1,
                "status": "done",
            },
            "The value 'done' of the parameter 'status' is not valid.",
            "status",
            id="a text that is no member",
        ),
        pytest.param(
            "tenants/{}/offboardTenant",
            {"why": "x"},
            f"The property 'why' does not exist on type '{NAMESPACE}.offboardTenant'.",
            "why",
            id="any, where there are none",
        ),
    ],
)
async def test_parameters_are_checked_like_members(
    graph: Client, path: str, parameters: dict[str, Any], message: str, target: str
) -> None:
    """400 names the one at fault, and nothing is done."""
    entity_set = path.partition("/")[0]
    before = graph.emulator.store.all(entity_set)
    response = await graph.act(f"{ROOT}/{path.format(before[0]['id'])}", **parameters)
    assert refusal(response) == (400, "BadRequest", message, target)
    assert graph.emulator.store.all(entity_set) == before


async def test_an_action_with_parameters_needs_a_body(graph: Client) -> None:
    """415 without one: it must say that it is JSON."""
    tag = await graph.first(TAGS)
    response = await graph.send("POST", f"{TAGS}/{tag['id']}/assignTag")
    message = "The Content-Type of the request must be application/json."
    assert refusal(response) == (415, "UnsupportedMediaType", message, None)


async def test_a_lenient_emulator_takes_what_it_knows() -> None:
    """Missing parameters are null or empty."""
    graph = Client(Emulator(issuer=ISSUER, strict=False))
    tag = await graph.first(TAGS)
    response = await graph.send("POST", f"{TAGS}/{tag['id']}/assignTag", content=b'{"colour": "red"}')
    assert (response.status_code, response.json()["tenants"]) == (200, tag["tenants"])


async def test_an_action_on_nobody_is_not_done(graph: Client) -> None:
    """404 before the body is looked at."""
    response = await graph.act(f"{TAGS}/nobody/assignTag")
    assert refusal(response) == (404, "ResourceNotFound", "Resource 'nobody' does not exist.", None)


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        pytest.param("tenantTags/nobody/assignTag", "ManagedTenants.ReadWrite.All", 404, id="its own"),
        pytest.param("tenantTags/nobody/assignTag", "ManagedTenants.Read.All", 403, id="to read only"),
        pytest.param("tenantGroups/tenantSearch", "ManagedTenants.Read.All", 200, id="a search reads"),
        pytest.param("managedTenantAlerts/nobody/addUserInputLog", "User.Read", 404, id="none is named: any"),
    ],
)
async def test_an_action_takes_its_permission(graph: Client, path: str, scope: str, status: int) -> None:
    """The one that is declared for it."""
    body = {"tenantId": "t"} if "Search" in path else {}
    headers = {"authorization": f"Bearer {graph_token(scope)}"}
    assert (await graph.send("POST", f"{ROOT}/{path}", json=body, headers=headers)).status_code == status


async def test_actions_are_posted(graph: Client) -> None:
    """405 for every other method."""
    response = await graph.get(f"{TAGS}/1/assignTag")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_an_action_that_nobody_plays_says_so() -> None:
    """501 for one that was declared and is not in the table yet."""
    response = await gadget_client({"id": "1"}).act(f"{GADGETS}/1/paint", colour="red")
    message = "The emulator does not play the action 'paint'."
    assert refusal(response) == (501, "NotImplemented", message, None)


async def test_navigation_and_actions_can_be_in_a_batch(graph: Client) -> None:
    """They are calls as all others; an action without parameters brings an empty object."""
    alert, tenant = await graph.first(ALERTS), await graph.first(TENANTS)
    base = ROOT.removeprefix("/beta")
    headers = {"Content-Type": "application/json"}
    note = {"logInformation": "Called."}
    requests: list[dict[str, Any]] = [
        {"id": "1", "method": "POST", "url": f"{base}/managedTenantAlerts/{alert['id']}/addUserInputLog", "body": note},
        {"id": "2", "method": "POST", "url": f"{base}/tenants/{tenant['id']}/offboardTenant", "body": {}},
        {"id": "3", "method": "GET", "url": f"{base}/managedTenantAlerts/{alert['id']}/alertRule?$select=id"},
    ]
    with_headers = [{**each, "headers": headers} if "body" in each else each for each in requests]
    response = await graph.send("POST", "/beta/$batch", json={"requests": with_headers})
    assert {each["id"]: each["status"] for each in response.json()["responses"]} == {"1": 200, "2": 200, "3": 200}
