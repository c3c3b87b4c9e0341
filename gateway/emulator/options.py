"""The query options of a collection or an entity, and which rows make a page.

https://learn.microsoft.com/graph/query-parameters, https://learn.microsoft.com/graph/paging
"""

import base64
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from gateway.emulator.messages import Call, Json, bad_request
from gateway.emulator.odata import Row, comparable_type, to_predicate
from gateway.emulator.values import to_comparable
from gateway.resources.spec import NAMESPACE, ResourceSpec

ON_LIST: Final = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$skiptoken"})
ON_ITEM: Final = frozenset({"$select"})
ON_COUNT: Final = frozenset({"$filter"})

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True, slots=True)
class Options:
    """What the options of one call mean. `select` None stands for all properties; `orders` sort, the last one first."""

    select: tuple[str, ...] | None
    matches: Callable[[Row], bool]
    orders: tuple[tuple[Callable[[Row], Any], bool], ...]
    top: int | None
    start: int
    count: bool


def read_options(call: Call, spec: ResourceSpec, allowed: Collection[str]) -> Options:
    """Raises `RefusalError` for an option that is unknown, given twice or malformed. Options without `$` are custom."""
    given: dict[str, str] = {}
    for name, value in system_options(call):
        if name not in allowed:
            raise bad_request(f"Query option '{name}' is not allowed.")
        if name in given:
            raise bad_request(f"Query option '{name}' was specified more than once.")
        given[name] = value
    return Options(
        select=_select(spec, given["$select"]) if "$select" in given else None,
        matches=to_predicate(spec, given["$filter"]) if "$filter" in given else lambda _: True,
        orders=tuple(_order(spec, part) for part in given.get("$orderby", "").split(",") if "$orderby" in given),
        top=_number("$top", given["$top"]) if "$top" in given else None,
        start=read_start(call),
        count=_boolean("$count", given.get("$count", "false")),
    )


def system_options(call: Call) -> list[tuple[str, str]]:
    """The options that OData defines. In beta their `$` may be missing."""
    bare = {name.removeprefix("$") for name in ON_LIST} if call.segments[0] == "beta" else set()
    named = [(f"${name}" if name in bare else name, value) for name, value in call.query]
    return [(name, value) for name, value in named if name.startswith("$")]


def read_start(call: Call) -> int:
    """The position of the page's first row among those that match."""
    given = dict(system_options(call))
    skip = _number("$skip", given.get("$skip", "0"))
    return _from_skip_token(given["$skiptoken"]) if "$skiptoken" in given else skip


def arrange(rows: Iterable[AnyRow], options: Options) -> list[AnyRow]:
    """The rows that match, in order. A null comes before every value."""
    kept = [row for row in rows if options.matches(row)]
    for sort_key, descending in reversed(options.orders):
        kept.sort(key=sort_key, reverse=descending)
    return kept


def cut_page(rows: Sequence[AnyRow], options: Options, page_size: int) -> tuple[Sequence[AnyRow], int | None]:
    """The rows of one page, and where the next one starts. In Graph `$top` is the size of a page."""
    size = page_size if options.top is None else min(options.top, page_size)
    end = options.start + size
    return rows[options.start : end], end if size and end < len(rows) else None


def next_link(call: Call, start: int) -> str:
    """The same URL with its options, and a token that only this file reads."""
    kept = tuple((name, value) for name, value in call.query if name not in {"$skiptoken", "skiptoken"})
    return call.url((*kept, ("$skiptoken", _to_skip_token(start))))


def shorten(row: Row, options: Options) -> dict[str, Json]:
    """The selected members; without a selection all, undeclared ones too."""
    return {name: value for name, value in row.items() if options.select is None or name in options.select}


def _select(spec: ResourceSpec, text: str) -> tuple[str, ...] | None:
    names = tuple(part.strip() for part in text.split(","))
    declared = {each.name for each in spec.properties}
    for name in names:
        if name not in declared | {"*"}:
            raise bad_request(
                "Parsing OData Select and Expand failed: Could not find a property named "
                f"'{name}' on type '{NAMESPACE}.{spec.entity_type}'."
            )
    return None if "*" in names else names


def _order(spec: ResourceSpec, text: str) -> tuple[Callable[[Row], Any], bool]:
    name, *direction = text.split() or [""]
    if direction not in ([], ["asc"], ["desc"]):
        raise bad_request(f"Syntax error in $orderby: '{text.strip()}'.")
    compared = to_comparable(comparable_type(spec, name))

    def sort_key(row: Row) -> tuple[bool, Any]:
        value = compared(row.get(name))
        return value is not None, value

    return sort_key, direction == ["desc"]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < len(str(2**31))):
        raise bad_request(f"Invalid value '{text}' for {name} query option found. It must be a non-negative integer.")
    return int(text)


def _boolean(name: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise bad_request(f"Invalid value '{text}' for {name} query option found. It must be true or false.")
    return text == "true"


def _to_skip_token(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode()


def _from_skip_token(text: str) -> int:
    try:
        start = base64.urlsafe_b64decode(text).decode()
    except ValueError:
        raise bad_request("Invalid $skiptoken.") from None
    return _number("$skiptoken", start)
