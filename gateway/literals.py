"""Documents that differ in their literals only are one: the literals are lifted out, as values of variables.

Clients that write values into the text make every document a new one, and reading one takes longer than running it.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    VisitorAction,
    get_nullable_type,
    visit,
)

LITERAL: Final = re.compile(r'"[^"\x00-\x08\x0a-\x1f]*"|(?<![\w.-])(?:0|-?[1-9][0-9]{0,18})(?![\w.])', re.ASCII)
"""A string without escapes, or a whole number that may be of 64 bits but -0, in a text without anything of `OPAQUE`.

https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary.Lexical-Tokens
"""

OPAQUE: Final = re.compile(r'[\\#]|"""')
"""Escapes, comments and block strings: a text with them is left as it is."""

TAKEN_AS_IT_IS: Final[Mapping[type, frozenset[str]]] = {
    StringValueNode: frozenset({"DateTime", "ID", "String"}),
    IntValueNode: frozenset({"Float", "ID", "Int", "Long"}),
}
"""Scalars that make the same of a literal as of the JSON value in its place."""

PREFIX: Final = "_literal_"

Values = Sequence[str | int]


def split(text: str) -> tuple[str, Values] | None:
    """What all documents of the text's shape have in common, and its literals in order; None if it has none to lift."""
    if OPAQUE.search(text):
        return None
    literals = LITERAL.findall(text)
    if not literals:
        return None
    marks = ['""' if each[0] == '"' else "0" for each in literals]
    shape = "".join(chain.from_iterable(zip_longest(LITERAL.split(text), marks, fillvalue="")))
    return shape, [each[1:-1] if each[0] == '"' else int(each) for each in literals]


def to_variables(values: Values) -> dict[str, str | int]:
    """By the names that `lift` gives them."""
    return {f"{PREFIX}{index}": value for index, value in enumerate(values)}


def lift(schema: GraphQLSchema, document: DocumentNode, text: str) -> DocumentNode | None:
    """The text's document with a variable for each literal; None if one cannot be lifted.

    There must be a single operation, which declares them: fragments share the variables of all that spread them.
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    starts = [match.start() for match in LITERAL.finditer(text)]
    if len(operations) != 1 or PREFIX in text:
        return None
    types = TypeInfo(schema)
    lifting = _Lifting(types, starts)
    lifted: DocumentNode = visit(document, TypeInfoVisitor(types, lifting))
    if len(lifting.definitions) != len(starts):
        return None
    definitions = [
        _declaring(each, lifting.definitions) if isinstance(each, OperationDefinitionNode) else each
        for each in lifted.definitions
    ]
    return DocumentNode(definitions=tuple(definitions), loc=document.loc)


class _Lifting(Visitor):
    """Puts variables in the places of literals that arguments are given, at the starts that are expected."""

    def __init__(self, types: TypeInfo, starts: Sequence[int]) -> None:
        super().__init__()
        self._types = types
        self._numbers = {start: number for number, start in enumerate(starts)}
        self.definitions: dict[str, VariableDefinitionNode] = {}

    def enter_variable_definition(self, *_: Any) -> VisitorAction:
        return self.SKIP  # a default is a constant

    def enter_string_value(self, node: StringValueNode, *_: Any) -> VariableNode | None:
        return self._lifted(node)

    def enter_int_value(self, node: IntValueNode, *_: Any) -> VariableNode | None:
        return self._lifted(node)

    def _lifted(self, node: StringValueNode | IntValueNode) -> VariableNode | None:
        of = self._types.get_input_type()
        scalar = get_nullable_type(of) if of else None
        number = self._numbers.get(node.loc.start) if node.loc else None
        if number is None or not isinstance(scalar, GraphQLScalarType) or scalar.name not in TAKEN_AS_IT_IS[type(node)]:
            return None
        variable = VariableNode(name=NameNode(value=f"{PREFIX}{number}"), loc=node.loc)
        named = NamedTypeNode(name=NameNode(value=scalar.name))
        definition = VariableDefinitionNode(variable=variable, type=NonNullTypeNode(type=named))
        self.definitions[variable.name.value] = definition
        return variable


def _declaring(
    operation: OperationDefinitionNode, definitions: Mapping[str, VariableDefinitionNode]
) -> OperationDefinitionNode:
    members = {key: getattr(operation, key) for key in operation.keys}
    declared = (*(operation.variable_definitions or ()), *definitions.values())
    return OperationDefinitionNode(**{**members, "variable_definitions": declared})
