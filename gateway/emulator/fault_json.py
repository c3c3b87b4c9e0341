"""Fault rules from JSON, for the control endpoint. Names are those of `faults.py`, letter for letter.

    {"method": "POST", "times": 2, "fault": {"kind": "Refuse", "status": 503, "retry_after_seconds": 1}}

A list of faults stands for all of them at once (`Stack`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_type_hints

from gateway.emulator import faults
from gateway.emulator.faults import Fault, FaultRule, Stack
from gateway.emulator.messages import Json

MOST: Final = 2**31 - 1

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

TYPES: Final[Mapping[Any, tuple[str, Callable[[Json], bool]]]] = {
    NoneType: ("null", lambda value: value is None),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: (f"a whole number from 0 to {MOST}", lambda value: type(value) is int and 0 <= value <= MOST),
    float: (f"a number from 0 to {MOST}", lambda value: type(value) in {int, float} and 0 <= value <= MOST),
    str: ("a string", lambda value: isinstance(value, str)),
    tuple[str, ...]: ("a list of strings", lambda value: isinstance(value, list) and _are_strings(value)),
    Mapping[str, str]: ("an object of strings", lambda value: isinstance(value, dict) and _are_strings(value.values())),
    Mapping[str, Any]: ("an object", lambda value: isinstance(value, dict)),
    Fault: ("a fault", callable),
}
"""Type of a field → what it is in JSON, in words and as a check. A fault in a rule was read before."""


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
    types = [TYPES[each] for each in (get_args(hint) if isinstance(hint, UnionType) else [hint])]
    if not any(fits(value) for _, fits in types):
        raise ValueError(f"{what} must be {' or '.join(words for words, _ in types)}")
    if what.endswith("'status'") and value not in (None, *range(200, 600)):
        raise ValueError(f"{what} must be from 200 to 599")
    return tuple(value) if isinstance(value, list) else value


def _are_strings(values: Iterable[Json]) -> bool:
    return all(isinstance(each, str) for each in values)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
