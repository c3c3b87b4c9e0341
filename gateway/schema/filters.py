"""Comparable properties → the inputs for `filter` and `orderBy`."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import strawberry

from gateway.resources.spec import EnumSpec, Primitive, PropertySpec, ResourceSpec
from gateway.schema.fields import GraphQLType, build_field, build_input, definition_of, list_of, optional
from gateway.schema.values import SCALAR_OF, ValueTypes


@strawberry.enum(description="Direction of a sort.")
class SortDirection(Enum):
    ASC = strawberry.enum_value("asc", description="Smallest first.")
    DESC = strawberry.enum_value("desc", description="Largest first.")


EQUALITY: Final = {
    "eq": "Equals; null: has no value.",
    "ne": "Differs; null: has a value.",
    "in": "Equals one of these.",
}
PARTS: Final = {"startsWith": "Starts with.", "endsWith": "Ends with.", "contains": "Contains."}
TIMES: Final = {"lt": "Is before.", "le": "Is at or before.", "gt": "Is after.", "ge": "Is at or after."}
SIZES: Final = {"lt": "Is less.", "le": "Is less or equal.", "gt": "Is greater.", "ge": "Is greater or equal."}


def _build_comparisons(name: str, of: GraphQLType, what: str, operators: Mapping[str, str]) -> GraphQLType:
    fields = [
        build_field(operator, optional(list_of(of) if operator == "in" else of), description)
        for operator, description in operators.items()
    ]
    return build_input(name, f"Conditions on {what}. All given must hold.", fields)


COMPARISONS_OF: Final[Mapping[Primitive, GraphQLType]] = {
    primitive: _build_comparisons(f"{name}Filter", SCALAR_OF[primitive], what, EQUALITY | operators)
    for primitive, name, what, operators in (
        (Primitive.STRING, "String", "a text. Whether case matters is Microsoft Graph's choice", PARTS),
        (Primitive.DATE_TIME, "DateTime", "a date and time", TIMES),
        (Primitive.INT32, "Int", "a whole number", SIZES),
        (Primitive.INT64, "Long", "a whole number of 64 bits", SIZES),
        (Primitive.DOUBLE, "Float", "a number", SIZES),
        (Primitive.BOOLEAN, "Boolean", "a truth value", {}),
    )
}


class FilterTypes:
    """The inputs that choose and sort rows; those of enums are made once each."""

    def __init__(self, values: ValueTypes) -> None:
        self._values = values
        self._of_enums: dict[str, GraphQLType] = {}

    def filter(self, spec: ResourceSpec) -> GraphQLType:
        fields = [
            build_field(each.name, optional(self._comparisons(each)), f"Condition on `{each.name}`.")
            for each in spec.properties
            if each.is_comparable
        ]
        made = build_input(f"{spec.name}Filter", f"Which {spec.entity_set} to list. All given must hold.", fields)
        # The type refers to itself, so these come once it exists.
        definition_of(made).fields.extend(
            [
                build_field("and", optional(list_of(made)), "All of these hold."),
                build_field("or", optional(list_of(made)), "At least one of these holds."),
                build_field("not", optional(made), "This does not hold."),
            ]
        )
        return made

    def order(self, spec: ResourceSpec) -> GraphQLType:
        fields = [
            build_field(each.name, optional(SortDirection), f"Sort by `{each.name}`.")
            for each in spec.properties
            if each.is_comparable
        ]
        return build_input(f"{spec.name}Order", f"One sort key for {spec.entity_set}.", fields, one_of=True)

    def _comparisons(self, spec: PropertySpec) -> GraphQLType:
        if isinstance(spec.type, Primitive):
            return COMPARISONS_OF[spec.type]
        assert isinstance(spec.type, EnumSpec)
        name = f"{spec.type.name}Filter"
        if name not in self._of_enums:
            of = self._values.enum(spec.type)
            self._of_enums[name] = _build_comparisons(name, of, f"a {spec.type.name}", EQUALITY)
        return self._of_enums[name]
