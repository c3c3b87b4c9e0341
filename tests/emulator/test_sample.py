"""The sample: believable, of one piece, and as it is declared."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.emulator.instants import to_moment
from gateway.emulator.links import PAIRS
from gateway.emulator.sample.provider import sample
from gateway.emulator.values import LATER, is_value
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import ComplexSpec, EnumSpec, PropertySpec, ResourceSpec

SPECS = {spec.entity_set: spec for spec in CATALOG}
SETS = pytest.mark.parametrize("spec", CATALOG, ids=list(SPECS))

Row = Mapping[str, Any]


def rows(entity_set: str) -> list[Row]:
    """Of the set, or of all sets within entities that have the name."""
    return [row for place, found in sample().sets.items() if place[0] == entity_set for row in found.values()]


TENANTS = {row["tenantId"]: row["displayName"] for row in rows("tenants")}


def check(properties: tuple[PropertySpec, ...], row: Row, path: str) -> None:
    """Every declared member, no other, with values of its type."""
    assert set(row) == {each.name for each in properties}, path
    for each in properties:
        value, here = row[each.name], f"{path}/{each.name}"
        if each.is_list:
            assert isinstance(value, list), here
        for one in value if each.is_list else [value]:
            if isinstance(each.type, ComplexSpec) and one is not None:
                check(each.type.properties, one, here)
            elif not isinstance(each.type, ComplexSpec):
                assert (one is None and not each.is_list) or is_value(each.type, one), here


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Name and value of every member, those of objects in it as well."""
    if isinstance(value, list):
        for each in value:
            yield from members(each)
    if isinstance(value, dict):
        for name, each in value.items():
            yield name, each
            yield from members(each)


def test_there_is_a_sample_of_every_set() -> None:
    """Whoever tries a query sees something, but not without end; no set is there that the catalogue does not have."""
    assert {place[0] for place in sample().sets} == set(SPECS)
    assert {name: 0 < len(rows(name)) <= 400 for name in SPECS} == dict.fromkeys(SPECS, True)


def test_the_sample_is_always_the_same() -> None:
    """Chance has no part in it: whoever notes a key finds it again."""
    assert sample.__wrapped__() == sample()


@SETS
def test_the_sample_is_as_declared(spec: ResourceSpec) -> None:
    """Each entity has every property, no other, with values of its type, under its key."""
    for place, found in sample().sets.items():
        if place[0] == spec.entity_set:
            for key, row in found.items():
                check(spec.properties, row, spec.entity_set)
                assert row[spec.key.name] == key


@SETS
def test_everything_belongs_to_a_tenant_that_there_is(spec: ResourceSpec) -> None:
    """A tenant id is one of the forty, wherever it stands, and goes with that tenant's name."""
    for row in rows(spec.entity_set):
        for name, value in members(row):
            if name == "tenantId":
                assert value in TENANTS
        if {"tenantId", "tenantDisplayName"} <= set(row):
            assert TENANTS[row["tenantId"]] == row["tenantDisplayName"]


def test_lists_and_texts_of_tenants_name_those_that_there_are() -> None:
    """Groups list ids; audit events write them one after the other."""
    assert {key for row in rows("tenantGroups") for key in row["tenantIds"]} <= set(TENANTS)
    for row in rows("auditEvents"):
        assert {TENANTS[key] for key in row["tenantIds"].split(",")} <= set(TENANTS.values())


def test_there_are_forty_tenants() -> None:
    """No two of a name, and the first ones are those of the connections."""
    assert len(set(TENANTS.values())) == len(TENANTS) == 40
    assert {row["tenantId"] for row in rows("cloudPcConnections")} == set(TENANTS)


@pytest.mark.parametrize(
    ("entity_set", "name", "target"),
    [
        pytest.param("cloudPcDevices", "managedDeviceId", "managedDeviceCompliances", id="Cloud PCs are devices"),
        pytest.param("windowsProtectionStates", "managedDeviceId", "managedDeviceCompliances", id="protected devices"),
        pytest.param("windowsDeviceMalwareStates", "managedDeviceId", "windowsProtectionStates", id="infected devices"),
        pytest.param("deviceHealthStatuses", "deviceId", "managedDeviceCompliances", id="healthy devices"),
        pytest.param("deviceAppPerformances", "deviceId", "deviceHealthStatuses", id="devices with apps"),
    ],
)
def test_devices_are_the_same_everywhere(entity_set: str, name: str, target: str) -> None:
    """What is told of a device is told of one that is managed, and in the same tenant."""
    key = "deviceId" if target == "deviceHealthStatuses" else "managedDeviceId"
    known = {row[key]: row["tenantId"] for row in rows(target)}
    assert {row[name]: row["tenantId"] for row in rows(entity_set)}.items() <= known.items()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("managementTemplateId", "managementTemplates"),
        ("referenceTemplateId", "managementTemplates"),
        ("managementTemplateCollectionId", "managementTemplateCollections"),
        ("managementTemplateStepId", "managementTemplateSteps"),
        ("managementActionId", "managementActions"),
        ("managementIntentId", "managementIntents"),
        ("tenantGroupId", "tenantGroups"),
    ],
)
def test_ids_lead_to_entities(name: str, target: str) -> None:
    """What is named by its id is there, wherever it is named."""
    found = {value for entity_set in SPECS for row in rows(entity_set) for each, value in members(row) if each == name}
    assert found
    assert found <= {row["id"] for row in rows(target)}


def test_an_overview_counts_what_there_is() -> None:
    """The sums of a tenant are those of its connections, its Cloud PCs and their plans, whatever the case."""
    for row in rows("cloudPcsOverview"):
        connections, cloud_pcs = (
            [each for each in rows(name) if each["tenantId"] == row["tenantId"]]
            for name in ("cloudPcConnections", "cloudPcDevices")
        )
        assert row["totalCloudPcConnectionStatus"] == len(connections)
        passed = [each for each in connections if each["healthCheckStatus"].lower() == "passed"]
        assert row["numberOfCloudPcConnectionStatusPassed"] == len(passed)
        assert row["totalCloudPcStatus"] == len(cloud_pcs)
        provisioned = [each for each in cloud_pcs if each["cloudPcStatus"].lower() == "provisioned"]
        assert row["numberOfCloudPcStatusProvisioned"] == len(provisioned)
        business = [each for each in cloud_pcs if each["servicePlanType"].lower() == "business"]
        assert (row["totalBusinessLicenses"], row["totalEnterpriseLicenses"]) == (
            len(business),
            len(cloud_pcs) - len(business),
        )


def test_every_link_is_declared_and_has_its_inverse() -> None:
    """The emulator knows the other end of each navigation property but those of sets within entities."""
    names = {spec.name: spec for spec in CATALOG}
    declared = {
        (spec.entity_set, link.name): names[link.target].entity_set
        for spec in CATALOG
        for link in spec.links
        if names[link.target].within != spec.name and spec.within != link.target
    }
    known = {near: far[0] for pair in PAIRS for near, far in (pair, pair[::-1])}
    assert known == declared


def test_links_lead_to_entities_and_back() -> None:
    """Both ends are there, each leads to the other, and a property for one entity leads to one at most."""
    inverses = {near: far for pair in PAIRS for near, far in (pair, pair[::-1])}
    single = {(spec.entity_set, link.name) for spec in CATALOG for link in spec.links if not link.is_list}
    links = sample().links
    for (end, key), targets in links.items():
        assert key in sample().sets[end[0], ""]
        assert len(targets) == len(set(targets)) == (1 if end in single else len(targets))
        for target in targets:
            assert key in links[inverses[end], target]


def test_every_link_leads_somewhere() -> None:
    """There is something to see along each navigation property."""
    assert {end for end, _ in sample().links} == {near for pair in PAIRS for near in pair}


@SETS
def test_nothing_changed_before_it_was_made(spec: ResourceSpec) -> None:
    """The dates of an entity are in order, and none is later than the sample but for a grace period's end."""
    for row in rows(spec.entity_set):
        if {"createdDateTime", "lastActionDateTime"} <= set(row):
            assert to_moment(row["createdDateTime"]) <= to_moment(row["lastActionDateTime"])
        for name, value in members(row):
            if name.endswith("DateTime") and value and name not in {"inGracePeriodUntilDateTime", "countDateTime"}:
                assert to_moment(value) <= to_moment("2026-11-21T04:00:00Z")


def test_what_stood_in_the_sample_first_still_does() -> None:
    """Examples refer to it."""
    connections, tags = rows("cloudPcConnections"), rows("tenantTags")
    assert (len(connections), connections[0]["displayName"]) == (47, "anc-northeurope-pilot-01")
    assert (len(tags), tags[0]["displayName"]) == (8, "Gold support")


def test_the_sample_shows_what_real_data_is_like() -> None:
    """Statuses in both cases, all seven digits of a second, letters beyond ASCII, nulls and empty lists: all occur."""
    connections, tags = rows("cloudPcConnections"), rows("tenantTags")
    assert {each["healthCheckStatus"] for each in connections} >= {"Passed", "passed", "failed", "pending", "running"}
    assert {each["complianceStatus"] for each in rows("managedDeviceCompliances")} >= {"Compliant", "compliant"}
    assert all(len(each["lastRefreshedDateTime"]) == len("2026-11-21T03:46:54.9482428Z") for each in connections)
    assert any(not each["displayName"].isascii() for each in connections)
    assert any(each["description"] is None and each["tenants"] == [] for each in tags)
    assert any("," in (each["notificationFinalDestinations"] or "") for each in rows("managedTenantAlertRules"))


@pytest.mark.parametrize(("enum", "names"), LATER.items())
def test_later_members_of_enums_are_declared_and_occur(enum: str, names: tuple[str, ...]) -> None:
    """They are members of an enum of the catalogue, and some tenant has each."""
    [status] = [each.type for each in SPECS["tenants"].properties if isinstance(each.type, ComplexSpec)][-1:]
    assert isinstance(status, ComplexSpec)
    found = {each.type.name: each for each in status.properties if isinstance(each.type, EnumSpec)}[enum]
    assert isinstance(found.type, EnumSpec)
    assert set(names) <= {each.name for each in found.type.members}
    assert set(names) <= {row["tenantStatusInformation"][found.name] for row in rows("tenants")}
