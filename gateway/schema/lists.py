"""Connections of a collection, wherever it is: their arguments, and how one is read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from strawberry.types.arguments import StrawberryArgument

from gateway.cursors import Position
from gateway.errors import BadUserInputError, UpstreamUnsupportedError
from gateway.graph.request import Entity
from gateway.mapping.filter import Filter, filtered_names, is_match, to_filter
from gateway.mapping.place import Place
from gateway.mapping.requests import to_list
from gateway.resources.spec import ResourceSpec
from gateway.schema.connections import Spot, read_slice, to_connection
from gateway.schema.context import Ask, SelectionTree
from gateway.schema.entities import all_listed
from gateway.schema.fields import build_argument, list_of, optional
from gateway.schema.types import ResourceTypes

DEFAULT_FIRST: Final = 50
MAX_FIRST: Final = 500

COUNTED: Final = "$count"
"""Stands among a position's names for the total having been asked for."""


def list_arguments(types: ResourceTypes) -> list[StrawberryArgument]:
    after = "`endCursor` of the page before; `filter` and `orderBy` must be the same as there."
    return [
        build_argument("first", optional(int), f"How many at most: 1 to {MAX_FIRST}.", default=DEFAULT_FIRST),
        build_argument("after", optional(str), after),
        build_argument("filter", optional(types.filter), "Which to list. Default: all."),
        build_argument("orderBy", optional(list_of(types.order)), "How to sort, most significant key first."),
    ]


async def read_connection(
    ask: Ask, types: ResourceTypes, place: Place, narrowing: Filter | None = None
) -> dict[str, Any]:
    """The connection that was asked for at the place. `narrowing` is a filter that holds besides the caller's."""
    spec, arguments, selection = types.spec, ask.arguments, ask.selection
    first = _checked_first(arguments.get("first"))
    given_filter = _joined(spec, narrowing, arguments.get("filter") or {})
    order_by = [(name, value.value) for each in arguments.get("orderBy") or [] for name, value in each.items()]
    wanted = _wanted_names(types, selection)
    request = to_list(
        place, wanted - {COUNTED}, first=first, given_filter=given_filter, order_by=order_by, count=COUNTED in wanted
    )
    question = orjson.dumps([place.path, given_filter, order_by], option=orjson.OPT_SORT_KEYS).decode()
    after = arguments.get("after")
    if after is None:
        start = Position(request.target, 0, frozenset(wanted | filtered_names(given_filter)))
    else:
        start = ask.context.cursors.open(after, question)
        _check_names(spec, wanted, start)
    part = await read_slice(
        ask.context.loader, request, start, first=first, accept=lambda rows: _accepted(place, given_filter, rows)
    )

    def seal(spot: Spot) -> str:
        target, offset = spot
        position = replace(start, target=target, offset=offset, total_count=part.total_count)
        return ask.context.cursors.seal(position, question)

    return to_connection(part, selection, has_previous=after is not None, seal=seal)


def _checked_first(first: int | None) -> int:
    if first is None:
        return DEFAULT_FIRST
    if not 1 <= first <= MAX_FIRST:
        raise BadUserInputError(f"`first` is {first}; it must be from 1 to {MAX_FIRST}.", fields=("first",))
    return first


def _joined(spec: ResourceSpec, narrowing: Filter | None, given: Filter) -> Filter:
    """Both filters. The caller's is rendered alone first: it may say nothing, and its faults have its own paths."""
    if narrowing is None:
        return given
    return {"and": [narrowing, given]} if to_filter(spec, given) else narrowing


def _wanted_names(types: ResourceTypes, selection: SelectionTree) -> set[str]:
    """Names of properties that the selection on the items needs, and `COUNTED` if the total is selected."""
    items = {*selection.get("nodes", {}), *selection.get("edges", {}).get("node", {})}
    return types.names(items) | ({COUNTED} if "totalCount" in selection else set())


def _check_names(spec: ResourceSpec, wanted: set[str], start: Position) -> None:
    missing = sorted(wanted - start.names - {spec.key.name})
    if missing:
        names = ", ".join("totalCount" if name == COUNTED else name for name in missing)
        raise BadUserInputError(
            f"`after` continues a page on which these fields were not selected: {names}.",
            hint="Select the same fields on every page, or start again without `after`.",
            fields=("after",),
        )


def _accepted(place: Place, given_filter: Filter, rows: Sequence[Entity]) -> list[Entity]:
    spec, entities = place.spec, all_listed(place, rows)
    if given_filter and not all(is_match(spec, given_filter, each) for each in entities):
        raise UpstreamUnsupportedError(
            f"Microsoft Graph answered {spec.entity_set} that do not match `filter`: it does not support this filter.",
            hint="Leave out conditions until it does, and compare the rest yourself.",
        )
    return entities
