"""An operation of a valid document → its plan: for each selection set one function that completes an object.

What graphql-core finds out anew for each field of each object is found out here once: what is merged under a response
key, which type it has, whether it asks.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_nullable_type,
)
from graphql.execution.values import VariableValues

from gateway.execution.coercion import of_arguments
from gateway.execution.objects import Constant, Member, Other, Text, build_object
from gateway.execution.plan import AskingField, Complete, Pending, Plan, UnusualError
from gateway.schema.access import asking_of
from gateway.schema.fields import reader_of
from gateway.schema.selection import Selection, Selections, sets_of

TEXTS: Final = frozenset({"String", "ID", "DateTime"})
"""Scalars that pass a text on as it is."""

TYPENAME: Final = "__typename"

MAX_FIELDS: Final = 2_000
"""Fields in one plan. Fragments can multiply each other: a small document may have more fields than fit into memory, of
which graphql-core only ever sees those that there are objects for."""


class UncompilableError(Exception):
    """The operation has something in it that graphql-core alone knows."""


def compile_operation(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    switches: VariableValues,
) -> Plan:
    """The plan, in which `@skip` and `@include` are decided by the switches; raises `UncompilableError`."""
    compiler = _Compiler(schema, Selections(fragments, switches))
    root = schema.get_root_type(operation.operation)
    assert root is not None, "a valid operation has a type"
    data: dict[str, Any] = {}
    fields: list[AskingField] = []
    for key, nodes in compiler.grouped([operation.selection_set], root).items():
        name = nodes[0].name.value
        data[key] = root.name if name == TYPENAME else None
        if name != TYPENAME:
            fields.append(compiler.asking(root, key, nodes))
    return Plan(data, tuple(fields), is_serial=operation.operation is OperationType.MUTATION)


class _Compiler:
    def __init__(self, schema: GraphQLSchema, selections: Selections) -> None:
        self._schema = schema
        self._selections = selections
        self._fields = 0

    def grouped(self, sets: list[SelectionSetNode], parent: GraphQLObjectType) -> dict[str, list[FieldNode]]:
        """Response key → the nodes that are merged under it, in the order of the answer."""
        grouped: dict[str, list[FieldNode]] = {}
        for each in self._selections.fields(sets, lambda condition: self._applies(condition, parent)):
            key = each.alias.value if each.alias else each.name.value
            grouped.setdefault(key, []).append(each)
        self._fields += len(grouped)
        if self._fields > MAX_FIELDS:
            raise UncompilableError(f"more than {MAX_FIELDS} fields")
        return grouped

    def _applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        of = self._schema.type_map[condition]
        return of is parent or (isinstance(of, GraphQLUnionType) and self._schema.is_sub_type(of, parent))

    def asking(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> AskingField:
        definition = _definition(parent, nodes[0])
        asking = asking_of(definition)
        assert asking is not None, "root fields ask, and so do those that this is called for"
        return AskingField(
            key=key,
            resolver=asking.resolver,
            arguments=of_arguments(definition, nodes[0]),
            selection=Selection(self._selections, nodes),
            complete=self._complete(definition.type, nodes),
        )

    def _complete(self, of: GraphQLOutputType, nodes: list[FieldNode]) -> Complete:
        """How a value of the type becomes one of the answer."""
        if isinstance(of, GraphQLNonNull):
            return _required(self._complete(of.of_type, nodes))
        if isinstance(of, GraphQLList):
            item = of.of_type
            is_required = isinstance(item, GraphQLNonNull)
            return _each(self._complete(item.of_type if is_required else item, nodes), is_required=is_required)
        if isinstance(of, GraphQLObjectType):
            return self._object(of, nodes)
        if isinstance(of, GraphQLUnionType):
            return self._union(of, nodes)
        assert isinstance(of, GraphQLScalarType | GraphQLEnumType), "the schema has no interfaces"
        return _complete_text if of.name in TEXTS else _leaf(of.coerce_output_value)

    def _union(self, of: GraphQLUnionType, nodes: list[FieldNode]) -> Complete:
        of_name = {each.name: self._object(each, nodes) for each in of.types}
        resolve: Callable[..., Any] | None = of.resolve_type
        assert resolve is not None, "our unions know their types"

        def complete(source: Any, below: list[Pending]) -> Any:
            return of_name[resolve(source, None, of)](source, below)

        return complete

    def _object(self, of: GraphQLObjectType, nodes: list[FieldNode]) -> Complete:
        members: list[Member] = []
        asked: list[AskingField] = []
        for key, merged in self.grouped(sets_of(nodes), of).items():
            name = merged[0].name.value
            if name == TYPENAME:
                members.append(Constant(key, of.name))
                continue
            definition = _definition(of, merged[0])
            if asking_of(definition):
                members.append(Constant(key, None))
                asked.append(self.asking(of, key, merged))
            else:
                members.append(self._member(key, name, definition, merged))
        return build_object(members, asked)

    def _member(self, key: str, name: str, definition: GraphQLField, nodes: list[FieldNode]) -> Member:
        reader, nullable = reader_of(definition), get_nullable_type(definition.type)
        if isinstance(nullable, GraphQLScalarType) and nullable.name in TEXTS and reader is None:
            return Text(key, name, is_required=nullable is not definition.type)
        return Other(key, name, reader, self._complete(definition.type, nodes))


def _required(complete: Complete) -> Complete:
    def complete_required(value: Any, below: list[Pending]) -> Any:
        if value is None:
            raise UnusualError
        return complete(value, below)

    return complete_required


def _each(complete: Complete, *, is_required: bool) -> Complete:
    def complete_each(values: Any, below: list[Pending]) -> Any:
        if values is None:
            return None
        if values.__class__ is not list or (is_required and None in values):
            raise UnusualError
        return [complete(each, below) for each in values]

    return complete_each


def _leaf(coerce: Callable[[Any], Any]) -> Complete:
    return lambda value, _: None if value is None else coerce(value)


def _complete_text(value: Any, _: list[Pending]) -> Any:
    if value is not None and value.__class__ is not str:
        raise UnusualError
    return value


def _definition(parent: GraphQLObjectType, node: FieldNode) -> GraphQLField:
    definition: GraphQLField | None = parent.fields.get(node.name.value)
    if definition is None:  # __schema and __type
        raise UncompilableError(f"{parent.name}.{node.name.value}")
    return definition
