"""The structured filter of a query, as OData text for Graph and as a predicate for the rows that come back.

Graph may ignore `$filter` without an error (https://learn.microsoft.com/graph/query-parameters), so each row is
checked again. Graph does not say whether a property compares with regard to case: a row passes if it matches either
way.

A filter is the input object as the caller wrote it, keys being GraphQL names:
`{"tenantId": {"eq": "…"}, "not": {"displayName": {"startsWith": "C"}}}`. Members of one object are joined by `and`.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import orjson

from gateway.errors import BadUserInputError
from gateway.graph.request import Entity
from gateway.instants import to_instant
from gateway.mapping.values import from_name, to_name
from gateway.resources.spec import EnumSpec, Primitive, PropertySpec, ResourceSpec

Filter = Mapping[str, Any]

MAX_CONDITIONS = 200
"""Comparisons in one filter, each value of an `in` counting: beyond it the URL outgrows what servers accept."""

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "lt": lambda left, right: bool(left < right),
    "le": lambda left, right: bool(left <= right),
    "gt": lambda left, right: bool(left > right),
    "ge": lambda left, right: bool(left >= right),
    "startsWith": lambda left, right: bool(left.startswith(right)),
    "endsWith": lambda left, right: bool(left.endswith(right)),
    "contains": lambda left, right: right in left,
}
"""Operator of a filter → what it means for a row's value and the given one, both of the same type."""

FUNCTIONS = {"startsWith": "startswith", "endsWith": "endswith", "contains": "contains"}
"""Operators that OData writes as functions; the others are infix under the same name."""

JOINERS = ("and", "or")


def to_filter(spec: ResourceSpec, given: Filter) -> str:
    """The value of `$filter`, not yet percent-encoded; empty if the filter says nothing.

    Literals: strings in single quotes, a quote doubled; date-times bare
    (https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_PrimitiveLiterals).
    """
    rendered = _render(spec, given, "filter")
    count = _count_conditions(given)
    if count > MAX_CONDITIONS:
        raise BadUserInputError(
            f"`filter` has {count} conditions; at most {MAX_CONDITIONS} fit into a request to Graph.",
            fields=("filter",),
        )
    return rendered


def filtered_names(given: Filter) -> set[str]:
    """The properties that the filter looks at."""
    names: set[str] = set()
    for name, value in given.items():
        if name in JOINERS:
            names.update(*(filtered_names(each) for each in value))
        elif name == "not":
            names |= filtered_names(value)
        else:
            names.add(name)
    return names


def is_match(spec: ResourceSpec, given: Filter, row: Entity) -> bool:
    """Whether a row may be in the answer to the filter, by a comparison with or without regard to case."""
    return _matches(spec, given, row, str) or _matches(spec, given, row, str.casefold)


def _render(spec: ResourceSpec, given: Filter, path: str) -> str:
    terms: list[str] = []
    for name, value in given.items():
        here = f"{path}.{name}"
        if value is None:
            raise BadUserInputError(f"`{here}` must not be null.", fields=(here,))
        if name in JOINERS:
            parts = [_render_part(spec, part, f"{here}.{index}") for index, part in enumerate(value)]
            if not parts:
                raise BadUserInputError(f"`{here}` must not be an empty list.", fields=(here,))
            terms.append(f"({f' {name} '.join(parts)})")
        elif name == "not":
            terms.append(f"not {_render_part(spec, value, here)}")
        else:
            terms += [_render_comparison(spec.property(name), here, *each) for each in value.items()]
    return " and ".join(terms)


def _render_part(spec: ResourceSpec, given: Filter, path: str) -> str:
    rendered = _render(spec, given, path)
    if not rendered:
        raise BadUserInputError(f"`{path}` needs a condition.", fields=(path,))
    return f"({rendered})"


def _render_comparison(spec: PropertySpec, path: str, operator: str, operand: Any) -> str:
    here = f"{path}.{operator}"
    if operand is None and operator not in {"eq", "ne"}:
        raise BadUserInputError(f"`{here}` must not be null; only `eq` and `ne` compare with null.", fields=(here,))
    if operator == "in":
        if not operand:
            raise BadUserInputError(f"`{here}` must not be an empty list.", fields=(here,))
        return f"{spec.name} in ({','.join(_literal(spec, each, here) for each in operand)})"
    literal = _literal(spec, operand, here)
    if operator in FUNCTIONS:
        return f"{FUNCTIONS[operator]}({spec.name},{literal})"
    return f"{spec.name} {operator} {literal}"


def _count_conditions(given: Filter) -> int:
    """Comparisons in the filter, each value of an `in` counting."""
    count = 0
    for name, value in given.items():
        if name in JOINERS:
            count += sum(_count_conditions(part) for part in value)
        elif name == "not":
            count += _count_conditions(value)
        else:
            count += sum(len(operand) if operator == "in" else 1 for operator, operand in value.items())
    return count


def _literal(spec: PropertySpec, value: Any, path: str) -> str:
    if value is None:
        return "null"
    if isinstance(spec.type, EnumSpec):
        return _quoted(to_name(value, path))
    return _quoted(value) if spec.type is Primitive.STRING else _bare(value)


def _quoted(value: str) -> str:
    return f"'{value.replace(chr(39), chr(39) * 2)}'"


def _bare(value: str | bool | float) -> str:
    """A date-time as it is, a number in digits, a boolean in lower case: JSON writes the latter two alike."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _matches(spec: ResourceSpec, given: Filter, row: Entity, fold: Callable[[str], str]) -> bool:
    return all(_holds(spec, name, value, row, fold) for name, value in given.items())


def _holds(spec: ResourceSpec, name: str, value: Any, row: Entity, fold: Callable[[str], str]) -> bool:
    if name == "and":
        return all(_matches(spec, part, row, fold) for part in value)
    if name == "or":
        return any(_matches(spec, part, row, fold) for part in value)
    if name == "not":
        return not _matches(spec, value, row, fold)
    member = spec.property(name)
    return all(_compares(member, row.get(name), operator, operand, fold) for operator, operand in value.items())


def _compares(spec: PropertySpec, value: Any, operator: str, operand: Any, fold: Callable[[str], str]) -> bool:
    """One comparison. A null value equals null only, and no order or function holds for it, as in OData."""
    if operator == "in":
        return any(_compares(spec, value, "eq", each, fold) for each in operand)
    if value is None or operand is None:
        return {"eq": value is operand, "ne": value is not operand}.get(operator, False)
    try:
        return COMPARISONS[operator](_comparable(spec, value, fold), _comparable(spec, operand, fold))
    except (TypeError, ValueError):  # Graph sent a value of another type, or a text that is no date and time
        return False


def _comparable(spec: PropertySpec, value: Any, fold: Callable[[str], str]) -> Any:
    """The value, as one that compares with others of its type; `TypeError` or `ValueError` if it is none."""
    match spec.type:
        case EnumSpec():
            return value.value if isinstance(value, Enum) else from_name(spec.type, value)
        case Primitive.STRING:
            return fold(_checked(value, isinstance(value, str)))
        case Primitive.DATE_TIME:
            return to_instant(value)
        case Primitive.BOOLEAN:
            return _checked(value, isinstance(value, bool))
        case _:
            return _checked(value, isinstance(value, int | float) and not isinstance(value, bool))


def _checked(value: Any, is_of_type: bool) -> Any:
    if not is_of_type:
        raise TypeError
    return value
