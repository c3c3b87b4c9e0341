"""An operation of a valid document → its plan.

The plan's functions are Python text made from the selection and compiled by Python, as `dataclasses` makes its methods:
one function an object type, which reads each member of an answer once. Only names of response keys and members go into
that text, as literals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues

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
    variables: VariableValues,
) -> Plan:
    """The plan, for all variables with which `@skip` and `@include` decide the same; raises `UncompilableError`."""
    compiler = _Compiler(schema, Selections(fragments, variables))
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


@dataclass(slots=True)
class _Text:
    """A function in the making: its lines, and what they refer to."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)

    def refer(self, value: Any) -> str:
        name = f"_{len(self.names)}"
        self.names[name] = value
        return name

    def compile(self) -> Complete:
        body = "\n    ".join(self.lines)
        text = f"def complete(source, below):\n    {body}\n"
        exec(text, self.names)  # noqa: S102 - the text is this module's own; callers' names are literals in it
        made: Complete = self.names["complete"]
        return made


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
            definition=definition,
            node=nodes[0],
            resolver=asking.resolver,
            arguments=_constant_arguments(definition, nodes[0]),
            selection=Selection(self._selections, nodes),
            complete=self._complete(definition.type, nodes),
        )

    def _complete(self, of: GraphQLOutputType, nodes: list[FieldNode]) -> Complete:
        """How a value of the type becomes one of the answer."""
        text = _Text()
        text.lines.append(f"return {self._expression(of, nodes, 'source', text)}")
        return text.compile()

    def _expression(self, of: GraphQLOutputType, nodes: list[FieldNode], value: str, text: _Text) -> str:
        """Python text for the completed value; `value` is text for the raw one, cheap to repeat."""
        if isinstance(of, GraphQLNonNull):
            inner = self._expression(of.of_type, nodes, value, text)
            return f"({inner} if {value} is not None else {text.refer(_refuse)}())"
        if isinstance(of, GraphQLList):
            inner = self._expression(of.of_type, nodes, "each", text)
            items = f"[{inner} for each in {value}]"
            return f"(None if {value} is None else {items} if {value}.__class__ is list else {text.refer(_refuse)}())"
        if isinstance(of, GraphQLScalarType) and of.name in TEXTS:
            return f"({value} if {value}.__class__ is str or {value} is None else {text.refer(_refuse)}())"
        called = text.refer(self._function(of, nodes))
        return f"(None if {value} is None else {called}({value}, below))"

    def _function(self, of: Any, nodes: list[FieldNode]) -> Complete:
        if isinstance(of, GraphQLObjectType):
            return self._object(of, nodes)
        if isinstance(of, GraphQLScalarType | GraphQLEnumType):
            coerce = of.coerce_output_value
            return lambda value, _: coerce(value)
        assert isinstance(of, GraphQLUnionType), "the schema has no interfaces"
        return self._union(of, nodes)

    def _union(self, of: GraphQLUnionType, nodes: list[FieldNode]) -> Complete:
        of_name = {each.name: self._object(each, nodes) for each in of.types}
        resolve: Callable[..., Any] | None = of.resolve_type
        assert resolve is not None, "our unions know their types"

        def complete(source: Any, below: list[Pending]) -> Any:
            return of_name[resolve(source, None, of)](source, below)

        return complete

    def _object(self, of: GraphQLObjectType, nodes: list[FieldNode]) -> Complete:
        """One function for the type: reads each member, in the order of the answer."""
        text, members, asked = _Text(), list[str](), list[str]()
        text.lines += [f"if not isinstance(source, dict): {text.refer(_refuse)}()", "get = source.get"]
        for index, (key, merged) in enumerate(self.grouped(sets_of(nodes), of).items()):
            name = merged[0].name.value
            if name == TYPENAME:
                members.append(f"{key!r}: {of.name!r}")
                continue
            definition = _definition(of, merged[0])
            if asking_of(definition):
                asked.append(
                    f"below.append({text.refer(Pending)}(made, source, {text.refer(self.asking(of, key, merged))}))"
                )
                members.append(f"{key!r}: None")
                continue
            reader = reader_of(definition)
            text.lines.append(f"v{index} = {f'{text.refer(reader)}(source)' if reader else f'get({name!r})'}")
            members.append(f"{key!r}: {self._expression(definition.type, merged, f'v{index}', text)}")
        text.lines += [f"made = {{{', '.join(members)}}}", *asked, "return made"]
        return text.compile()


def _definition(parent: GraphQLObjectType, node: FieldNode) -> GraphQLField:
    definition: GraphQLField | None = parent.fields.get(node.name.value)
    if definition is None:  # __schema and __type
        raise UncompilableError(f"{parent.name}.{node.name.value}")
    return definition


def _constant_arguments(definition: GraphQLField, node: FieldNode) -> Mapping[str, Any] | None:
    """The arguments, if no variable is in them; None if they must be found out each time."""
    if any(_has_variable(each.value) for each in node.arguments or ()):
        return None
    return get_argument_values(definition, node)


def _has_variable(value: ValueNode) -> bool:
    match value:
        case VariableNode():
            return True
        case ListValueNode():
            return any(map(_has_variable, value.values))
        case ObjectValueNode():
            return any(_has_variable(each.value) for each in value.fields)
        case _:
            return False


def _refuse() -> Any:
    raise UnusualError
