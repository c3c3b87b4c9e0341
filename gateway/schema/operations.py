"""Specs → the fields of `Query` and `Mutation`."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from gateway.resources.spec import Operation, ResourceSpec
from gateway.schema.resolvers import DEFAULT_FIRST, MAX_FIRST, RESOLVERS
from gateway.schema.types import GraphQLType, ResourceTypes, list_of, optional

BY_CONVENTION = (
    "Microsoft Graph has no page about this write: it rests on OData's conventions, and Graph may refuse it."
)


def build_root_fields(types: ResourceTypes, operations: Operation) -> list[StrawberryField]:
    """The fields for those of the operations that the resource offers."""
    return [_BUILDERS[each](types) for each in types.spec.operations & operations]


def _list_field(types: ResourceTypes) -> StrawberryField:
    spec = types.spec
    first = _argument("first", optional(int), f"How many at most: 1 to {MAX_FIRST}.", default=DEFAULT_FIRST)
    after = "`endCursor` of the page before; `filter` and `orderBy` must be the same as there."
    return _root_field(
        spec,
        Operation.LIST,
        spec.entity_set,
        types.connection,
        first,
        _argument("after", optional(str), after),
        _argument("filter", optional(types.filter), "Which to list. Default: all."),
        _argument("orderBy", optional(list_of(types.order)), "How to sort, most significant key first."),
        description=f"Lists {spec.entity_set}, a page at a time.",
    )


def _get_field(types: ResourceTypes) -> StrawberryField:
    spec = types.spec
    return _root_field(
        spec,
        Operation.GET,
        spec.entity_type,
        types.object,
        _key_argument(spec),
        description=f"Reads one {spec.name}; null if there is none with this {spec.key.name}.",
    )


def _create_field(types: ResourceTypes) -> StrawberryField:
    spec = types.spec
    return _root_field(
        spec,
        Operation.CREATE,
        f"create{spec.name}",
        types.object,
        _argument("input", types.create_input, f"The {spec.name} to create."),
        description=f"Creates one {spec.name} and answers with it.",
    )


def _update_field(types: ResourceTypes) -> StrawberryField:
    spec = types.spec
    return _root_field(
        spec,
        Operation.UPDATE,
        f"update{spec.name}",
        types.object,
        _key_argument(spec),
        _argument("input", types.update_input, "What to change."),
        description=f"Changes one {spec.name} and answers with it.",
    )


def _delete_field(types: ResourceTypes) -> StrawberryField:
    spec = types.spec
    return _root_field(
        spec,
        Operation.DELETE,
        f"delete{spec.name}",
        strawberry.ID,
        _key_argument(spec),
        description=f"Deletes one {spec.name} and answers with its {spec.key.name}.",
    )


_BUILDERS: Mapping[Operation, Callable[[ResourceTypes], StrawberryField]] = {
    Operation.LIST: _list_field,
    Operation.GET: _get_field,
    Operation.CREATE: _create_field,
    Operation.UPDATE: _update_field,
    Operation.DELETE: _delete_field,
}


def _root_field(
    spec: ResourceSpec,
    operation: Operation,
    name: str,
    of: GraphQLType,
    *arguments: StrawberryArgument,
    description: str,
) -> StrawberryField:
    """Nullable, so that one field's failure leaves its siblings' results in place."""
    sentences = [description, f"Least privileged delegated permission: `{spec.permissions[operation]}`."]
    if operation in spec.by_convention:
        sentences.append(BY_CONVENTION)
    field: StrawberryField = strawberry.field(
        resolver=RESOLVERS[operation](spec), name=name, description="\n\n".join(sentences), graphql_type=optional(of)
    )
    field.python_name = name
    field.arguments = list(arguments)
    return field


def _argument(name: str, of: GraphQLType, description: str, *, default: Any = UNSET) -> StrawberryArgument:
    return StrawberryArgument(name, name, StrawberryAnnotation(of), description=description, default=default)


def _key_argument(spec: ResourceSpec) -> StrawberryArgument:
    return _argument(spec.key.name, strawberry.ID, spec.key.description)
