"""The schema in GraphQL's own language, as `schema.graphql` has it, in an order that reads well.

First what can be asked; then each resource, followed by the types that it is the first to need; then what all share.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from graphql import DefinitionNode, SchemaDefinitionNode, TypeDefinitionNode, parse

from gateway.resources.model import Model, TypeSpec
from gateway.resources.spec import ComplexSpec, EnumSpec, ResourceSpec
from gateway.schema.build import build_schema

ROOTS: Final = ("Query", "Mutation")

NAMES: Final[Mapping[type, tuple[str, ...]]] = {
    ComplexSpec: ("{0}", "{0}Input"),
    EnumSpec: ("{0}", "{0}Filter"),
    ResourceSpec: (
        "{0}",
        "{0}Connection",
        "{0}Edge",
        "{0}Filter",
        "{0}Order",
        "Create{0}Input",
        "Update{0}Input",
        "Create{1}Payload",
        "Create{0}Result",
    ),
}
"""Kind of spec → the GraphQL types that are made from it, in their order. 0 is its name, 1 its entity set's."""


@cache
def print_sdl(catalog: tuple[ResourceSpec, ...]) -> str:
    """Strawberry's text with its definitions in another order. Kept, as the schema is."""
    text = build_schema(catalog).as_str()
    names = [*ROOTS, *(name for spec in Model(catalog).types.values() for name in _names(spec))]
    ranks = {name: rank for rank, name in enumerate(names)}

    def rank(definition: DefinitionNode) -> int:
        if isinstance(definition, TypeDefinitionNode):
            return ranks.get(definition.name.value, len(ranks))
        return -1 if isinstance(definition, SchemaDefinitionNode) else -2

    return "\n\n".join(_text(each, text) for each in sorted(parse(text).definitions, key=rank)) + "\n"


def _names(spec: TypeSpec) -> Iterator[str]:
    of_set = spec.entity_set if isinstance(spec, ResourceSpec) else ""
    return (each.format(spec.name, f"{of_set[:1].upper()}{of_set[1:]}") for each in NAMES[type(spec)])


def _text(definition: DefinitionNode, text: str) -> str:
    assert definition.loc is not None
    return text[definition.loc.start : definition.loc.end]
