"""Fields that lead from objects to others: what a document costs in calls, and what it answers."""

from typing import Any

import pytest

from gateway.emulator.app import Emulator
from tests.harness import ISSUER, Harness, running

BASE = "/v1.0/tenantRelationships/managedTenants/"
BATCH = "POST $batch"
CONNECTIONS = "{ cloudPcConnections(first: 200) { nodes { displayName tenant { displayName } } } }"
UNBATCHED = {"GATEWAY_GRAPH_BATCH": "false", "GATEWAY_MAX_GRAPH_CALLS": "1000"}


def calls(gateway: Harness) -> list[str]:
    """The HTTP calls, without what all of their addresses begin with."""
    return [each.replace(BASE, "").replace("/v1.0/", "") for each in gateway.calls]


COSTS = [
    pytest.param("{ tenants(first: 2) { nodes { displayName } } }", ["GET tenants"], 1, id="a list"),
    pytest.param(
        "{ a: tenants { nodes { id } } b: tenantTags { nodes { id } } }", [BATCH], 2, id="two lists side by side"
    ),
    pytest.param(
        "{ cloudPcConnections { nodes { id tenant { displayName } } } }",
        ["GET cloudPcConnections", "GET tenants"],
        2,
        id="a join",
    ),
    pytest.param(
        "{ cloudPcConnections { nodes { a: tenant { displayName } b: tenant { createdDateTime contract "
        "{ displayName } } } } }",
        ["GET cloudPcConnections", "GET tenants"],
        2,
        id="two aliases of a join",
    ),
    pytest.param(
        "{ cloudPcConnections { nodes { tenant { displayName } } "
        "edges { node { displayName tenant { id lastUpdatedDateTime } } } } }",
        ["GET cloudPcConnections", "GET tenants"],
        2,
        id="a join below nodes and edges",
    ),
    pytest.param(
        "{ cloudPcConnections { nodes { tenant { displayName } } } cloudPcDevices { nodes { tenant { id } } } }",
        [BATCH, "GET tenants"],
        3,
        id="a join of two lists",
    ),
    pytest.param(
        "{ cloudPcConnections { nodes { tenantId tenantDisplayName } } }",
        ["GET cloudPcConnections"],
        1,
        id="a tenant's id is no join",
    ),
    pytest.param(
        "{ tenants(first: 40) { nodes { id cloudPcDevices(first: 2) { nodes { displayName } } "
        "managedTenantAlerts(first: 3) { nodes { title } totalCount } } } }",
        ["GET tenants", *[BATCH] * 4],
        81,
        id="two collections of 40 tenants",
    ),
    pytest.param(
        "{ managedTenantAlerts(first: 40) { nodes { id alertRule { displayName ruleDefinition { id } } } } }",
        ["GET managedTenantAlerts", BATCH, BATCH, BATCH],
        49,
        id="alerts, rules, definitions",
    ),
    pytest.param(
        "{ managedTenantAlertRuleDefinitions { nodes { alertRules { nodes { alerts(first: 2) { nodes { "
        "alertLogs { nodes { id } } emailNotifications { totalCount } apiNotifications { edges { node { title } } } "
        "} } } } } } }",
        ["GET managedTenantAlertRuleDefinitions", *[BATCH] * 5],
        63,
        id="definitions, rules, alerts, logs and notifications",
    ),
    pytest.param(
        "{ managementTemplates { nodes { displayName managementTemplateSteps { nodes { acceptedVersion { version } "
        "versions { nodes { version deployments(first: 3) { nodes { status } } } } } } } } }",
        ["GET managementTemplates", *[BATCH] * 5],
        79,
        id="templates, steps, versions, deployments",
    ),
    pytest.param(
        "{ managementTemplateStepVersions(first: 3) { nodes { deployments(first: 2) { nodes { id tenant { displayName }"
        " templateStepVersion { id version } } } } } }",
        ["GET managementTemplateStepVersions", BATCH, BATCH, "GET tenants"],
        11,
        id="a link and a join below a set within an entity",
    ),
]


@pytest.mark.parametrize(("document", "expected", "requests"), COSTS)
async def test_what_is_asked_for_at_the_same_time_travels_together(
    gateway: Harness, document: str, expected: list[str], requests: int
) -> None:
    """Twenty requests a call; without `$batch` the same requests one by one, for the same answer."""
    answer = await gateway.execute(document)
    assert "errors" not in answer
    assert (calls(gateway), len(gateway.sent) - calls(gateway).count(BATCH)) == (expected, requests)
    async with running(UNBATCHED) as other:
        assert await other.execute(document) == answer
        assert (len(other.calls), len(other.sent)) == (requests, requests)


def add_tenants(gateway: Harness, count: int) -> None:
    """Tenants `T-0`, `T-1` … and nothing else."""
    gateway.emulator.store.clear()
    for number in range(count):
        members = {"id": f"T-{number}", "tenantId": f"T-{number}", "displayName": f"Tenant {number}"}
        gateway.emulator.store.add("tenants", members)


def add_connection(gateway: Harness, name: object, tenant_id: object) -> None:
    gateway.emulator.store.add(
        "cloudPcConnections", {"id": f"C-{name}", "displayName": f"C-{name}", "tenantId": tenant_id}
    )


def joined(answer: Any) -> list[tuple[str, str | None]]:
    """Name of each connection, and of the tenant that was found for it."""
    nodes = answer["data"]["cloudPcConnections"]["nodes"]
    return [(each["displayName"], each["tenant"] and each["tenant"]["displayName"]) for each in nodes]


@pytest.mark.parametrize(
    ("page_size", "expected"),
    [
        pytest.param(200, ["GET cloudPcConnections", "GET tenants"], id="one page each"),
        pytest.param(100, ["GET cloudPcConnections", "GET cloudPcConnections", "GET tenants"], id="two of rows"),
        pytest.param(36, ["GET cloudPcConnections"] * 6 + ["GET tenants"] * 2, id="two of tenants"),
        pytest.param(12, ["GET cloudPcConnections"] * 17 + ["GET tenants"] * 4, id="four of tenants"),
    ],
)
async def test_two_hundred_rows_of_37_tenants_are_one_lookup(page_size: int, expected: list[str]) -> None:
    """However the pages are cut, each row has its own tenant, in the order of the rows."""
    async with running(emulator=Emulator(issuer=ISSUER, page_size=page_size)) as gateway:
        add_tenants(gateway, 40)
        for number in range(200):
            add_connection(gateway, number, f"T-{number * 7 % 37}")
        answer = await gateway.execute(CONNECTIONS)
        assert joined(answer) == [(f"C-{number}", f"Tenant {number * 7 % 37}") for number in range(200)]
        assert calls(gateway) == expected


async def test_the_first_object_with_a_value_is_the_one(gateway: Harness) -> None:
    """Graph may have several; once each value is found the rest are not asked for."""
    gateway.emulator.store.clear()
    for name, tenant_id in (("a", "T-0"), ("b", "T-0"), ("c", "T-1"), ("d", "T-1"), ("e", "T-1")):
        gateway.emulator.store.add("tenants", {"id": name, "tenantId": tenant_id, "displayName": name})
    add_connection(gateway, 0, "T-0")
    add_connection(gateway, 1, "T-1")
    assert joined(await gateway.execute(CONNECTIONS)) == [("C-0", "a"), ("C-1", "c")]
    assert calls(gateway) == ["GET cloudPcConnections", "GET tenants", "GET tenants"]


async def test_all_that_a_lookup_is_asked_for_is_in_its_one_request(gateway: Harness) -> None:
    """The properties of all aliases, each id once, and as many rows as ids."""
    add_tenants(gateway, 3)
    for number in range(4):
        add_connection(gateway, number, f"T-{number % 2}")
    await gateway.execute(
        "{ cloudPcConnections { nodes { a: tenant { displayName } b: tenant { createdDateTime } } "
        "edges { node { tenant { contract { displayName } } } } } }"
    )
    assert gateway.emulator.journal[-1].query == (
        ("$select", "id,tenantId,displayName,contract,createdDateTime"),
        ("$filter", "tenantId in ('T-0','T-1')"),
        ("$top", "2"),
    )


async def test_a_collection_of_a_tenant_is_its_own(gateway: Harness) -> None:
    """The tenant's id is one more condition: the caller's own and the sort hold besides."""
    add_tenants(gateway, 2)
    for number in range(6):
        add_connection(gateway, number, f"T-{number % 3}")
    answer = await gateway.execute(
        "query ($filter: CloudPcConnectionFilter) { tenants { nodes { id cloudPcConnections("
        "filter: $filter, orderBy: [{ displayName: DESC }]) { nodes { id } totalCount } } } }",
        {"filter": {"or": [{"id": {"eq": "C-0"}}, {"id": {"in": ["C-3", "C-4", "C-5"]}}]}},
    )
    assert answer["data"]["tenants"]["nodes"] == [
        {"id": "T-0", "cloudPcConnections": {"nodes": [{"id": "C-3"}, {"id": "C-0"}], "totalCount": 2}},
        {"id": "T-1", "cloudPcConnections": {"nodes": [{"id": "C-4"}], "totalCount": 1}},
    ]
    assert dict(gateway.emulator.journal[-1].query)["$filter"] == (
        "((tenantId eq 'T-1') and (((id eq 'C-0') or (id in ('C-3','C-4','C-5')))))"
    )


@pytest.mark.parametrize("given", ["{}", "{ displayName: {} }", "null"])
async def test_a_filter_that_says_nothing_leaves_the_tenants_own(gateway: Harness, given: str) -> None:
    """As it does where there is no tenant."""
    answer = await gateway.execute(
        f"{{ tenants(first: 1) {{ nodes {{ tenantId cloudPcConnections(filter: {given}) {{ totalCount }} }} }} }}"
    )
    [tenant] = answer["data"]["tenants"]["nodes"]
    assert dict(gateway.emulator.journal[-1].query)["$filter"] == f"tenantId eq '{tenant['tenantId']}'"


async def test_a_fault_in_a_filter_is_told_by_the_callers_own_path(gateway: Harness) -> None:
    """What the gateway adds to the filter is not the caller's business."""
    answer = await gateway.execute(
        "{ tenants(first: 1) { nodes { cloudPcConnections(filter: { displayName: { in: [] } }) { totalCount } } } }"
    )
    [error] = answer["errors"]
    assert error["message"] == "`filter.displayName.in` must not be an empty list."
    assert error["extensions"]["fields"] == ["filter.displayName.in"]
