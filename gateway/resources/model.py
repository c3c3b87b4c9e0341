"""The catalogue as a whole: which resource a name means, and how resources refer to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.resources.spec import ActionSpec, ComplexSpec, EnumSpec, PropertySpec, ResourceSpec

TypeSpec = ResourceSpec | ComplexSpec | EnumSpec


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of `source` name a row of `target` by its property `by`, under the same name."""

    source: ResourceSpec
    target: ResourceSpec
    by: str


class Model:
    """Refuses a catalogue in which a name means two things, or nothing."""

    def __init__(self, catalog: Iterable[ResourceSpec]) -> None:
        self.catalog = tuple(catalog)
        self.types = _types_by_name(self.catalog)
        self._resources = {spec.name: spec for spec in self.catalog}
        for spec in self.catalog:
            for name in _named_resources(spec):
                if name not in self._resources:
                    raise TypeError(f"{spec.name}: there is no resource {name} in the catalogue")
        targets = [spec for spec in self.catalog if spec.joined_by]
        self.joins = tuple(
            Join(source, target, target.joined_by)
            for target in targets
            for source in self.catalog
            if target.joined_by and source is not target and source.has_property(target.joined_by)
        )

    def resource(self, name: str) -> ResourceSpec:
        return self._resources[name]

    def parent_of(self, spec: ResourceSpec) -> ResourceSpec | None:
        """The resource whose entities have sets of this one."""
        return self._resources[spec.within] if spec.within else None


def _named_resources(spec: ResourceSpec) -> list[str]:
    returned = [each.returns for each in spec.actions if isinstance(each.returns, str)]
    return [*([spec.within] if spec.within else []), *(each.target for each in spec.links), *returned]


def _types_by_name(catalog: tuple[ResourceSpec, ...]) -> Mapping[str, TypeSpec]:
    """Every type that can be reached, in the order in which it is first met."""
    named: dict[str, TypeSpec] = {}
    for spec in catalog:
        _add(spec, named)
    return named


def _add(spec: TypeSpec, named: dict[str, TypeSpec]) -> None:
    if spec.name in named:
        if named[spec.name] != spec:
            raise TypeError(f"{spec.name}: two types have this name")
        return
    named[spec.name] = spec
    for each in _parts(spec):
        _add(each, named)


def _parts(spec: TypeSpec) -> list[ComplexSpec | EnumSpec]:
    """The enums and complex types that the type is made of."""
    if isinstance(spec, EnumSpec):
        return []
    actions: tuple[ActionSpec, ...] = spec.actions if isinstance(spec, ResourceSpec) else ()
    properties: list[PropertySpec] = [*spec.properties, *(each for action in actions for each in action.parameters)]
    returned = [each.returns for each in actions if isinstance(each.returns, ComplexSpec)]
    return [*(each.type for each in properties if isinstance(each.type, ComplexSpec | EnumSpec)), *returned]
