"""Fields that lead from objects to others, where the other end is missing, refused or not what was asked for."""

import time
from typing import Any

import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.faults import (
    ChangedMembers,
    EmptyBody,
    Fault,
    FaultRule,
    IgnoredOptions,
    OmittedMembers,
    Refuse,
    Stack,
)
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running
from tests.schema.test_joins import BATCH, CONNECTIONS, add_connection, add_tenants, calls, joined

RULES = "{ managedTenantAlerts(first: 20) { nodes { id title alertRule { id displayName } } } }"
NESTED = """
query ($only: String, $first: Int, $after: String) {
  tenants(first: 2, filter: { id: { startsWith: $only } }) {
    nodes { id cloudPcConnections(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }
  }
}
"""
OVERVIEW = """
{ cloudPcsOverview { nodes { tenantId totalCloudPcStatus tenant { displayName } } }
  tenants { nodes { cloudPcsOverview { nodes { tenantId } } } } }
"""
WITHOUT_KEY = Stack((ChangedMembers({"id": "T-0"}), OmittedMembers(("tenantId",))))
CHANGING = """
mutation ($input: UpdateCloudPcConnectionInput!) {
  before: updateCloudPcConnection(id: "C-0", input: $input) { tenant { tenantStatusInformation { onboardingStatus } } }
  offboardTenant(id: "T-0") { id }
  after: updateCloudPcConnection(id: "C-0", input: $input) { tenant { tenantStatusInformation { onboardingStatus } } }
}
"""


def codes(answer: Any) -> list[tuple[str, str]]:
    """Code and path of each error."""
    return [
        (each["extensions"]["code"], ".".join(str(part) for part in each["path"])) for each in answer.get("errors", [])
    ]


async def test_a_row_that_names_nothing_has_null(gateway: Harness) -> None:
    """An unknown tenant, none, an empty name; the other rows have theirs, and case makes no difference between rows."""
    add_tenants(gateway, 2)
    for number, tenant_id in enumerate(["T-1", "T-9", None, "", "t-1", "T-0"]):
        add_connection(gateway, number, tenant_id)
    answer = await gateway.execute(CONNECTIONS)
    assert joined(answer) == [
        ("C-0", "Tenant 1"),
        ("C-1", None),
        ("C-2", None),
        ("C-3", None),
        ("C-4", "Tenant 1"),
        ("C-5", "Tenant 0"),
    ]
    assert "errors" not in answer
    assert dict(gateway.emulator.journal[-1].query)["$filter"] == "tenantId in ('T-1','T-9','t-1','T-0')"


async def test_rows_that_all_name_nothing_are_not_looked_up(gateway: Harness) -> None:
    """There is nothing to ask for."""
    add_tenants(gateway, 1)
    add_connection(gateway, 0, None)
    assert joined(await gateway.execute(CONNECTIONS)) == [("C-0", None)]
    assert calls(gateway) == ["GET cloudPcConnections"]


async def test_graph_may_write_an_id_in_another_case(gateway: Harness) -> None:
    """Ids are GUIDs: case means nothing."""
    add_tenants(gateway, 1)
    add_connection(gateway, 0, "T-0")
    gateway.emulator.faults.add(FaultRule(fault=ChangedMembers({"tenantId": "t-0"}), path="/tenants$"))
    assert joined(await gateway.execute(CONNECTIONS)) == [("C-0", "Tenant 0")]


@pytest.mark.parametrize("names", [("$filter",), ("$filter", "$top"), ("$select",)], ids=str)
async def test_a_lookup_whose_options_are_ignored_finds_the_right_rows(names: tuple[str, ...]) -> None:
    """Graph then answers any tenants: pages are walked until all that were asked for are found."""
    async with running(emulator=Emulator(issuer=ISSUER, page_size=3)) as gateway:
        add_tenants(gateway, 12)
        for number in (7, 2, 99):
            add_connection(gateway, number, f"T-{number}")
        gateway.emulator.faults.add(FaultRule(fault=IgnoredOptions(names), path="/tenants$", times=None))
        answer = await gateway.execute(CONNECTIONS)
        assert "errors" not in answer
        assert joined(answer) == [("C-7", "Tenant 7"), ("C-2", "Tenant 2"), ("C-99", None)]


async def test_a_collection_whose_filter_is_ignored_is_an_error(gateway: Harness) -> None:
    """Never another tenant's rows."""
    add_tenants(gateway, 2)
    add_connection(gateway, 0, "T-1")
    gateway.emulator.faults.add(FaultRule(fault=IgnoredOptions(), path="/cloudPcConnections$", times=None))
    answer = await gateway.execute("{ tenants { nodes { id cloudPcConnections { nodes { id } } } } }")
    assert answer["data"]["tenants"]["nodes"] == [
        {"id": "T-0", "cloudPcConnections": None},
        {"id": "T-1", "cloudPcConnections": {"nodes": [{"id": "C-0"}]}},
    ]
    assert codes(answer) == [("UPSTREAM_UNSUPPORTED", "tenants.nodes.0.cloudPcConnections")]


async def test_a_found_row_that_does_not_say_which_it_is_is_an_error(gateway: Harness) -> None:
    """Null would say that there is no such tenant."""
    add_tenants(gateway, 1)
    add_connection(gateway, 0, "T-0")
    gateway.emulator.faults.add(FaultRule(fault=OmittedMembers(("id",)), path="/tenants$"))
    answer = await gateway.execute(CONNECTIONS)
    assert joined(answer) == [("C-0", None)]
    assert codes(answer) == [("UPSTREAM_UNSUPPORTED", "cloudPcConnections.nodes.0.tenant")]


async def test_a_tenant_without_its_id_has_no_collections(gateway: Harness) -> None:
    """Null, and nothing is asked: without the condition it would be everybody's rows."""
    add_tenants(gateway, 1)
    gateway.emulator.store.change("tenants", "T-0", {"tenantId": None})
    answer = await gateway.execute("{ tenants { nodes { id cloudPcConnections { totalCount } } } }")
    assert answer == {"data": {"tenants": {"nodes": [{"id": "T-0", "cloudPcConnections": None}]}}}
    assert calls(gateway) == ["GET tenants"]


async def test_a_refused_lookup_is_an_error_at_each_row(gateway: Harness) -> None:
    """The rows stay; the permission that is missing is named."""
    token = gateway.graph_token("CloudPC.Read.All")
    answer = await gateway.execute(CONNECTIONS.replace("200", "2"), as_=token)
    assert [tenant for _, tenant in joined(answer)] == [None, None]
    assert codes(answer) == [("FORBIDDEN", f"cloudPcConnections.nodes.{index}.tenant") for index in (0, 1)]
    assert {str(each["extensions"]["permissions"]) for each in answer["errors"]} == {"['ManagedTenants.Read.All']"}


async def test_more_than_a_hundred_tenants_are_looked_up_a_hundred_at_a_time() -> None:
    """In one call: the lookups travel together."""
    async with running(emulator=Emulator(issuer=ISSUER, page_size=500)) as gateway:
        add_tenants(gateway, 250)
        for number in range(250):
            add_connection(gateway, number, f"T-{number}")
        answer = await gateway.execute(CONNECTIONS.replace("200", "500"))
        assert joined(answer) == [(f"C-{number}", f"Tenant {number}") for number in range(250)]
        assert calls(gateway) == ["GET cloudPcConnections", BATCH]
        assert [dict(each.query)["$top"] for each in gateway.emulator.journal if each.item] == ["100", "100", "50"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Refuse(404, "ResourceNotFound"), id="404"),
        pytest.param(EmptyBody(204), id="204"),
        pytest.param(ChangedMembers({"id": None}), id="an object without key"),
    ],
)
@pytest.mark.parametrize("first", [1, 3])
async def test_a_link_to_nothing_is_null(gateway: Harness, fault: Fault, first: int) -> None:
    """Whichever way Graph says so, alone or in a batch: at once, and the others keep theirs."""
    gateway.emulator.faults.add(FaultRule(fault=fault, path="/alertRule$"))
    answer = await gateway.execute(RULES.replace("20", str(first)))
    assert "errors" not in answer
    nodes = answer["data"]["managedTenantAlerts"]["nodes"]
    assert [each["alertRule"] is None for each in nodes] == [True, False, False][:first]
    assert len(gateway.calls) == 2


async def test_an_entity_that_is_answered_with_nothing_is_null(gateway: Harness) -> None:
    """204 for a read by key is no object, and no reason to ask again."""
    gateway.emulator.faults.add(FaultRule(fault=EmptyBody(204), path="/tenantTags/"))
    assert await gateway.execute('{ tenantTag(id: "A") { id } }') == {"data": {"tenantTag": None}}
    assert len(gateway.calls) == 1


async def test_a_refused_link_is_null_beside_its_error(gateway: Harness) -> None:
    """The siblings stay."""
    sound = await gateway.execute(RULES)
    gateway.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden"), path="/alertRule$", skip=4))
    answer = await gateway.execute(RULES)
    assert codes(answer) == [("FORBIDDEN", "managedTenantAlerts.nodes.4.alertRule")]
    expected = sound["data"]["managedTenantAlerts"]["nodes"]
    expected[4]["alertRule"] = None
    assert answer["data"]["managedTenantAlerts"]["nodes"] == expected


async def test_a_refused_collection_is_null_beside_its_error(gateway: Harness) -> None:
    """The sibling collections stay, of the same object too."""
    gateway.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden"), path="/cloudPcDevices$", skip=1))
    answer = await gateway.execute(
        "{ tenants(first: 3) { nodes { cloudPcDevices { totalCount } cloudPcConnections { totalCount } } } }"
    )
    assert codes(answer) == [("FORBIDDEN", "tenants.nodes.1.cloudPcDevices")]
    nodes = answer["data"]["tenants"]["nodes"]
    assert [each["cloudPcDevices"] is None for each in nodes] == [False, True, False]
    assert None not in [each["cloudPcConnections"] for each in nodes]


async def test_the_throttled_half_of_each_batch_is_sent_again() -> None:
    """After the time that Graph asks for, together, and without the half that was answered."""
    clock = SteppingClock(time=time.time())
    async with running({"GATEWAY_DEADLINE_SECONDS": "300"}, clock=clock) as gateway:
        document = RULES.replace("20", "80")
        sound = await gateway.execute(document)
        gateway.emulator.journal.clear()
        throttled = Refuse(429, "TooManyRequests", retry_after_seconds=2)
        rules = [FaultRule(fault=throttled, path="/alertRule$", skip=skip, times=10) for skip in (5, 15, 25, 35)]
        gateway.emulator.faults.add(*rules)
        assert await gateway.execute(document) == sound
        assert calls(gateway) == ["GET managedTenantAlerts", *[BATCH] * 6]
        assert len([each for each in gateway.emulator.journal if each.item]) == 80 + 40
        assert set(clock.sleeps) == {2}


async def test_a_cursor_of_a_collection_is_good_for_its_tenant_only(gateway: Harness) -> None:
    """It goes on where the page ended; below another tenant it is refused before anything is asked there."""
    add_tenants(gateway, 2)
    for number in range(10):
        add_connection(gateway, number, f"T-{number % 2}")
    seen, after = [], None
    for _ in range(2):
        answer = await gateway.execute(NESTED, {"only": "T-0", "first": 3, "after": after})
        [tenant] = answer["data"]["tenants"]["nodes"]
        seen += [each["id"] for each in tenant["cloudPcConnections"]["nodes"]]
        after = after or tenant["cloudPcConnections"]["pageInfo"]["endCursor"]
    assert seen == ["C-0", "C-2", "C-4", "C-6", "C-8"]
    gateway.emulator.journal.clear()
    answer = await gateway.execute(NESTED, {"only": "T", "after": after})
    assert [each["cloudPcConnections"] is None for each in answer["data"]["tenants"]["nodes"]] == [False, True]
    assert codes(answer) == [("BAD_USER_INPUT", "tenants.nodes.1.cloudPcConnections")]
    assert answer["errors"][0]["extensions"]["fields"] == ["after"]
    assert calls(gateway) == ["GET tenants", "GET cloudPcConnections"]


async def test_a_cursor_of_a_link_is_good_for_its_object_only(gateway: Harness) -> None:
    """The address of the object is part of the question."""
    found = await gateway.execute("{ managementTemplateSteps(first: 2) { nodes { acceptedVersion { id } } } }")
    keys = [each["acceptedVersion"]["id"] for each in found["data"]["managementTemplateSteps"]["nodes"]]
    document = """
    query ($id: ID!, $after: String) {
      managementTemplateStepVersion(id: $id) {
        deployments(first: 1, after: $after) { nodes { id } pageInfo { endCursor } }
      }
    }
    """
    page = (await gateway.execute(document, {"id": keys[0]}))["data"]["managementTemplateStepVersion"]["deployments"]
    after = page["pageInfo"]["endCursor"]
    own, other = [await gateway.execute(document, {"id": key, "after": after}) for key in keys]
    second = [row["id"] for row in gateway.emulator.store.all("deployments", keys[0])][1]
    assert own["data"]["managementTemplateStepVersion"]["deployments"]["nodes"] == [{"id": second}]
    assert other["data"] == {"managementTemplateStepVersion": {"deployments": None}}
    assert codes(other) == [("BAD_USER_INPUT", "managementTemplateStepVersion.deployments")]


async def test_an_overview_that_has_an_id_only_is_known_by_it(gateway: Harness) -> None:
    """Its key is `tenantId`, and Graph's page about it shows an `id` instead: joins both ways work all the same."""
    add_tenants(gateway, 1)
    gateway.emulator.store.add("cloudPcsOverview", {"tenantId": "T-0", "totalCloudPcStatus": 7})
    gateway.emulator.faults.add(FaultRule(fault=WITHOUT_KEY, path="/cloudPcsOverview$", times=None))
    assert await gateway.execute(OVERVIEW) == {
        "data": {
            "cloudPcsOverview": {
                "nodes": [{"tenantId": "T-0", "totalCloudPcStatus": 7, "tenant": {"displayName": "Tenant 0"}}]
            },
            "tenants": {"nodes": [{"cloudPcsOverview": {"nodes": [{"tenantId": "T-0"}]}}]},
        }
    }


async def test_what_was_found_before_a_write_is_looked_up_again_after_it(gateway: Harness) -> None:
    """Fields of a mutation run one after another, and each sees what those before it did."""
    add_tenants(gateway, 1)
    add_connection(gateway, 0, "T-0")
    gateway.emulator.store.change("tenants", "T-0", {"tenantStatusInformation": {"onboardingStatus": "active"}})
    answer = await gateway.execute(CHANGING, {"input": {"displayName": "New"}})
    assert {name: answer["data"][name]["tenant"]["tenantStatusInformation"] for name in ("before", "after")} == {
        "before": {"onboardingStatus": "active"},
        "after": {"onboardingStatus": "inactive"},
    }
