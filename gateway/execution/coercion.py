"""Input types, variables and arguments of a valid document → functions that coerce what is given.

They know right input only, which they make the same of as graphql-core does. Whatever else is given is `UnusualError`.
https://spec.graphql.org/October2021/#sec-Coercing-Variable-Values
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_argument_values,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues
from graphql.utilities import coerce_input_literal
from graphql.utilities.coerce_input_value import coerce_default_value

from gateway.execution.plan import BindArguments, UnusualError

Coerce = Callable[[Any], Any]
"""A JSON value → what it stands for. Raises `UnusualError`, or whatever a scalar raises."""

CoerceVariables = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What a request gives → values of variables by name. Raises like `Coerce`."""

ArgumentStep = tuple[str, str | None, Any, bool]
"""An argument's name; the variable that it is, or None; its value, or its default; whether it cannot be null."""

TEXTS: Final = frozenset({"ID", "String"})
"""Scalars that take a text as it is."""


@dataclass(frozen=True, slots=True)
class InputField:
    """`default` is `Undefined` where there is none."""

    name: str
    out_name: str
    coerce: Coerce
    default: Any
    is_required: bool


class Coercion:
    """One for each schema: the function of a named input type is made once, when first needed."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._named: dict[str, Coerce] = {}

    def of_variables(self, operation: OperationDefinitionNode) -> CoerceVariables:
        """All that the operation declares."""
        variables = [self._variable(each) for each in operation.variable_definitions or ()]

        def coerce(given: Mapping[str, Any]) -> Mapping[str, Any]:
            coerced: dict[str, Any] = {}
            for variable in variables:
                value = given.get(variable.name, Undefined)
                if value is not Undefined:
                    coerced[variable.name] = variable.coerce(value)
                elif variable.default is not Undefined:
                    coerced[variable.name] = variable.default
                elif variable.is_required:
                    raise UnusualError
            return coerced

        return coerce

    def _variable(self, node: VariableDefinitionNode) -> InputField:
        signature = get_variable_signature(self._schema, node)
        assert isinstance(signature, GraphQLVariableSignature), "variables of a valid operation have input types"
        default = Undefined if signature.default is None else coerce_default_value(signature)
        return self._field(signature.name, signature.type, default, signature.name)

    def _field(self, name: str, of: GraphQLInputType, default: Any, out_name: str) -> InputField:
        return InputField(name, out_name, self._of(of), default, is_required=isinstance(of, GraphQLNonNull))

    def _of(self, of: GraphQLInputType) -> Coerce:
        if isinstance(of, GraphQLNonNull):
            return _required(self._of(of.of_type))
        if isinstance(of, GraphQLList):
            return _each(self._of(of.of_type))
        if of.name in self._named:
            return self._named[of.name]
        if not isinstance(of, GraphQLInputObjectType):
            return self._named.setdefault(of.name, _leaf(of))
        # It is there before its fields are: a filter has filters in it.
        fields: list[InputField] = []
        coerce = self._named[of.name] = _object(of, fields)
        for name, field in of.fields.items():
            fields.append(self._field(name, field.type, coerce_default_value(field), field.out_name or name))
        return coerce


def of_arguments(definition: GraphQLField, node: FieldNode) -> BindArguments:
    """The field's arguments. Most are known from the start, or are a variable each."""
    nodes = {each.name.value: each.value for each in node.arguments or ()}
    if any(_has_variable(each) and not isinstance(each, VariableNode) for each in nodes.values()):
        return lambda variables: get_argument_values(definition, node, VariableValues({}, dict(variables)))
    steps = [_argument(name, argument, nodes.get(name)) for name, argument in definition.args.items()]
    if any(variable is not None for _, variable, _, _ in steps):
        return lambda variables: _bound(steps, variables)
    constant = _bound(steps, {})
    return lambda _: constant


def _argument(name: str, argument: GraphQLArgument, given: ValueNode | None) -> ArgumentStep:
    out_name, is_required = argument.out_name or name, isinstance(argument.type, GraphQLNonNull)
    if given is None or isinstance(given, VariableNode):
        return out_name, given.name.value if given else None, coerce_default_value(argument), is_required
    return out_name, None, coerce_input_literal(given, argument.type), is_required


def _bound(steps: Sequence[ArgumentStep], variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """In the order of the definition, as with graphql-core: it is that of the body that Graph is sent."""
    arguments: dict[str, Any] = {}
    for out_name, variable, constant, is_required in steps:
        value = constant if variable is None else variables.get(variable, constant)
        if value is not Undefined:
            arguments[out_name] = value
        if is_required and arguments.get(out_name) is None:
            raise UnusualError
    return arguments


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


def _object(of: GraphQLInputObjectType, fields: Sequence[InputField]) -> Coerce:
    """The values are in the order of the type, like arguments."""

    def coerce(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not dict:
            raise UnusualError
        coerced: dict[str, Any] = {}
        known = 0
        for field in fields:
            given = value.get(field.name, Undefined)
            if given is not Undefined:
                coerced[field.out_name] = field.coerce(given)
                known += 1
            elif field.default is not Undefined:
                coerced[field.out_name] = field.default
            elif field.is_required:
                raise UnusualError
        if known != len(value) or (of.is_one_of and (len(coerced) != 1 or None in coerced.values())):
            raise UnusualError
        return of.out_type(coerced)

    return coerce


def _required(coerce: Coerce) -> Coerce:
    def coerce_required(value: Any) -> Any:
        if value is None:
            raise UnusualError
        return coerce(value)

    return coerce_required


def _each(coerce: Coerce) -> Coerce:
    """A list; a single value stands for a list of it."""

    def coerce_each(value: Any) -> Any:
        if value is None:
            return None
        return [coerce(each) for each in value] if value.__class__ is list else [coerce(value)]

    return coerce_each


def _leaf(of: GraphQLScalarType | GraphQLEnumType) -> Coerce:
    takes_texts, coerce_value = of.name in TEXTS, of.coerce_input_value

    def coerce(value: Any) -> Any:
        if value is None or (takes_texts and value.__class__ is str):
            return value
        return coerce_value(value)

    return coerce
