"""Compiled coercion makes of right input what graphql-core makes of it, and leaves everything else to it."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, get_argument_values, get_variable_values, parse
from graphql.execution.values import VariableValues

from gateway.execution.coercion import Coercion, of_arguments
from gateway.execution.plan import UnusualError

SCHEMA = build_schema(
    """
    directive @oneOf on INPUT_OBJECT
    enum Color { RED GREEN }
    scalar Anything
    input Filter { not: Filter, and: [Filter!], id: ID, color: Color = RED, count: Int! = 3, any: Anything }
    input Order @oneOf { id: Color, name: Color }
    input Strict { id: ID!, names: [String!]! }
    type Query {
      find(first: Int = 5, id: ID!, filter: Filter, order: [Order!], tags: [String]): Int
      strict(given: Strict!, ratio: Float! = 1.5): Int
    }
    """
)


def operation(text: str) -> OperationDefinitionNode:
    definition = parse(text).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition


GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("$a: Int", {"a": 5}),
    ("$a: Int", {}),
    ("$a: Int", {"a": None}),
    ("$a: Int = 7", {}),
    ("$a: Int = 7", {"a": None}),
    ("$a: Int!", {"a": 1, "more": 2}),
    ("$a: Int!", {}),
    ("$a: Int!", {"a": None}),
    ("$a: Int", {"a": "x"}),
    ("$a: Int", {"a": 2**31}),
    ("$a: Int", {"a": True}),
    ("$a: ID", {"a": 5}),
    ("$a: ID", {"a": 5.5}),
    ("$a: String", {"a": 5}),
    ("$a: Color", {"a": "RED"}),
    ("$a: Color", {"a": "red"}),
    ("$a: [Int]", {"a": 5}),
    ("$a: [Int]", {"a": [1, None]}),
    ("$a: [Int!]", {"a": [1, None]}),
    ("$a: [[Int!]]", {"a": [1, [2]]}),
    ("$a: Filter", {"a": {}}),
    ("$a: Filter", {"a": {"any": {"deep": [1]}, "id": 1}}),
    ("$a: Filter", {"a": {"not": {"color": "GREEN", "count": 1}, "and": {"id": "x"}}}),
    ("$a: Filter", {"a": {"count": None}}),
    ("$a: Filter", {"a": {"nothing": 1}}),
    ("$a: Filter", {"a": {"not": {"nothing": 1}}}),
    ("$a: Filter", {"a": []}),
    ("$a: Filter = { id: 1, and: [] }", {}),
    ("$a: Order", {"a": {"id": "RED"}}),
    ("$a: Order", {"a": {"id": None}}),
    ("$a: Order", {"a": {}}),
    ("$a: Order", {"a": {"id": "RED", "name": "RED"}}),
    ("$a: Strict", {"a": {"names": ["a"], "id": "b"}}),
    ("$a: Strict", {"a": {"names": []}}),
    ("$a: Strict!, $b: Int!", {"a": {"names": [], "id": 1}, "b": 2}),
]


@pytest.mark.parametrize(("declared", "given"), GIVEN, ids=str)
def test_variables_are_coerced_alike(declared: str, given: dict[str, Any]) -> None:
    """The same values in the same order, or none by the compiled way."""
    node = operation(f"query ({declared}) {{ __typename }}")
    expected = get_variable_values(SCHEMA, node.variable_definitions or (), given)
    coerce = Coercion(SCHEMA).of_variables(node)
    if isinstance(expected, VariableValues):
        assert repr(coerce(given)) == repr(expected.coerced)
    else:
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever a scalar raises
            coerce(given)


@pytest.mark.parametrize(
    ("field", "variables"),
    [
        ("find(id: 1)", {}),
        ("find(id: 1, first: null)", {}),
        ('find(tags: "a", order: { id: RED }, id: 1, filter: { not: {} })', {}),
        ("find(tags: $a, id: $b)", {"b": "x"}),
        ("find(tags: $a, id: $b)", {"a": None, "b": "x"}),
        ("find(id: $b, first: $a)", {"b": "x"}),
        ("find(id: $b, first: $a)", {"b": "x", "a": None}),
        ("find(id: $b, filter: { id: $a, and: [{ id: $b }] })", {"b": "x"}),
        ("strict(given: $a)", {"a": {}}),
        ("strict(given: $a, ratio: $b)", {"a": {}}),
    ],
)
def test_arguments_are_bound_alike(field: str, variables: dict[str, Any]) -> None:
    """Literals, variables, variables in literals, defaults: in the order of the definition."""
    node: Any = operation(f"{{ {field} }}").selection_set.selections[0]
    query = SCHEMA.query_type
    assert query
    definition = query.fields[node.name.value]
    expected = get_argument_values(definition, node, VariableValues({}, variables))
    assert repr(of_arguments(definition, node)(variables)) == repr(expected)


@pytest.mark.parametrize("variables", [{}, {"a": None}])
def test_an_argument_that_must_be_there_is_missed(variables: dict[str, Any]) -> None:
    """graphql-core says what is wrong with it."""
    node: Any = operation("{ find(id: $a) }").selection_set.selections[0]
    assert SCHEMA.query_type
    with pytest.raises(UnusualError):
        of_arguments(SCHEMA.query_type.fields["find"], node)(variables)
