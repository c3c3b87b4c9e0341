"""The entities of every set and the links between them, in memory and in the order of their arrival.

A row is a JSON object with every declared property. Rows are never changed, only replaced: they go out as they are.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from uuid import uuid4

from gateway.emulator.links import Links
from gateway.emulator.messages import Json
from gateway.emulator.sample.provider import sample
from gateway.resources.spec import PropertySpec, ResourceSpec

Row = Mapping[str, Json]

ROOT: Final = ""
"""Of sets that are within no entity."""


def new_guid() -> str:
    return str(uuid4())


class Store:
    """Tells nothing of HTTP: who asks checks first. `within` is the key of the entity that a set is within."""

    def __init__(self, catalog: Iterable[ResourceSpec], *, new_key: Callable[[], str] = new_guid) -> None:
        self._specs = {spec.entity_set: spec for spec in catalog}
        self._new_key = new_key
        self._sets: dict[tuple[str, str], dict[str, Row]] = {}
        self.links = Links({})
        self.reset()

    def reset(self) -> None:
        """Back to the sample."""
        found = sample()
        self._sets = {place: dict(rows) for place, rows in found.sets.items() if place[0] in self._specs}
        self.links = Links(found.links)

    def clear(self) -> None:
        """Nothing in any set."""
        self._sets = {}
        self.links = Links({})

    def all(self, entity_set: str, within: str = ROOT) -> list[Row]:
        return list(self._sets.get((entity_set, within), {}).values())

    def find(self, entity_set: str, key: str, within: str = ROOT) -> Row | None:
        return self._sets.get((entity_set, within), {}).get(key)

    def add(self, entity_set: str, members: Mapping[str, Json], within: str = ROOT) -> Row:
        """The new row: undeclared members are kept, missing ones are null or empty, a missing key is assigned.

        Raises `KeyError` for a key that is taken.
        """
        spec = self._specs[entity_set]
        rows = self._sets.setdefault((entity_set, within), {})
        row = {each.name: _nothing(each) for each in spec.properties} | dict(members)
        key = row[spec.key.name] or self._new_key()
        if key in rows:
            raise KeyError(key)
        rows[key] = row | {spec.key.name: key}
        return rows[key]

    def change(self, entity_set: str, key: str, members: Mapping[str, Json], within: str = ROOT) -> Row:
        """The row with other values; raises `KeyError` if there is none."""
        rows = self._sets[entity_set, within]
        rows[key] = {**rows[key], **members}
        return rows[key]

    def remove(self, entity_set: str, key: str, within: str = ROOT) -> None:
        """With the sets within it; raises `KeyError` if there is none."""
        del self._sets[entity_set, within][key]
        for spec in self._specs.values():
            if spec.within == self._specs[entity_set].name:
                self._sets.pop((spec.entity_set, key), None)


def _nothing(spec: PropertySpec) -> Json:
    return [] if spec.is_list else None
