"""Specs → Strawberry's object types, inputs, filters and orders.

Values stay Graph's JSON throughout: objects are read by field name, input objects reach resolvers as plain dicts in
which an absent member is absent and a null is None.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cached_property
from keyword import iskeyword
from typing import Any, Optional

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema_directives import OneOf
from strawberry.tools import create_type
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.resources.spec import ComplexSpec, Presence, Primitive, PropertySpec, ResourceSpec
from gateway.schema.scalars import DateTime

GraphQLType = Any
"""A Strawberry type or a typing construct over one: what Strawberry accepts as an annotation."""

SCALAR_OF: Mapping[Primitive, GraphQLType] = {Primitive.STRING: str, Primitive.DATE_TIME: DateTime}


@strawberry.enum(description="Direction of a sort.")
class SortDirection(Enum):
    ASC = strawberry.enum_value("asc", description="Smallest first.")
    DESC = strawberry.enum_value("desc", description="Largest first.")


@strawberry.type(description="Where a page ends, and whether more follow. Pages are walked forward only.")
class PageInfo:
    hasNextPage: bool = strawberry.field(description="Whether there may be more after this page.")  # noqa: N815
    hasPreviousPage: bool = strawberry.field(  # noqa: N815
        description="Whether this page was asked for with `after`."
    )
    startCursor: str | None = strawberry.field(description="Cursor of the first item; null on an empty page.")  # noqa: N815
    endCursor: str | None = strawberry.field(  # noqa: N815
        description="What to send as `after` for the next page; null on an empty last page."
    )


def optional(of: GraphQLType) -> GraphQLType:
    return Optional[of]  # noqa: UP045 - the type is a value here


def list_of(of: GraphQLType) -> GraphQLType:
    return list[of]


def build_field(name: str, of: GraphQLType, description: str) -> StrawberryField:
    return StrawberryField(
        python_name=f"{name}_" if iskeyword(name) else name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(of),
        description=description,
    )


def build_object(name: str, description: str, fields: Iterable[StrawberryField]) -> GraphQLType:
    return create_type(name, list(fields), description=description)


def build_input(name: str, description: str, fields: Iterable[StrawberryField], *, one_of: bool = False) -> GraphQLType:
    directives = [OneOf()] if one_of else []
    made: GraphQLType = create_type(name, list(fields), is_input=True, description=description, directives=directives)
    definition_of(made).from_input = _as_given
    return made


def definition_of(made: GraphQLType) -> StrawberryObjectDefinition:
    definition: StrawberryObjectDefinition = made.__strawberry_definition__
    return definition


def _as_given(_: type, value: Mapping[str, Any], __: InputContext) -> Mapping[str, Any]:
    return value


def _build_comparisons(name: str, scalar: GraphQLType, what: str, operators: Mapping[str, str]) -> GraphQLType:
    fields = [
        build_field(operator, optional(list_of(scalar) if operator == "in" else scalar), description)
        for operator, description in operators.items()
    ]
    return build_input(name, f"Conditions on {what}. All given must hold.", fields)


EQUALITY = {"eq": "Equals; null: has no value.", "ne": "Differs; null: has a value.", "in": "Equals one of these."}

COMPARISONS_OF: Mapping[Primitive, GraphQLType] = {
    Primitive.STRING: _build_comparisons(
        "StringFilter",
        str,
        "a text. Whether case matters is Microsoft Graph's choice",
        EQUALITY | {"startsWith": "Starts with.", "endsWith": "Ends with.", "contains": "Contains."},
    ),
    Primitive.DATE_TIME: _build_comparisons(
        "DateTimeFilter",
        DateTime,
        "a date and time",
        EQUALITY | {"lt": "Is before.", "le": "Is at or before.", "gt": "Is after.", "ge": "Is at or after."},
    ),
}


class ComplexTypes:
    """The GraphQL types of complex types, made once each however many resources use them."""

    def __init__(self) -> None:
        self._objects: dict[str, GraphQLType] = {}
        self._inputs: dict[str, GraphQLType] = {}

    def object_of(self, spec: ComplexSpec) -> GraphQLType:
        if spec.name not in self._objects:
            fields = [build_field(each.name, self.output(each), each.description) for each in spec.properties]
            self._objects[spec.name] = build_object(spec.name, spec.description, fields)
        return self._objects[spec.name]

    def input_of(self, spec: ComplexSpec) -> GraphQLType:
        if spec.name not in self._inputs:
            fields = [build_field(each.name, optional(self.input(each)), each.description) for each in spec.properties]
            self._inputs[spec.name] = build_input(f"{spec.name}Input", spec.description, fields)
        return self._inputs[spec.name]

    def output(self, spec: PropertySpec) -> GraphQLType:
        """Nullable but for keys: Graph shortens answers, and a missing member must not blank its object."""
        if spec.is_key:
            return strawberry.ID
        of = SCALAR_OF[spec.type] if isinstance(spec.type, Primitive) else self.object_of(spec.type)
        return optional(list_of(of) if spec.is_list else of)

    def input(self, spec: PropertySpec) -> GraphQLType:
        if spec.is_key:
            return strawberry.ID
        of = SCALAR_OF[spec.type] if isinstance(spec.type, Primitive) else self.input_of(spec.type)
        return list_of(of) if spec.is_list else of


class ResourceTypes:
    """The GraphQL types of one resource, each made when first asked for."""

    def __init__(self, spec: ResourceSpec, complex_types: ComplexTypes) -> None:
        self.spec = spec
        self._complex_types = complex_types

    @cached_property
    def object(self) -> GraphQLType:
        fields = [
            build_field(each.name, self._complex_types.output(each), each.description) for each in self.spec.properties
        ]
        return build_object(self.spec.name, self.spec.description, fields)

    @cached_property
    def connection(self) -> GraphQLType:
        name = self.spec.name
        edge = build_object(
            f"{name}Edge",
            f"One {name} in a connection.",
            [
                build_field("node", self.object, "The item."),
                build_field("cursor", str, "What to send as `after` to go on behind this item."),
            ],
        )
        return build_object(
            f"{name}Connection",
            f"A page of {self.spec.entity_set}.",
            [
                build_field("nodes", list_of(self.object), "The items of the page."),
                build_field("edges", list_of(edge), "The items of the page, each with its cursor."),
                build_field("pageInfo", PageInfo, "Where the page ends."),
                build_field(
                    "totalCount", optional(int), "How many match in all. Asked for only when selected; null if unknown."
                ),
            ],
        )

    @cached_property
    def create_input(self) -> GraphQLType:
        fields = self._input_fields((each, each.on_create) for each in self.spec.properties)
        return build_input(f"Create{self.spec.name}Input", f"The {self.spec.name} to create.", fields)

    @cached_property
    def update_input(self) -> GraphQLType:
        fields = self._input_fields((each, each.on_update) for each in self.spec.properties)
        description = f"Changes to a {self.spec.name}. An absent member keeps its value, a null clears it."
        return build_input(f"Update{self.spec.name}Input", description, fields)

    @cached_property
    def filter(self) -> GraphQLType:
        comparable = [each for each in self.spec.properties if each.is_comparable]
        fields = [
            build_field(each.name, optional(COMPARISONS_OF[each.type]), f"Condition on `{each.name}`.")
            for each in comparable
            if isinstance(each.type, Primitive)
        ]
        made = build_input(
            f"{self.spec.name}Filter", f"Which {self.spec.entity_set} to list. All given must hold.", fields
        )
        # The type refers to itself, so these come once it exists.
        definition_of(made).fields.extend(
            [
                build_field("and", optional(list_of(made)), "All of these hold."),
                build_field("or", optional(list_of(made)), "At least one of these holds."),
                build_field("not", optional(made), "This does not hold."),
            ]
        )
        return made

    @cached_property
    def order(self) -> GraphQLType:
        fields = [
            build_field(each.name, optional(SortDirection), f"Sort by `{each.name}`.")
            for each in self.spec.properties
            if each.is_comparable
        ]
        return build_input(f"{self.spec.name}Order", f"One sort key for {self.spec.entity_set}.", fields, one_of=True)

    def _input_fields(self, members: Iterable[tuple[PropertySpec, Presence]]) -> list[StrawberryField]:
        return [
            build_field(each.name, of if presence is Presence.REQUIRED else optional(of), each.description)
            for each, presence in members
            if presence is not Presence.ABSENT
            for of in [self._complex_types.input(each)]
        ]
