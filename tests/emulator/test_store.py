"""The entities, and the sample that they start as."""

from itertools import count

import pytest

from gateway.emulator.bodies import PRIMITIVES
from gateway.emulator.instants import to_moment
from gateway.emulator.store import Store, sample
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import Primitive, ResourceSpec
from tests.emulator.client import TAGS, Client

SETS = pytest.mark.parametrize("spec", CATALOG, ids=[spec.entity_set for spec in CATALOG])


def test_there_is_a_sample_of_every_set() -> None:
    """Whoever tries a query sees something; no set is there that the catalogue does not have."""
    assert {name: len(entities) > 0 for name, entities in sample().items()} == {
        spec.entity_set: True for spec in CATALOG
    }


@SETS
def test_the_sample_has_the_declared_members(spec: ResourceSpec) -> None:
    """Each entity has every property, no other, with values of its type; keys are unique."""
    entities = sample()[spec.entity_set]
    for entity in entities:
        assert set(entity) == {each.name for each in spec.properties}
        for each in spec.properties:
            if isinstance(each.type, Primitive) and entity[each.name] is not None:
                assert PRIMITIVES[each.type](entity[each.name])
    assert len({entity[spec.key.name] for entity in entities}) == len(entities)


def test_a_tenant_has_one_name_in_the_sample() -> None:
    """The same tenant id goes with the same display name wherever both stand, and the other way round."""
    pairs = {(each["tenantId"], each["tenantDisplayName"]) for each in sample()["cloudPcConnections"]}
    assert len({key for key, _ in pairs}) == len({name for _, name in pairs}) == len(pairs)


def test_tags_are_on_tenants_that_there_are() -> None:
    """Every tenant that a tag names is one of those that other entities belong to, and is named once."""
    tenants = {each["tenantId"] for each in sample()["cloudPcConnections"]}
    for tag in sample()["tenantTags"]:
        tagged = [each["tenantId"] for each in tag["tenants"]]
        assert set(tagged) <= tenants
        assert len(set(tagged)) == len(tagged)


def test_nothing_in_the_sample_changed_before_it_was_made() -> None:
    """The dates of an entity are in order."""
    for tag in sample()["tenantTags"]:
        assert to_moment(tag["createdDateTime"]) <= to_moment(tag["lastActionDateTime"])


def test_the_sample_shows_what_real_data_is_like() -> None:
    """Statuses in both cases, all seven digits of a second, letters beyond ASCII, nulls and empty lists: all occur."""
    connections, tags = sample()["cloudPcConnections"], sample()["tenantTags"]
    assert {each["healthCheckStatus"] for each in connections} >= {"Passed", "passed", "failed", "pending", "running"}
    assert all(len(each["lastRefreshedDateTime"]) == len("2026-11-21T03:46:54.9482428Z") for each in connections)
    assert any(not each["displayName"].isascii() for each in connections)
    assert any(each["description"] is None and each["tenants"] == [] for each in tags)


def test_an_entity_is_completed_when_it_is_added() -> None:
    """Missing members are null or empty, a missing key is the next one; what is not declared is kept."""
    numbers = count(1)
    store = Store(CATALOG, new_key=lambda: str(next(numbers)))
    store.clear()
    added = [store.add("tenantTags", {"displayName": "Gold", "colour": "red"}), store.add("tenantTags", {"id": ""})]
    assert [(each["id"], each["displayName"], each["tenants"], each.get("colour")) for each in added] == [
        ("1", "Gold", [], "red"),
        ("2", None, [], None),
    ]
    assert store.all("tenantTags") == added


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "cleared"])
async def test_the_store_can_be_set_back(graph: Client, reset: bool) -> None:
    """To the sample, untouched by what was done to the entities made from it; or to nothing."""
    key = sample()["tenantTags"][0]["id"]
    graph.emulator.store.change("tenantTags", key, {"tenants": [], "displayName": "changed"})
    (graph.emulator.store.reset if reset else graph.emulator.store.clear)()
    assert await graph.rows(TAGS) == (sample()["tenantTags"] if reset else [])
