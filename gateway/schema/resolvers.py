"""One generic resolver for each operation that a resource can offer: arguments → requests to Graph → JSON."""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import unquote

import orjson
import strawberry

from gateway.cursors import Position
from gateway.errors import (
    BadUserInputError,
    GatewayError,
    NotFoundError,
    OutcomeUnknownError,
    UpstreamUnsupportedError,
)
from gateway.graph.answer import BrokenAnswerError, to_object
from gateway.graph.loader import Loader
from gateway.graph.request import Entity
from gateway.graph.transport import Answer
from gateway.mapping.filter import Filter, filtered_names, is_match
from gateway.mapping.requests import to_create, to_delete, to_get, to_list, to_update
from gateway.resources.spec import Operation, ResourceSpec
from gateway.schema.connections import read_slice, to_connection
from gateway.schema.context import Context
from gateway.schema.selection import SelectionTree, selected

Resolver = Callable[..., Coroutine[Any, Any, Any]]

DEFAULT_FIRST: Final = 50
MAX_FIRST: Final = 500

COUNTED: Final = "$count"
"""Stands among a position's names for the total having been asked for."""


def list_resolver(spec: ResourceSpec) -> Resolver:
    async def resolve(info: strawberry.Info[Context], **arguments: Any) -> dict[str, Any]:
        selection = selected(info)
        first = _checked_first(arguments.get("first"))
        given_filter: Filter = arguments.get("filter") or {}
        order_by = [(name, value.value) for each in arguments.get("orderBy") or [] for name, value in each.items()]
        question = _question(spec, given_filter, order_by)
        wanted = _wanted_names(selection)
        request = to_list(
            spec,
            wanted - {COUNTED},
            first=first,
            given_filter=given_filter,
            order_by=order_by,
            count=COUNTED in wanted,
        )
        after = arguments.get("after")
        if after is None:
            start = Position(request.target, 0, frozenset(wanted | filtered_names(given_filter)))
        else:
            start = info.context.cursors.open(after, question)
            _check_names(spec, wanted, start)
        part = await read_slice(
            info.context.loader, request, start, first=first, check=lambda row: _check_row(spec, given_filter, row)
        )
        return to_connection(
            part,
            selection,
            has_previous=after is not None,
            seal=lambda position: info.context.cursors.seal(position, question),
        )

    return resolve


def get_resolver(spec: ResourceSpec) -> Resolver:
    async def resolve(info: strawberry.Info[Context], **arguments: Any) -> Entity | None:
        key: str = arguments[spec.key.name]
        try:
            return await _read(info.context.loader, spec, key, selected(info))
        except NotFoundError:
            return None

    return resolve


def create_resolver(spec: ResourceSpec) -> Resolver:
    async def resolve(info: strawberry.Info[Context], **arguments: Any) -> Entity:
        loader = info.context.loader
        answer = await loader.write(to_create(spec, arguments["input"]))
        entity = _entity(spec, answer)
        if entity is not None:
            return entity
        key = _key_from_location(spec, answer)
        if key is None:
            raise OutcomeUnknownError(
                f"Microsoft Graph reported {answer.status} without the object or its {spec.key.name}: it was created, "
                "but which one it is cannot be told.",
                hint=f"List {spec.entity_set} to find it. Do not create it again.",
            )
        return await _read_back(loader, spec, key, selected(info), answer)

    return resolve


def update_resolver(spec: ResourceSpec) -> Resolver:
    async def resolve(info: strawberry.Info[Context], **arguments: Any) -> Entity:
        loader, key = info.context.loader, arguments[spec.key.name]
        answer = await loader.write(to_update(spec, key, arguments["input"]))
        entity = _entity(spec, answer)
        return entity if entity is not None else await _read_back(loader, spec, key, selected(info), answer)

    return resolve


def delete_resolver(spec: ResourceSpec) -> Resolver:
    async def resolve(info: strawberry.Info[Context], **arguments: Any) -> str:
        key: str = arguments[spec.key.name]
        await info.context.loader.write(to_delete(spec, key))
        return key

    return resolve


RESOLVERS: Mapping[Operation, Callable[[ResourceSpec], Resolver]] = {
    Operation.LIST: list_resolver,
    Operation.GET: get_resolver,
    Operation.CREATE: create_resolver,
    Operation.UPDATE: update_resolver,
    Operation.DELETE: delete_resolver,
}


def _checked_first(first: int | None) -> int:
    if first is None:
        return DEFAULT_FIRST
    if not 1 <= first <= MAX_FIRST:
        raise BadUserInputError(f"`first` is {first}; it must be from 1 to {MAX_FIRST}.", fields=("first",))
    return first


def _question(spec: ResourceSpec, given_filter: Filter, order_by: list[tuple[str, str]]) -> str:
    return orjson.dumps([spec.entity_set, given_filter, order_by], option=orjson.OPT_SORT_KEYS).decode()


def _wanted_names(selection: SelectionTree) -> set[str]:
    """Names of properties selected on the items, and `COUNTED` if the total is."""
    items = {*selection.get("nodes", {}), *selection.get("edges", {}).get("node", {})}
    counted = {COUNTED} if "totalCount" in selection else set()
    return (items | counted) - {"__typename"}


def _check_names(spec: ResourceSpec, wanted: set[str], start: Position) -> None:
    missing = sorted(wanted - start.names - {spec.key.name})
    if missing:
        names = ", ".join("totalCount" if name == COUNTED else name for name in missing)
        raise BadUserInputError(
            f"`after` continues a page on which these fields were not selected: {names}.",
            hint="Select the same fields on every page, or start again without `after`.",
            fields=("after",),
        )


def _check_row(spec: ResourceSpec, given_filter: Filter, row: Entity) -> None:
    if not isinstance(row.get(spec.key.name), str):
        raise UpstreamUnsupportedError(
            f"Microsoft Graph answered one of the {spec.entity_set} without its {spec.key.name}."
        )
    if not is_match(spec, given_filter, row):
        raise UpstreamUnsupportedError(
            f"Microsoft Graph answered {spec.entity_set} that do not match `filter`: it does not support this filter.",
            hint="Leave out conditions until it does, and compare the rest yourself.",
        )


async def _read(loader: Loader, spec: ResourceSpec, key: str, selection: SelectionTree) -> Entity:
    entity = await loader.read(to_get(spec, key, selection))
    # Graph shortens answers; what was asked by key has that key.
    return {spec.key.name: key, **entity}


async def _read_back(loader: Loader, spec: ResourceSpec, key: str, selection: SelectionTree, answer: Answer) -> Entity:
    try:
        return await _read(loader, spec, key, selection)
    except GatewayError as error:
        raise OutcomeUnknownError(
            f"Microsoft Graph reported {answer.status}, so the write was done; reading {spec.key.name} {key!r} back "
            f"failed: {error.message}",
            hint="Read the object again. Do not repeat the write.",
            graph=error.graph,
        ) from error


def _entity(spec: ResourceSpec, answer: Answer) -> Entity | None:
    """The object in a write's answer, if it is there and says which one it is."""
    try:
        entity = to_object(answer)
    except BrokenAnswerError:
        return None
    return entity if isinstance(entity.get(spec.key.name), str) and entity[spec.key.name] else None


def _key_from_location(spec: ResourceSpec, answer: Answer) -> str | None:
    """The key in `Location`, in either form: `…/cloudPcConnections/KEY` or `…/cloudPcConnections('KEY')`."""
    location = answer.headers.get("location", "")
    match = re.search(rf"/{spec.entity_set}(?:/([^/?#]+)|\('([^/?#]+)'\))$", location)
    # Between parentheses a key is a literal, in which a quote stands doubled.
    return unquote(match[1] or match[2].replace("''", "'")) if match else None
