"""Actions: what they take, what they do, what they answer."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gateway.emulator.actions import EFFECTS
from gateway.emulator.app import Emulator
from gateway.emulator.sample.provider import sample
from gateway.resources.catalog import CATALOG
from tests.emulator.client import NAMESPACE, NOW, ROOT, TAG_TYPE, TAGS, Client, graph_token, refusal, without_control
from tests.emulator.gadgets import GADGETS, gadget_client
from tests.harness import ISSUER

PERSON = "5d4b6a52-6f0c-4a43-8a7e-1f6f3c9f0a01"
CONTEXT = "https://graph.microsoft.com/beta/$metadata#"
TENANTS, GROUPS, ALERTS = f"{ROOT}/tenants", f"{ROOT}/tenantGroups", f"{ROOT}/managedTenantAlerts"
ACTIONS, STATUSES = f"{ROOT}/managementActions", f"{ROOT}/managementActionTenantDeploymentStatuses"
PREFER = {"prefer": "include-unknown-enum-members"}
TOUCHED = {"lastActionByUserId": PERSON, "lastActionDateTime": NOW}


async def post(graph: Client, path: str, **parameters: Any) -> httpx.Response:
    return await graph.send("POST", path, json=parameters, headers=PREFER)


async def done(graph: Client, path: str, **parameters: Any) -> dict[str, Any]:
    """The members of what an action answers; it must have gone well."""
    response = await post(graph, path, **parameters)
    assert response.status_code == 200, response.text
    return without_control(response.json())


async def first(graph: Client, path: str) -> dict[str, Any]:
    return (await graph.rows(path, headers=PREFER))[0]


def test_the_table_has_each_action_of_the_catalogue() -> None:
    """What is declared can be done, and nothing else is in the table."""
    assert set(EFFECTS) == {(spec.entity_set, action.wire_name) for spec in CATALOG for action in spec.actions}


async def test_a_tag_is_assigned(graph: Client) -> None:
    """The tenants that it is not on yet are added, in order; the answer is the tag as it is then, with its type."""
    tag = await first(graph, TAGS)
    old = [each["tenantId"] for each in tag["tenants"]]
    response = await post(graph, f"{TAGS}/{tag['id']}/assignTag", tenantIds=["new", old[0], "newer", "new"])
    tenants = [{"tenantId": each} for each in (*old, "new", "newer")]
    assert (response.status_code, response.json()) == (
        200,
        {
            "@odata.context": f"{CONTEXT}tenantRelationships/managedTenants/tenantTags/$entity",
            "@odata.type": TAG_TYPE,
            **tag,
            "tenants": tenants,
            **TOUCHED,
        },
    )
    assert (await first(graph, TAGS))["tenants"] == tenants


async def test_a_tag_is_unassigned(graph: Client) -> None:
    """Tenants that it was not on do no harm. The name of an action may have the namespace before it."""
    tag = await first(graph, TAGS)
    old = [each["tenantId"] for each in tag["tenants"]]
    path = f"{TAGS}/{tag['id']}/{NAMESPACE}.unassignTag"
    answer = await done(graph, path, tenantIds=[old[1], "nobody"])
    assert answer == {**tag, "tenants": [{"tenantId": each} for each in (old[0], *old[2:])], **TOUCHED}
    assert await first(graph, TAGS) == answer


async def test_a_tenant_is_offboarded_and_begins_again(graph: Client) -> None:
    """The status tells who took it off and when; a reset leaves no trace of that. Neither takes a body."""
    tenant = await first(graph, TENANTS)
    path, status = f"{TENANTS}/{tenant['id']}", tenant["tenantStatusInformation"]
    workloads = [{**each, "onboardingStatus": "notOnboarded"} for each in status["workloadStatuses"]]
    off = without_control((await graph.send("POST", f"{path}/offboardTenant", headers=PREFER)).json())
    gone: dict[str, Any] = {"onboardingStatus": "inactive", "offboardedByUserId": PERSON, "offboardedDateTime": NOW}
    gone["workloadStatuses"] = [{**each, "offboardedDateTime": NOW} for each in workloads]
    assert off == {**tenant, "tenantStatusInformation": {**status, **gone}, "lastUpdatedDateTime": NOW}
    begun = await done(graph, f"{path}/resetTenantOnboardingStatus")
    fresh: dict[str, Any] = {"onboardingStatus": "inProcess", "offboardedByUserId": None, "offboardedDateTime": None}
    fresh["workloadStatuses"] = [{**each, "offboardedDateTime": None} for each in workloads]
    assert begun == {**tenant, "tenantStatusInformation": {**status, **fresh}, "lastUpdatedDateTime": NOW}
    assert await first(graph, TENANTS) == begun


async def test_a_tenant_without_a_status_gets_one(graph: Client) -> None:
    """Nothing is too little to begin with."""
    graph.emulator.store.add("tenants", {"id": "bare"})
    answer = await done(graph, f"{TENANTS}/bare/resetTenantOnboardingStatus")
    assert answer["tenantStatusInformation"] == {
        "onboardingStatus": "inProcess",
        "offboardedDateTime": None,
        "offboardedByUserId": None,
        "workloadStatuses": [],
    }


async def test_groups_are_found_by_tenant(graph: Client) -> None:
    """Those that list it and those that have all; the answer is a list of the set's type."""
    groups = await graph.rows(GROUPS)
    tenant = groups[1]["tenantIds"][0]
    response = await post(graph, f"{GROUPS}/tenantSearch", tenantId=tenant)
    assert (response.status_code, response.json()) == (
        200,
        {
            "@odata.context": f"{CONTEXT}Collection({NAMESPACE}.tenantGroup)",
            "value": [
                {"@odata.type": f"#{NAMESPACE}.tenantGroup", **each}
                for each in groups
                if each["allTenantsIncluded"] or tenant in each["tenantIds"]
            ],
        },
    )


async def test_a_note_is_added_to_an_alert(graph: Client) -> None:
    """A new log entry, by and of the caller; both lead to each other."""
    alert = await first(graph, ALERTS)
    path = f"{ALERTS}/{alert['id']}"
    before = await graph.rows(f"{path}/alertLogs")
    assert await done(graph, f"{path}/addUserInputLog", logInformation="Called.") == {**alert, **TOUCHED}
    *others, log = await graph.rows(f"{path}/alertLogs")
    assert others == before
    assert log == {
        "id": log["id"],
        "content": {"displayName": "Called."},
        "createdByUserId": PERSON,
        "createdDateTime": NOW,
        **TOUCHED,
    }
    assert (await graph.get(f"{ROOT}/managedTenantAlertLogs/{log['id']}/alert")).json()["id"] == alert["id"]


async def statuses_of(graph: Client, tenant: str) -> list[dict[str, Any]]:
    """Of the actions in a tenant."""
    rows = await graph.rows(f"{STATUSES}?$filter=tenantId eq '{tenant}'")
    return [each for row in rows for each in row["statuses"]]


@pytest.mark.parametrize("known", [True, False], ids=["again", "for the first time"])
async def test_an_action_is_applied(graph: Client, known: bool) -> None:
    """The status of the action in the tenant takes the place of an older one; the answer is that status."""
    row = await first(graph, STATUSES)
    tenant = row["tenantId"] if known else "new"
    key = row["statuses"][0]["managementActionId"]
    action = without_control((await graph.get(f"{ACTIONS}/{key}")).json())
    response = await post(
        graph,
        f"{ACTIONS}/{key}/apply",
        tenantId=tenant,
        managementTemplateId="t",
        includeAllUsers=True,
        excludeGroups=["g"],
    )
    kind = f"{NAMESPACE}.managementActionDeploymentStatus"
    status = {
        "managementActionId": key,
        "managementTemplateId": "t",
        "managementTemplateVersion": action["referenceTemplateVersion"],
        "status": "inProgress",
        "workloadActionDeploymentStatuses": [
            {
                "actionId": each["actionId"],
                "deployedPolicyId": None,
                "error": None,
                "includeAllUsers": True,
                "lastDeploymentDateTime": NOW,
                "status": "inProgress",
                "includeGroups": [],
                "excludeGroups": ["g"],
            }
            for each in action["workloadActions"]
        ],
    }
    assert (response.status_code, response.json()) == (
        200,
        {"@odata.context": f"{CONTEXT}{kind}", "@odata.type": f"#{kind}", **status},
    )
    others = row["statuses"][1:] if known else []
    assert await statuses_of(graph, tenant) == [*others, status]


@pytest.mark.parametrize("known", [True, False], ids=["another", "the first one"])
async def test_the_status_of_an_action_is_changed(graph: Client, known: bool) -> None:
    """In the tenant of the parameters; what is known of its workload actions stays."""
    row = await first(graph, STATUSES)
    old = row["statuses"][0]
    tenant = row["tenantId"] if known else "new"
    named = {
        "managementActionId": old["managementActionId"],
        "managementTemplateId": old["managementTemplateId"],
        "managementTemplateVersion": 7,
        "status": "riskAccepted",
    }
    group = {"tenantGroupId": row["tenantGroupId"]} if known else {}
    answer = await done(graph, f"{STATUSES}/changeDeploymentStatus", tenantId=tenant, **group, **named)
    workloads = old["workloadActionDeploymentStatuses"] if known else []
    status = {**named, "workloadActionDeploymentStatuses": workloads}
    assert answer == status
    assert await statuses_of(graph, tenant) == [*(row["statuses"][1:] if known else []), status]


async def test_a_group_has_statuses_of_its_own(graph: Client) -> None:
    """Another group's are left alone."""
    row = await first(graph, STATUSES)
    parameters = {
        "managementActionId": row["statuses"][0]["managementActionId"],
        "managementTemplateId": "t",
        "managementTemplateVersion": 1,
        "status": "planned",
        "tenantGroupId": "another",
    }
    await done(graph, f"{STATUSES}/changeDeploymentStatus", tenantId=row["tenantId"], **parameters)
    assert await first(graph, STATUSES) == row
    assert (await statuses_of(graph, row["tenantId"]))[-1]["status"] == "planned"


@pytest.mark.parametrize("tenant", [{}, {"tenantId": "another"}], ids=["its tenant", "another tenant"])
async def test_the_status_of_a_deployment_is_changed(graph: Client, tenant: Mapping[str, str]) -> None:
    """An error of before is gone."""
    [(_, version), *_] = [place for place in sample().sets if place[0] == "deployments"]
    path = f"{ROOT}/managementTemplateStepVersions/{version}/deployments"
    old = await first(graph, path)
    answer = await done(graph, f"{path}/{old['id']}/changeDeploymentStatus", status="failed", **tenant)
    assert answer == {**old, "status": "failed", "error": None, **tenant, **TOUCHED}
    assert await first(graph, path) == answer


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
    response = await post(graph, f"{ROOT}/{path.format(before[0]['id'])}", **parameters)
    assert refusal(response) == (400, "BadRequest", message, target)
    assert graph.emulator.store.all(entity_set) == before


async def test_an_action_with_parameters_needs_a_body(graph: Client) -> None:
    """415 without one: it must say that it is JSON."""
    tag = await first(graph, TAGS)
    response = await graph.send("POST", f"{TAGS}/{tag['id']}/assignTag")
    message = "The Content-Type of the request must be application/json."
    assert refusal(response) == (415, "UnsupportedMediaType", message, None)


async def test_a_lenient_emulator_takes_what_it_knows() -> None:
    """Missing parameters are null or empty."""
    graph = Client(Emulator(issuer=ISSUER, strict=False))
    tag = await first(graph, TAGS)
    response = await graph.send("POST", f"{TAGS}/{tag['id']}/assignTag", content=b'{"colour": "red"}')
    assert (response.status_code, response.json()["tenants"]) == (200, tag["tenants"])


async def test_an_action_on_nobody_is_not_done(graph: Client) -> None:
    """404 before the body is looked at."""
    response = await post(graph, f"{TAGS}/nobody/assignTag")
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
    response = await post(gadget_client({"id": "1"}), f"{GADGETS}/1/paint", colour="red")
    message = "The emulator does not play the action 'paint'."
    assert refusal(response) == (501, "NotImplemented", message, None)


async def test_navigation_and_actions_can_be_in_a_batch(graph: Client) -> None:
    """They are calls as all others; an action without parameters brings an empty object."""
    alert, tenant = await first(graph, ALERTS), await first(graph, TENANTS)
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
