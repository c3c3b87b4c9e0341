"""Values of a GraphQL input ↔ values of Graph's JSON, by their declared type.

Enum values of an input are Python enum members whose `value` is Graph's name. Graph's own case is not reliable, nor
will its lists of names stay as they are: names are matched loosely, and a new one is `unknownFutureValue`.
https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from gateway.errors import BadUserInputError
from gateway.graph.request import Json
from gateway.resources.spec import FUTURE, ComplexSpec, EnumSpec, PropertySpec


def to_json(properties: Iterable[PropertySpec], given: Mapping[str, Any], path: str) -> dict[str, Json]:
    """The JSON object for an input object; `path` names it in errors. Absent stays absent, null stays null."""
    types = {each.name: each for each in properties}
    return {name: _to_json(types[name], value, f"{path}.{name}" if path else name) for name, value in given.items()}


def to_name(value: Any, path: str) -> str:
    """Graph's name for an enum value of an input."""
    assert isinstance(value, Enum)
    if value.value == FUTURE:
        raise BadUserInputError(
            f"`{path}` must not be {FUTURE}: it stands for what this gateway does not know.", fields=(path,)
        )
    return str(value.value)


def from_name(spec: EnumSpec, value: Json) -> str | None:
    """The declared name for what Graph sent, `unknownFutureValue` for any other."""
    if value is None:
        return None
    folded = value.casefold() if isinstance(value, str) else ""
    return next((each.name for each in spec.members if each.name.casefold() == folded), FUTURE)


def from_flags(spec: EnumSpec, value: Json) -> list[str] | None:
    """The declared names in a text such as `api,email`; each part that is not declared is `unknownFutureValue`."""
    if value is None:
        return None
    parts = value.split(",") if isinstance(value, str) else [value]
    names = [from_name(spec, part.strip() if isinstance(part, str) else part) for part in parts if part != ""]
    return list(dict.fromkeys(name for name in names if name is not None))


def _to_json(spec: PropertySpec, value: Any, path: str) -> Json:
    if value is None:
        return None
    if isinstance(spec.type, EnumSpec) and spec.type.is_flags:
        return ",".join(to_name(each, f"{path}.{index}") for index, each in enumerate(value))
    if spec.is_list:
        return [_single(spec, each, f"{path}.{index}") for index, each in enumerate(value)]
    return _single(spec, value, path)


def _single(spec: PropertySpec, value: Any, path: str) -> Json:
    match spec.type:
        case EnumSpec():
            return to_name(value, path)
        case ComplexSpec():
            return to_json(spec.type.properties, value, path)
        case _:
            return value
