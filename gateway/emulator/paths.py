"""A path of segments → what it addresses, step by step from the root of the namespace.

    the root     an entity set
    a set        `$count`, an action bound to it, the key of an entity
    an entity    a set within it, a navigation property, an action bound to it

https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_ResourcePath
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.emulator.messages import RefusalError, bad_request
from gateway.resources.spec import NAMESPACE, ROOT_PATH, ActionSpec, LinkSpec, ResourceSpec

VERSIONS: Final = ("v1.0", "beta")
ROOT: Final = ROOT_PATH.strip("/").split("/")


class Kind(Enum):
    SET = auto()
    COUNT = auto()
    ENTITY = auto()
    ACTION = auto()


@dataclass(frozen=True, slots=True)
class Address:
    """`spec` is of the entities there, or of those that the action is bound to.

    `segment` is the last one: the key of an entity, else a name. `above` is what the segments before it address, None
    for a set of the namespace. `link`: the navigation property that leads here.
    """

    kind: Kind
    spec: ResourceSpec
    segment: str
    above: "Address | None" = None
    link: LinkSpec | None = None
    action: ActionSpec | None = None

    @property
    def parent(self) -> "Address | None":
        """The entity that the set here is within."""
        return self.above if self.kind is Kind.SET and self.link is None else None


Step = Callable[[Address, str], Address | None]


class Paths:
    """All paths of a catalogue. `namespace_versions` are the versions in which the namespace exists."""

    def __init__(self, catalog: Iterable[ResourceSpec], namespace_versions: Collection[str]) -> None:
        self._types = {spec.name: spec for spec in catalog}
        self._sets = {(spec.within, spec.entity_set): spec for spec in self._types.values()}
        self._namespace_versions = namespace_versions
        self._steps: Mapping[Kind, tuple[Step, ...]] = {
            Kind.SET: (_count, _action_on_set, _key),
            Kind.COUNT: (),
            Kind.ENTITY: (self._set_within, self._link, _action_on_entity),
            Kind.ACTION: (),
        }

    def resolve(self, version: str, segments: list[str]) -> Address:
        """Refuses with the name of the first segment that leads nowhere."""
        known = ROOT if version in self._namespace_versions else ROOT[:1]
        for index, segment in enumerate(segments[: len(ROOT)]):
            if segment not in known[index : index + 1]:
                raise _no_segment(segment)
        below = segments[len(ROOT) :]
        if not below:
            raise _no_segment(ROOT[-1])
        spec = self._sets.get((None, below[0]))
        if spec is None:
            raise _no_segment(below[0])
        address = Address(Kind.SET, spec, below[0])
        for segment in below[1:]:
            address = self._next(address, segment)
        return address

    def _next(self, address: Address, segment: str) -> Address:
        for step in self._steps[address.kind]:
            found = step(address, segment)
            if found is not None:
                return found
        raise _no_segment(segment)

    def _set_within(self, entity: Address, segment: str) -> Address | None:
        spec = self._sets.get((entity.spec.name, segment))
        return Address(Kind.SET, spec, segment, entity) if spec else None

    def _link(self, entity: Address, segment: str) -> Address | None:
        for link in entity.spec.links:
            if link.name == segment and link.target in self._types:
                kind = Kind.SET if link.is_list else Kind.ENTITY
                return Address(kind, self._types[link.target], segment, entity, link)
        return None


def _count(entities: Address, segment: str) -> Address | None:
    return Address(Kind.COUNT, entities.spec, segment, entities) if segment == "$count" else None


def _key(entities: Address, segment: str) -> Address:
    return Address(Kind.ENTITY, entities.spec, segment, entities)


def _action_on_set(entities: Address, segment: str) -> Address | None:
    return _action(entities, segment, on_set=True)


def _action_on_entity(entity: Address, segment: str) -> Address | None:
    return _action(entity, segment, on_set=False)


def _action(target: Address, segment: str, *, on_set: bool) -> Address | None:
    """By its name, or that with the namespace before it."""
    for action in target.spec.actions:
        if action.on_set is on_set and segment.removeprefix(f"{NAMESPACE}.") == action.wire_name:
            return Address(Kind.ACTION, target.spec, segment, target, action=action)
    return None


def _no_segment(segment: str) -> RefusalError:
    return bad_request(f"Resource not found for the segment '{segment}'.")
