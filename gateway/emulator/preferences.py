"""`Prefer: include-unknown-enum-members`: who does not send it gets the sentinel in place of later members of enums.

https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.emulator.messages import Call, Json
from gateway.emulator.store import Row
from gateway.emulator.values import LATER
from gateway.resources.spec import FUTURE, ComplexSpec, EnumSpec, Primitive, PropertySpec

PREFERENCE: Final = "include-unknown-enum-members"

View = Callable[[Json], Json]


def preferred(call: Call, properties: Iterable[PropertySpec]) -> Callable[[Row], Row]:
    """How the client of the call sees objects with these properties."""
    preferences = {each.strip().lower() for each in call.headers.get("prefer", "").split(",")}
    views = {} if PREFERENCE in preferences else _views(properties)
    return (lambda row: _seen(views, row)) if views else lambda row: row


def _views(properties: Iterable[PropertySpec]) -> Mapping[str, View]:
    """The properties that have something to hide, and what is shown of their values."""
    found = {each.name: _view(each.type) for each in properties}
    return {name: view for name, view in found.items() if view}


def _view(kind: Primitive | EnumSpec | ComplexSpec) -> View | None:
    if isinstance(kind, ComplexSpec):
        views = _views(kind.properties)
        return (lambda value: _seen(views, value)) if views else None
    later = LATER.get(kind.name)
    return (lambda value: FUTURE if value in later else value) if later else None


def _seen(views: Mapping[str, View], value: Json) -> Json:
    if isinstance(value, list):
        return [_seen(views, each) for each in value]
    return value and {**value, **{name: view(value[name]) for name, view in views.items() if name in value}}
