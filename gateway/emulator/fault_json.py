"""Fault rules from JSON, for the control endpoint. Names are those of `faults.py`, letter for letter.

    {"method": "POST", "times": 2, "fault": {"kind": "Refuse", "status": 503, "retry_after_seconds": 1}}

A list of faults stands for all of them at once (`Stack`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from gateway.emulator.faults import (
    ChangedMembers,
    ClaimsChallenge,
    ClampedTop,
    Delay,
    DropAfter,
    DropBefore,
    EmptyBody,
    EmptyPage,
    Fault,
    FaultRule,
    HtmlBody,
    HugeBody,
    IgnoredOptions,
    OmittedMembers,
    Redirect,
    Refuse,
    Stack,
    StrayNextLink,
    TruncatedBody,
)
from gateway.emulator.messages import Json

KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        ChangedMembers,
        ClaimsChallenge,
        ClampedTop,
        Delay,
        DropAfter,
        DropBefore,
        EmptyBody,
        EmptyPage,
        HtmlBody,
        HugeBody,
        IgnoredOptions,
        OmittedMembers,
        Redirect,
        Refuse,
        StrayNextLink,
        TruncatedBody,
    )
}


def read_rules(content: Json) -> list[FaultRule]:
    """One rule, or a list of them; raises `ValueError` saying what is allowed."""
    return [_read_rule(each) for each in (content if isinstance(content, list) else [content])]


def _read_rule(content: Json) -> FaultRule:
    members = dict(_read_object("a rule", content))
    members["fault"] = _read_fault(members.get("fault"))
    rule = FaultRule(**_read_fields("a rule", FaultRule, members))
    try:
        re.compile(rule.path or "")
    except re.error as error:
        raise ValueError(f"'path' is no regular expression: {error}") from None
    return rule


def _read_fault(content: Json) -> Fault:
    if isinstance(content, list):
        return Stack(tuple(_read_fault(each) for each in content))
    members = dict(_read_object("a fault", content))
    kind = members.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"'kind' must be one of {_listed(KINDS)}")
    fault: Fault = KINDS[kind](**_read_fields(kind, KINDS[kind], members))
    return fault


def _read_object(what: str, content: Json) -> Mapping[str, Json]:
    if not isinstance(content, dict):
        raise ValueError(f"{what} must be a JSON object")  # noqa: TRY004 (one kind of error for bad input)
    return content


def _read_fields(what: str, kind: type[Any], members: Mapping[str, Json]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    known = [each.name for each in fields(kind)]
    for name in members:
        if name not in known:
            raise ValueError(f"{what} has no '{name}'; it takes {_listed(known) or 'nothing'}")
    for each in fields(kind):
        if each.default is MISSING and each.default_factory is MISSING and each.name not in members:
            raise ValueError(f"{what} needs '{each.name}'")
    return {name: _read_value(f"{what}: '{name}'", hints[name], value) for name, value in members.items()}


def _read_value(what: str, hint: Any, value: Json) -> Any:
    if not _fits(hint, value):
        raise ValueError(f"{what} must be {getattr(hint, '__name__', hint)}")
    return tuple(value) if get_origin(hint) is tuple else value


def _fits(hint: Any, value: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return any(_fits(each, value) for each in arguments)
    if origin is tuple:
        return isinstance(value, list) and all(_fits(arguments[0], each) for each in value)
    if origin is Mapping or hint is Fault:
        return isinstance(value, dict) or hint is Fault
    return isinstance(value, (int, float) if hint is float else hint) and (hint is bool or value not in (True, False))


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)
