"""Resources → the fields of `Query` and `Mutation`."""

from collections.abc import Mapping
from typing import Final

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gateway.resources.model import Model
from gateway.resources.reference import access_to, access_to_action
from gateway.resources.spec import READS, ActionSpec, ComplexSpec, Operation, Presence, ResourceSpec
from gateway.schema.access import build_asking
from gateway.schema.actions import action_resolver
from gateway.schema.bulk import bulk_create_field, bulk_delete_field
from gateway.schema.creates import key_argument
from gateway.schema.fields import GraphQLType, build_argument, list_of, optional
from gateway.schema.lists import list_arguments
from gateway.schema.resolvers import RESOLVERS, Root, parent_arguments
from gateway.schema.types import ResourceTypes
from gateway.schema.values import ValueTypes

ONE_KEY: Final = (
    "Makes it safe to send the create again: with the same key and input none is made twice. Your own random text; "
    "takes a gateway with a store."
)


class RootFields:
    """Builds root fields. All are nullable, so that one field's failure leaves its siblings' results in place."""

    def __init__(self, model: Model, types: Mapping[str, ResourceTypes], values: ValueTypes) -> None:
        self._model = model
        self._types = types
        self._values = values

    def reads(self, spec: ResourceSpec) -> list[StrawberryField]:
        return [self._field(self._root(spec), each) for each in spec.operations & READS if _has_root(spec, each)]

    def writes(self, spec: ResourceSpec) -> list[StrawberryField]:
        """The fields of writes, those of bulk and actions."""
        root = self._root(spec)
        fields = [self._field(root, each) for each in spec.operations & ~READS]
        if Operation.CREATE in spec.operations:
            fields.insert(1, bulk_create_field(root))
        if Operation.DELETE in spec.operations:
            fields.append(bulk_delete_field(root))
        return [*fields, *(self._action_field(root, each) for each in spec.actions)]

    def _root(self, spec: ResourceSpec) -> Root:
        return Root(self._types[spec.name], self._model.parent_of(spec))

    def _field(self, root: Root, operation: Operation) -> StrawberryField:
        name, of, description, arguments = _signature(root, operation)
        return build_asking(
            name,
            optional(of),
            description,
            access_to(root.spec, operation),
            RESOLVERS[operation](root),
            *parent_arguments(root),
            *arguments,
        )

    def _action_field(self, root: Root, action: ActionSpec) -> StrawberryField:
        returns = action.returns if isinstance(action.returns, ComplexSpec) else self._model.resource(action.returns)
        of = self._values.object(returns) if isinstance(returns, ComplexSpec) else self._types[returns.name].object
        arguments = [] if action.on_set else [_key_argument(root.spec)]
        for each in action.parameters:
            given = self._values.input(each)
            is_required = each.on_create is Presence.REQUIRED
            arguments.append(build_argument(each.name, given if is_required else optional(given), each.description))
        return build_asking(
            action.name,
            optional(list_of(of) if action.returns_list else of),
            action.description,
            access_to_action(root.spec, action),
            action_resolver(root, action, returns),
            *parent_arguments(root),
            *arguments,
        )


def _signature(root: Root, operation: Operation) -> tuple[str, GraphQLType, str, list[StrawberryArgument]]:
    """Name, type, description and arguments of the field."""
    types, spec = root.types, root.spec
    key = _key_argument(spec)
    match operation:
        case Operation.LIST:
            return (
                spec.entity_set,
                types.connection,
                f"Lists {spec.entity_set}, a page at a time.",
                list_arguments(types),
            )
        case Operation.GET:
            description = f"Reads one {spec.name}; null if there is none with this {spec.key.name}."
            return spec.entity_type, types.object, description, [key]
        case Operation.CREATE:
            given = build_argument("input", types.create_input, f"The {spec.name} to create.")
            arguments = [given, key_argument(ONE_KEY)]
            return f"create{spec.name}", types.object, f"Creates one {spec.name} and answers with it.", arguments
        case Operation.UPDATE:
            given = build_argument("input", types.update_input, "What to change.")
            return f"update{spec.name}", types.object, f"Changes one {spec.name} and answers with it.", [key, given]
        case _:
            description = f"Deletes one {spec.name} and answers with its {spec.key.name}."
            return f"delete{spec.name}", strawberry.ID, description, [key]


def _has_root(spec: ResourceSpec, operation: Operation) -> bool:
    """Sets within an entity are listed from there."""
    return spec.within is None or operation is not Operation.LIST


def _key_argument(spec: ResourceSpec) -> StrawberryArgument:
    return build_argument(spec.key.name, strawberry.ID, spec.key.description)
