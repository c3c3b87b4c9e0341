"""Strawberry's types, fields and arguments, made from values instead of annotations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from keyword import iskeyword
from types import MappingProxyType
from typing import Any, Final, Optional

import strawberry
from graphql import GraphQLField
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directives import OneOf
from strawberry.types.arguments import InputContext, StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

GraphQLType = Any
"""A Strawberry type or a typing construct over one: what Strawberry accepts as an annotation."""

READER: Final = "reader"
"""The member of a field's metadata that has the function which reads it."""


def optional(of: GraphQLType) -> GraphQLType:
    return Optional[of]  # noqa: UP045 - the type is a value here


def list_of(of: GraphQLType) -> GraphQLType:
    return list[of]


def build_field(name: str, of: GraphQLType, description: str) -> StrawberryField:
    """A member that is read from the source by its name, or one of an input."""
    return StrawberryField(
        python_name=f"{name}_" if iskeyword(name) else name,
        graphql_name=name,
        type_annotation=_annotation(of),
        description=description,
    )


def build_resolved(
    name: str, of: GraphQLType, description: str, resolver: Callable[..., Any], *arguments: StrawberryArgument
) -> StrawberryField:
    """A field with a resolver, which is given the arguments by name."""
    field: StrawberryField = strawberry.field(resolver=resolver, name=name, description=description, graphql_type=of)
    field.python_name = name
    field.arguments = list(arguments)
    return field


def build_read(name: str, of: GraphQLType, description: str, reader: Callable[[Any], Any]) -> StrawberryField:
    """A field whose value is made of its source by a function."""
    field = build_field(name, of, description)
    field.metadata = MappingProxyType({READER: reader})
    return field


def reader_of(field: GraphQLField) -> Callable[[Any], Any] | None:
    """What was given to `build_read`; None for a field that is read by its name."""
    reader: Callable[[Any], Any] | None = metadata_of(field).get(READER)
    return reader


def metadata_of(field: GraphQLField) -> Mapping[Any, Any]:
    """The metadata of the field as Strawberry made it."""
    made: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return made.metadata if made else {}


def build_argument(name: str, of: GraphQLType, description: str, *, default: Any = UNSET) -> StrawberryArgument:
    return StrawberryArgument(name, name, _annotation(of), description=description, default=default)


@cache
def _annotation(of: GraphQLType) -> StrawberryAnnotation:
    """One for each type: it remembers what it stands for, which takes Strawberry a while to find out."""
    return StrawberryAnnotation(of)


def build_object(name: str, description: str, fields: Iterable[StrawberryField]) -> GraphQLType:
    return _define(name, description, fields)


def build_input(name: str, description: str, fields: Iterable[StrawberryField], *, one_of: bool = False) -> GraphQLType:
    """An input whose values reach resolvers as plain dicts: an absent member is absent, a null is None."""
    directives = [OneOf()] if one_of else []
    return _define(name, description, fields, is_input=True, directives=directives, from_input=_as_given)


def _define(
    name: str,
    description: str,
    fields: Iterable[StrawberryField],
    *,
    is_input: bool = False,
    directives: Sequence[object] = (),
    from_input: Callable[[type, Mapping[str, Any], InputContext], Any] | None = None,
) -> GraphQLType:
    """A type with its definition, as integrations make one: nobody needs the dataclass that `strawberry.type` makes."""
    made: GraphQLType = type(name, (), {})
    members = list(fields)
    for each in members:
        each.origin = made
    made.__strawberry_definition__ = StrawberryObjectDefinition(
        name=name,
        is_input=is_input,
        is_interface=False,
        origin=made,
        description=description,
        interfaces=[],
        extend=False,
        directives=directives,
        is_type_of=None,
        resolve_type=None,
        fields=members,
        from_input=from_input,
    )
    return made


def definition_of(made: GraphQLType) -> StrawberryObjectDefinition:
    definition: StrawberryObjectDefinition = made.__strawberry_definition__
    return definition


def _as_given(_: type, value: Mapping[str, Any], __: InputContext) -> Mapping[str, Any]:
    return value
