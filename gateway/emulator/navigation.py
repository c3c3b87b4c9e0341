"""An address → the rows that are there. Refuses with 404 where a key on the way leads to nothing."""

from collections.abc import Sequence

from gateway.emulator.messages import RefusalError
from gateway.emulator.paths import Address
from gateway.emulator.store import ROOT, Row, Store


def rows_at(store: Store, entities: Address) -> Sequence[Row]:
    """The rows of a set."""
    if entities.link:
        return _linked(store, entities)
    return store.all(entities.spec.entity_set, within_of(store, entities))


def row_at(store: Store, entity: Address) -> Row:
    """The row of an entity."""
    found = next(iter(_linked(store, entity)), None) if entity.link else _keyed(store, entity)
    if found is None:
        raise RefusalError(404, "ResourceNotFound", f"Resource '{entity.segment}' does not exist.")
    return found


def within_of(store: Store, entities: Address) -> str:
    """The key of the entity that a set is within, which must be there."""
    if entities.parent is None:
        return ROOT
    key: str = row_at(store, entities.parent)[entities.parent.spec.key.name]
    return key


def _keyed(store: Store, entity: Address) -> Row | None:
    entities = entity.above
    assert entities is not None
    if entities.link:
        key = entities.spec.key.name
        return next((row for row in _linked(store, entities) if row[key] == entity.segment), None)
    return store.find(entities.spec.entity_set, entity.segment, within_of(store, entities))


def _linked(store: Store, address: Address) -> list[Row]:
    """Where a navigation property leads; links to entities that are gone are passed over."""
    source, link = address.above, address.link
    assert source is not None
    assert link is not None
    row = row_at(store, source)
    parent = source.above and source.above.parent
    if parent and parent.spec.name == link.target:
        return [row_at(store, parent)]
    keys = store.links.targets((source.spec.entity_set, link.name), row[source.spec.key.name])
    found = [store.find(address.spec.entity_set, key) for key in keys]
    return [each for each in found if each is not None]
