"""One entity: read by key, found at the end of a link, or in the answer to a write."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from gateway.errors import GatewayError, NotFoundError, OutcomeUnknownError, UpstreamUnsupportedError
from gateway.graph.answer import BrokenAnswerError, to_object
from gateway.graph.loader import Loader
from gateway.graph.request import Entity
from gateway.graph.transport import Answer
from gateway.mapping.place import Place, to_root
from gateway.mapping.requests import to_get, to_get_linked

ITEM_PATH: Final = "@gateway.path"
"""Member by which an entity that is within another remembers where it is. Graph's own members have no such name."""


def to_entity(place: Place, row: Entity) -> Entity | None:
    """The row as the source of fields; None if it does not say which one it is.

    Rows of `cloudPcsOverview`, whose key is `tenantId`, are documented with an `id` in its place.
    """
    name = place.spec.key.name
    key = row.get(name) or row.get("id")
    if not isinstance(key, str) or not key:
        return None
    added = {} if row.get(name) else {name: key}
    if place.spec.within:
        added[ITEM_PATH] = place.item_path(key)
    return {**row, **added} if added else row


def to_listed(place: Place, row: Entity) -> Entity:
    """The same for a row of a list, which must say which one it is."""
    entity = to_entity(place, row)
    if entity is None:
        raise UpstreamUnsupportedError(
            f"Microsoft Graph answered one of the {place.spec.entity_set} without its {place.spec.key.name}."
        )
    return entity


def all_listed(place: Place, rows: Sequence[Entity]) -> list[Entity]:
    """`to_listed` for many rows, which nearly always are as they should be."""
    keys = [row.get(place.spec.key.name) for row in rows]
    if not place.spec.within and all(keys) and set(map(type, keys)) <= {str}:
        return list(rows)
    return [to_listed(place, row) for row in rows]


def to_item_path(place: Place, entity: Mapping[str, Any]) -> str:
    """Where the entity is: the set that it is within, or the namespace's own."""
    path: str | None = entity.get(ITEM_PATH)
    return path or to_root(place.spec).item_path(entity[place.spec.key.name])


async def read_entity(loader: Loader, place: Place, key: str, names: Iterable[str]) -> Entity:
    """Raises `GatewayError`, `NotFoundError` among them."""
    name, row = place.spec.key.name, await loader.read(to_get(place, key, names))
    # Graph shortens answers; what was asked by key has that key.
    entity = to_entity(place, {**row, name: key} if row.get(name) is None else row)
    if entity is None:
        raise UpstreamUnsupportedError(f"Microsoft Graph answered a {place.spec.name} whose {name} is no text.")
    return entity


async def read_linked(loader: Loader, place: Place, names: Iterable[str]) -> Entity | None:
    """The one entity that a link leads to, None if it leads to none."""
    try:
        return to_entity(place, await loader.read(to_get_linked(place, names)))
    except NotFoundError:
        return None


async def read_created(loader: Loader, place: Place, answer: Answer, names: Iterable[str]) -> Entity:
    """The entity that a create answered with, or the one that its `Location` names; else its outcome is unknown."""
    entity = to_written(place, answer)
    if entity is not None:
        return entity
    spec, key = place.spec, key_of(place, answer)
    if key is None:
        raise OutcomeUnknownError(
            f"Microsoft Graph reported {answer.status} without the object or its {spec.key.name}: it was created, "
            "but which one it is cannot be told.",
            hint=f"List {spec.entity_set} to find it. Do not create it again.",
        )
    return await read_back(loader, place, key, answer, names)


def key_of(place: Place, answer: Answer) -> str | None:
    """The key of the entity that a create made, if the answer tells it."""
    entity = to_written(place, answer)
    return entity[place.spec.key.name] if entity else _key_from_location(place.spec.entity_set, answer)


async def read_back(loader: Loader, place: Place, key: str, answer: Answer, names: Iterable[str]) -> Entity:
    """The entity after a write whose answer does not show it."""
    try:
        return await read_entity(loader, place, key, names)
    except GatewayError as error:
        raise OutcomeUnknownError(
            f"Microsoft Graph reported {answer.status}, so the write was done; reading {place.spec.key.name} {key!r} "
            f"back failed: {error.message}",
            hint="Read the object again. Do not repeat the write.",
            graph=error.graph,
        ) from error


def to_written(place: Place, answer: Answer) -> Entity | None:
    """The entity in a write's answer, if it is there and says which one it is.

    Some pages show the answer to an action wrapped in `value`.
    """
    try:
        row = to_object(answer)
    except BrokenAnswerError:
        return None
    wrapped = row.get("value")
    return to_entity(place, wrapped if isinstance(wrapped, dict) else row)


def _key_from_location(entity_set: str, answer: Answer) -> str | None:
    """The key in `Location`, in either form: `…/cloudPcConnections/KEY` or `…/cloudPcConnections('KEY')`."""
    location = answer.headers.get("location", "")
    match = re.search(rf"/{entity_set}(?:/([^/?#]+)|\('([^/?#]+)'\))$", location)
    # Between parentheses a key is a literal, in which a quote stands doubled, encoded or not.
    return (unquote(match[1]) if match[1] else unquote(match[2]).replace("''", "'")) if match else None
