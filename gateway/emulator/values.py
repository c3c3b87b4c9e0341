"""The declared types: their names on the wire, which JSON is a value of one, and as what its values compare.

https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_PrimitiveValue
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.emulator.instants import to_moment
from gateway.emulator.messages import Json
from gateway.resources.spec import FUTURE, NAMESPACE, ComplexSpec, EnumSpec, Primitive, wire_name

LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "DelegatedPrivilegeStatus": ("granularDelegatedAdminPrivileges", "delegatedAndGranularDelegetedAdminPrivileges"),
    "TenantOnboardingStatus": ("disabled",),
}
"""Enum → its members that came after `unknownFutureValue`: a client sees them only if it prefers to.

https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations and
https://learn.microsoft.com/graph/api/resources/managedtenants-tenantstatusinformation?view=graph-rest-beta
"""


def type_name(kind: Primitive | EnumSpec | ComplexSpec) -> str:
    """With its namespace."""
    if isinstance(kind, Primitive):
        return kind.value
    return f"{kind.namespace if isinstance(kind, ComplexSpec) else NAMESPACE}.{wire_name(kind.name)}"


def names_of(enum: EnumSpec) -> tuple[str, ...]:
    """All members, the sentinel among them, in the order of their numbers."""
    later = LATER.get(enum.name, ())
    names = [each.name for each in enum.members]
    return (*(each for each in names if each not in later), FUTURE, *(each for each in names if each in later))


def is_value(kind: Primitive | EnumSpec, value: Json) -> bool:
    """Whether a client may send it; the sentinel stands for something that nobody can mean."""
    if isinstance(kind, Primitive):
        return PRIMITIVES[kind](value)
    if not isinstance(value, str):
        return False
    return {each.name for each in kind.members}.issuperset(value.split(",") if kind.is_flags else [value])


def to_comparable(kind: Primitive | EnumSpec) -> Callable[[Json], Any]:
    """What makes values of the type comparable with each other; a null stays one. Enums go by their numbers."""
    if isinstance(kind, EnumSpec):
        return {name: number for number, name in enumerate(names_of(kind))}.get
    if kind is Primitive.DATE_TIME:
        return lambda value: None if value is None else to_moment(value)
    return lambda value: value


def _is_integer(bits: int) -> Callable[[Json], bool]:
    limit = 2 ** (bits - 1)
    return lambda value: type(value) is int and -limit <= value < limit


def _is_instant(value: Json) -> bool:
    try:
        to_moment(value)
    except (TypeError, ValueError):
        return False
    return True


PRIMITIVES: Final[Mapping[Primitive, Callable[[Json], bool]]] = {
    Primitive.STRING: lambda value: isinstance(value, str),
    Primitive.BOOLEAN: lambda value: isinstance(value, bool),
    Primitive.INT32: _is_integer(32),
    Primitive.INT64: _is_integer(64),
    Primitive.DOUBLE: lambda value: type(value) in {int, float},
    Primitive.DATE_TIME: _is_instant,
}
