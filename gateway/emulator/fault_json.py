"""Fault rules from JSON, for the control endpoint. Names are those of `faults.py`, letter for letter.

    {"method": "POST", "times": 2, "fault": {"kind": "Refuse", "status": 503, "retry_after_seconds": 1}}

A list of faults stands for all of them at once (`Stack`).
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from gateway.emulator import faults
from gateway.emulator.faults import Fault, FaultRule, Stack
from gateway.emulator.messages import Json

KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        faults.ChangedMembers,
        faults.ClaimsChallenge,
        faults.ClampedTop,
        faults.Delay,
        faults.DropAfter,
        faults.DropBefore,
        faults.EmptyBody,
        faults.EmptyPage,
        faults.HtmlBody,
        faults.HugeBody,
        faults.IgnoredOptions,
        faults.OmittedMembers,
        faults.Redirect,
        faults.Refuse,
        faults.StrayNextLink,
        faults.TruncatedBody,
    )
}


def read_rules(content: Json) -> list[FaultRule]:
    """One rule, or a list of them; raises `ValueError` saying what is allowed."""
    return [_read_rule(each) for each in (content if isinstance(content, list) else [content])]


def _read_rule(content: Json) -> FaultRule:
    members = _read_object("a rule", content)
    rule = FaultRule(**_read_fields("a rule", FaultRule, members | {"fault": _read_fault(members.get("fault"))}))
    try:
        re.compile(rule.path or "")
    except re.error as error:
        raise ValueError(f"'path' is no regular expression: {error}") from None
    return rule


def _read_fault(content: Json) -> Fault:
    if isinstance(content, list):
        return Stack(tuple(_read_fault(each) for each in content))
    members = _read_object("a fault", content)
    name = members.pop("kind", None)
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"'kind' must be one of {_listed(KINDS)}")
    fault: Fault = KINDS[name](**_read_fields(name, KINDS[name], members))
    return fault


def _read_object(what: str, content: Json) -> dict[str, Json]:
    if not isinstance(content, dict):
        raise ValueError(f"{what} must be a JSON object")  # noqa: TRY004 (one kind of error for bad input)
    return dict(content)


def _read_fields(what: str, kind: type[Any], members: Mapping[str, Json]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    for name in members:
        if name not in hints:
            raise ValueError(f"{what} has no '{name}'; it takes {_listed(hints) or 'nothing'}")
    for each in fields(kind):
        if each.default is MISSING and each.default_factory is MISSING and each.name not in members:
            raise ValueError(f"{what} needs '{each.name}'")
    return {name: _read_value(f"{what}: '{name}'", hints[name], value) for name, value in members.items()}


def _read_value(what: str, hint: Any, value: Json) -> Any:
    if not _fits(hint, value):
        raise ValueError(f"{what} must be {hint.__name__ if isinstance(hint, type) else hint}")
    if isinstance(value, int | float) and not 0 <= value < math.inf:
        raise ValueError(f"{what} must not be negative or endless")
    if what.endswith("'status'") and value not in (None, *range(200, 600)):
        raise ValueError(f"{what} must be from 200 to 599")
    return tuple(value) if get_origin(hint) is tuple else value


def _fits(hint: Any, value: Any) -> bool:
    """A value of a type that JSON does not have was read before."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return any(_fits(each, value) for each in arguments)
    if origin is tuple:
        return isinstance(value, list) and all(_fits(arguments[0], each) for each in value)
    if origin is Mapping:
        return isinstance(value, dict) and all(_fits(arguments[1], each) for each in value.values())
    if isinstance(value, bool):
        return hint in {bool, Any}
    return hint in {Any, Fault} or isinstance(value, (int, float) if hint is float else hint)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
