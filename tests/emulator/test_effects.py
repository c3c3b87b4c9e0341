"""What actions do, and what they answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.emulator.sample.provider import sample
from tests.emulator.client import NAMESPACE, NOW, PREFER, ROOT, TAG_TYPE, TAGS, Client, without_control

PERSON = "5d4b6a52-6f0c-4a43-8a7e-1f6f3c9f0a01"
CONTEXT = "https://graph.microsoft.com/beta/$metadata#"
TENANTS, GROUPS, ALERTS = f"{ROOT}/tenants", f"{ROOT}/tenantGroups", f"{ROOT}/managedTenantAlerts"
ACTIONS, STATUSES = f"{ROOT}/managementActions", f"{ROOT}/managementActionTenantDeploymentStatuses"
TOUCHED = {"lastActionByUserId": PERSON, "lastActionDateTime": NOW}


async def done(graph: Client, path: str, **parameters: Any) -> dict[str, Any]:
    """The members of what an action answers; it must have gone well."""
    response = await graph.act(path, **parameters)
    assert response.status_code == 200, response.text
    return without_control(response.json())


async def test_a_tag_is_assigned(graph: Client) -> None:
    """The tenants that it is not on yet are added, in order; the answer is the tag as it is then, with its type."""
    tag = await graph.first(TAGS)
    old = [each["tenantId"] for each in tag["tenants"]]
    response = await graph.act(f"{TAGS}/{tag['id']}/assignTag", tenantIds=["new", old[0], "newer", "new"])
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
    assert (await graph.first(TAGS))["tenants"] == tenants


async def test_a_tag_is_unassigned(graph: Client) -> None:
    """Tenants that it was not on do no harm. The name of an action may have the namespace before it."""
    tag = await graph.first(TAGS)
    old = [each["tenantId"] for each in tag["tenants"]]
    path = f"{TAGS}/{tag['id']}/{NAMESPACE}.unassignTag"
    answer = await done(graph, path, tenantIds=[old[1], "nobody"])
    assert answer == {**tag, "tenants": [{"tenantId": each} for each in (old[0], *old[2:])], **TOUCHED}
    assert await graph.first(TAGS) == answer


async def test_a_tenant_is_offboarded_and_begins_again(graph: Client) -> None:
    """The status tells who took it off and when; a reset leaves no trace of that. Neither takes a body."""
    tenant = await graph.first(TENANTS)
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
    assert await graph.first(TENANTS) == begun


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
    response = await graph.act(f"{GROUPS}/tenantSearch", tenantId=tenant)
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
    alert = await graph.first(ALERTS)
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
    row = await graph.first(STATUSES)
    tenant = row["tenantId"] if known else "new"
    key = row["statuses"][0]["managementActionId"]
    action = without_control((await graph.get(f"{ACTIONS}/{key}")).json())
    response = await graph.act(
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
    row = await graph.first(STATUSES)
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
    row = await graph.first(STATUSES)
    parameters = {
        "managementActionId": row["statuses"][0]["managementActionId"],
        "managementTemplateId": "t",
        "managementTemplateVersion": 1,
        "status": "planned",
        "tenantGroupId": "another",
    }
    await done(graph, f"{STATUSES}/changeDeploymentStatus", tenantId=row["tenantId"], **parameters)
    assert await graph.first(STATUSES) == row
    assert (await statuses_of(graph, row["tenantId"]))[-1]["status"] == "planned"


@pytest.mark.parametrize("tenant", [{}, {"tenantId": "another"}], ids=["its tenant", "another tenant"])
async def test_the_status_of_a_deployment_is_changed(graph: Client, tenant: Mapping[str, str]) -> None:
    """An error of before is gone."""
    [(_, version), *_] = [place for place in sample().sets if place[0] == "deployments"]
    path = f"{ROOT}/managementTemplateStepVersions/{version}/deployments"
    old = await graph.first(path)
    answer = await done(graph, f"{path}/{old['id']}/changeDeploymentStatus", status="failed", **tenant)
    assert answer == {**old, "status": "failed", "error": None, **tenant, **TOUCHED}
    assert await graph.first(path) == answer
