"""The entities of every set, in memory and in the order of their arrival. Seeded from `sample.json`.

An entity is a JSON object with every declared property. What goes in and comes out are copies.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from uuid import uuid4

from gateway.emulator.messages import Json
from gateway.resources.spec import PropertySpec, ResourceSpec

Entity = dict[str, Json]


def new_guid() -> str:
    return str(uuid4())


class Store:
    """Tells nothing of HTTP: who asks checks first."""

    def __init__(self, catalog: Iterable[ResourceSpec], *, new_key: Callable[[], str] = new_guid) -> None:
        self._specs = {spec.entity_set: spec for spec in catalog}
        self._new_key = new_key
        self._sets: dict[str, dict[str, Entity]] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the sample."""
        self.clear()
        for entity_set in self._specs:
            for entity in sample().get(entity_set, ()):
                self.add(entity_set, entity)

    def clear(self) -> None:
        """Nothing in any set."""
        self._sets = {entity_set: {} for entity_set in self._specs}

    def all(self, entity_set: str) -> list[Entity]:
        return deepcopy(list(self._sets[entity_set].values()))

    def find(self, entity_set: str, key: str) -> Entity | None:
        return deepcopy(self._sets[entity_set].get(key))

    def add(self, entity_set: str, members: Mapping[str, Json]) -> Entity:
        """The new entity: undeclared members are kept, missing ones are null or empty, a missing key is assigned.

        Raises `KeyError` for a key that is taken.
        """
        spec = self._specs[entity_set]
        entity = {each.name: _nothing(each) for each in spec.properties} | deepcopy(dict(members))
        key = entity[spec.key.name] or self._new_key()
        if key in self._sets[entity_set]:
            raise KeyError(key)
        entity[spec.key.name] = key
        self._sets[entity_set][key] = entity
        return deepcopy(entity)

    def change(self, entity_set: str, key: str, members: Mapping[str, Json]) -> Entity:
        """The entity with other values; raises `KeyError` if there is none."""
        entity = self._sets[entity_set][key]
        entity |= deepcopy(dict(members))
        return deepcopy(entity)

    def remove(self, entity_set: str, key: str) -> None:
        """Raises `KeyError` if there is none."""
        del self._sets[entity_set][key]


@cache
def sample() -> Mapping[str, list[Entity]]:
    """Entity set → entities of an invented service provider."""
    loaded: Mapping[str, list[Entity]] = json.loads(
        files("gateway.emulator").joinpath("sample.json").read_text(encoding="utf-8")
    )
    return loaded


def _nothing(spec: PropertySpec) -> Json:
    return [] if spec.is_list else None
