"""Resources → Strawberry's object types, connections and inputs."""

from collections.abc import Iterable
from functools import cached_property

import strawberry
from strawberry.types.field import StrawberryField

from gateway.resources.spec import Operation, Presence, ResourceSpec
from gateway.schema.fields import GraphQLType, build_field, build_input, build_object, definition_of, list_of, optional
from gateway.schema.filters import FilterTypes
from gateway.schema.values import ValueTypes, properties_read


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


class ResourceTypes:
    """The GraphQL types of one resource, each made when first asked for.

    `reads`: name of a field of the object → the property that it needs, for `$select`.
    """

    def __init__(self, spec: ResourceSpec, values: ValueTypes, filters: FilterTypes) -> None:
        self.spec = spec
        self.reads = properties_read(spec.properties)
        self._values = values
        self._filters = filters

    def add(self, field: StrawberryField, *, reads: str) -> None:
        """One more field of the object, which leads to other objects."""
        name = field.graphql_name or ""
        if name in self.reads:
            raise TypeError(f"{self.spec.name}: two fields have the name {name}")
        self.reads[name] = reads
        definition_of(self.object).fields.append(field)

    def names(self, selection: Iterable[str]) -> set[str]:
        """The properties that the selected fields of an object need."""
        return {self.reads[name] for name in selection if name in self.reads}

    @cached_property
    def object(self) -> GraphQLType:
        fields = [field for each in self.spec.properties for field in self._values.output_fields(each)]
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
        description = f"The {self.spec.name} to create."
        return build_input(f"Create{self.spec.name}Input", description, self._input_fields(Operation.CREATE))

    @cached_property
    def update_input(self) -> GraphQLType:
        description = f"Changes to a {self.spec.name}. An absent member keeps its value, a null clears it."
        return build_input(f"Update{self.spec.name}Input", description, self._input_fields(Operation.UPDATE))

    @cached_property
    def filter(self) -> GraphQLType:
        return self._filters.filter(self.spec)

    @cached_property
    def order(self) -> GraphQLType:
        return self._filters.order(self.spec)

    def _input_fields(self, operation: Operation) -> list[StrawberryField]:
        members = [
            (each, each.on_create if operation is Operation.CREATE else each.on_update) for each in self.spec.properties
        ]
        return [
            self._values.input_field(each, presence) for each, presence in members if presence is not Presence.ABSENT
        ]
