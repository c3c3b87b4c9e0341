"""The schema in GraphQL's own language, as `schema.graphql` has it, in an order that reads well.

First what can be asked; then each resource, followed by the types that it is the first to need; then what all share.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

from graphql import DefinitionNode, SchemaDefinitionNode, TypeDefinitionNode, parse

from gateway.resources.model import Model, TypeSpec
from gateway.resources.spec import ComplexSpec, EnumSpec, ResourceSpec
from gateway.schema.build import build_schema

ROOTS: Final = ("Query", "Mutation")


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
    """The GraphQL types that are made from a spec, in their order."""
    name = spec.name
    match spec:
        case ComplexSpec():
            yield from (name, f"{name}Input")
        case EnumSpec():
            yield from (name, f"{name}Filter")
        case ResourceSpec():
            of_set = f"{spec.entity_set[0].upper()}{spec.entity_set[1:]}"
            yield from (name, f"{name}Connection", f"{name}Edge", f"{name}Filter", f"{name}Order")
            yield from (f"Create{name}Input", f"Update{name}Input", f"Create{of_set}Payload", f"Create{name}Result")


def _text(definition: DefinitionNode, text: str) -> str:
    assert definition.loc is not None
    return text[definition.loc.start : definition.loc.end]
