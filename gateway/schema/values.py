"""Properties → output fields and input fields: primitives, enums and complex types.

Values stay Graph's JSON throughout; only an enum's text is matched with the names that are declared.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

import strawberry
from strawberry.types.field import StrawberryField

from gateway.mapping.values import from_flags, from_name
from gateway.resources.spec import FUTURE, ComplexSpec, EnumSpec, Presence, Primitive, PropertySpec
from gateway.schema.fields import (
    GraphQLType,
    build_field,
    build_input,
    build_object,
    build_read,
    list_of,
    optional,
)
from gateway.schema.scalars import DateTime, Long
from gateway.schema.source import read_member

SCALAR_OF: Final[Mapping[Primitive, GraphQLType]] = {
    Primitive.STRING: str,
    Primitive.BOOLEAN: bool,
    Primitive.INT32: int,
    Primitive.INT64: Long,
    Primitive.DOUBLE: float,
    Primitive.DATE_TIME: DateTime,
}

RAW: Final = "Raw"
"""Ends the name of the field that has an enum's text as Graph sent it."""


class ValueTypes:
    """The GraphQL types of enums and complex types, made once each however many resources use them."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], GraphQLType] = {}

    def output_fields(self, spec: PropertySpec) -> list[StrawberryField]:
        """The field, and for an enum the one with its text."""
        if isinstance(spec.type, EnumSpec):
            return self._enum_fields(spec, spec.type)
        return [build_field(spec.name, self._output(spec), spec.description)]

    def input_field(self, spec: PropertySpec, presence: Presence) -> StrawberryField:
        of = self.input(spec)
        return build_field(spec.name, of if presence is Presence.REQUIRED else optional(of), spec.description)

    def input(self, spec: PropertySpec) -> GraphQLType:
        match spec.type:
            case EnumSpec():
                of = self.enum(spec.type)
            case ComplexSpec():
                of = self._once("input", spec.type, self._build_input)
            case _:
                of = strawberry.ID if spec.is_key else SCALAR_OF[spec.type]
        return list_of(of) if spec.is_list or _is_flags(spec) else of

    def object(self, spec: ComplexSpec) -> GraphQLType:
        return self._once("object", spec, self._build_object)

    def enum(self, spec: EnumSpec) -> GraphQLType:
        return self._once("enum", spec, _build_enum)

    def _output(self, spec: PropertySpec) -> GraphQLType:
        """Nullable but for keys: Graph shortens answers, and a missing member must not blank its object."""
        if spec.is_key:
            return strawberry.ID
        assert not isinstance(spec.type, EnumSpec)
        of = self.object(spec.type) if isinstance(spec.type, ComplexSpec) else SCALAR_OF[spec.type]
        return optional(list_of(of) if spec.is_list else of)

    def _enum_fields(self, spec: PropertySpec, enum: EnumSpec) -> list[StrawberryField]:
        made = self.enum(enum)
        of = list_of(made) if enum.is_flags else made
        read = from_flags if enum.is_flags else from_name

        raw = f"`{spec.name}` as Microsoft Graph wrote it."
        return [
            build_read(
                spec.name, optional(of), spec.description, lambda source: read(enum, read_member(source, spec.name))
            ),
            build_read(f"{spec.name}{RAW}", optional(str), raw, lambda source: read_member(source, spec.name)),
        ]

    def _build_object(self, spec: ComplexSpec) -> GraphQLType:
        fields = [field for each in spec.properties for field in self.output_fields(each)]
        return build_object(spec.name, spec.description, fields)

    def _build_input(self, spec: ComplexSpec) -> GraphQLType:
        fields = [self.input_field(each, Presence.OPTIONAL) for each in spec.properties]
        return build_input(f"{spec.name}Input", spec.description, fields)

    def _once(self, kind: str, spec: Any, build: Callable[[Any], GraphQLType]) -> GraphQLType:
        if (kind, spec.name) not in self._made:
            self._made[kind, spec.name] = build(spec)
        return self._made[kind, spec.name]


def properties_read(properties: Iterable[PropertySpec]) -> dict[str, str]:
    """Name of each field that `output_fields` makes → the property that it reads."""
    read: dict[str, str] = {}
    for each in properties:
        read[each.name] = each.name
        if isinstance(each.type, EnumSpec):
            read[f"{each.name}{RAW}"] = each.name
    return read


def _is_flags(spec: PropertySpec) -> bool:
    return isinstance(spec.type, EnumSpec) and spec.type.is_flags


def _build_enum(spec: EnumSpec) -> GraphQLType:
    names = {each.name: strawberry.enum_value(each.name, description=each.description) for each in spec.members}
    names[FUTURE] = strawberry.enum_value(
        FUTURE, description=f"A value that this gateway does not know; `…{RAW}` has its text. Refused as an input."
    )
    make: Any = Enum  # a name that is no literal is more than type checkers follow
    return strawberry.enum(make(spec.name, names), description=spec.description)
