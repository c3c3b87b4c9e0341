"""The entities, and the links between them."""

from itertools import count

import pytest

from gateway.emulator.links import Links
from gateway.emulator.sample.provider import sample
from gateway.emulator.store import Store
from gateway.resources.catalog import CATALOG
from tests.emulator.client import TAGS, Client
from tests.emulator.gadgets import CATALOG as GADGETS


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
    store, tags = graph.emulator.store, list(sample().sets["tenantTags", ""].values())
    store.change("tenantTags", tags[0]["id"], {"tenants": [], "displayName": "changed"})
    store.add("tenantTags", {})
    store.links.join(("managedTenantAlerts", "alertLogs"), "1", "2")
    (store.reset if reset else store.clear)()
    assert await graph.rows(TAGS) == (tags if reset else [])
    assert store.links.all() == (sample().links if reset else {})


def test_a_row_that_is_out_stays_as_it_is() -> None:
    """A change is a new row: whoever has the old one is not surprised."""
    store = Store(GADGETS)
    before = store.add("gadgets", {"id": "1", "name": "old"})
    after = store.change("gadgets", "1", {"name": "new"})
    assert (before["name"], after["name"]) == ("old", "new")
    assert store.all("gadgets") == [after]


def test_each_entity_has_a_set_of_its_own() -> None:
    """Keys are unique in a set only, and what is within an entity goes with it."""
    store = Store(GADGETS)
    for within in ("1", "2"):
        store.add("gadgets", {"id": within})
        store.add("parts", {"id": "1", "name": f"of {within}"}, within)
    assert [store.all("parts", within)[0]["name"] for within in ("1", "2")] == ["of 1", "of 2"]
    store.remove("gadgets", "1")
    store.add("gadgets", {"id": "1"})
    assert (store.all("parts", "1"), store.find("parts", "1", "2")) == ([], {"id": "1", "name": "of 2"})


def test_a_join_leads_both_ways() -> None:
    """In the order in which entities were joined, and from either end."""
    links = Links({})
    links.join(("managedTenantAlerts", "alertLogs"), "alert", "first")
    links.join(("managedTenantAlertLogs", "alert"), "second", "alert")
    assert links.targets(("managedTenantAlerts", "alertLogs"), "alert") == ("first", "second")
    assert links.targets(("managedTenantAlertLogs", "alert"), "first") == ("alert",)
    assert links.targets(("managedTenantAlertLogs", "alert"), "alert") == ()
