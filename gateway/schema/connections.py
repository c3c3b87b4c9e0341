"""A slice of a collection as a Relay connection, read page by page.

Graph may answer fewer rows than asked for, more, or none at all with a link to go on: the walk goes on until the slice
is full or the collection ends. A page that fails is an error, never a short list.
https://relay.dev/graphql/connections.htm
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from gateway.cursors import Position
from gateway.errors import UpstreamUnsupportedError
from gateway.graph.loader import Loader
from gateway.graph.paging import Page, to_page_request
from gateway.graph.request import Entity, GraphRequest
from gateway.schema.context import SelectionTree

Spot = tuple[str, int]
"""A page, by its target, and how many of its rows are behind."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows in order, the spot behind each, and the spot where the next slice starts, None if there is none."""

    rows: list[Entity]
    spots: list[Spot]
    end: Spot | None
    total_count: int | None


async def read_slice(
    loader: Loader, collection: GraphRequest, start: Position, *, first: int, accept: Callable[[Entity], Entity]
) -> Slice:
    """At most `first` rows from the position on. `accept` raises for a row that must not be in the answer."""
    rows: list[Entity] = []
    spots: list[Spot] = []
    total_count = start.total_count
    async for target, page in walk_pages(loader, collection, start.target):
        offset = start.offset if target == start.target else 0
        total_count = page.total_count if total_count is None else total_count
        taken = page.rows[offset : offset + first - len(rows)]
        rows += map(accept, taken)
        behind = offset + len(taken)
        spots += ((target, each) for each in range(offset + 1, behind + 1))
        if len(rows) == first and behind < len(page.rows):
            return Slice(rows, spots, (target, behind), total_count)
        if len(rows) == first and page.next_target is not None:
            return Slice(rows, spots, (page.next_target, 0), total_count)
    return Slice(rows, spots, None, total_count)


async def walk_pages(loader: Loader, collection: GraphRequest, target: str) -> AsyncIterator[tuple[str, Page]]:
    """Each page with its target, from the given one on.

    `collection` is any request for the collection, for its path and permission.
    """
    walked: set[str] = set()
    following: str | None = target
    while following is not None:
        if following in walked:
            raise UpstreamUnsupportedError("Microsoft Graph's links between pages run in a circle.")
        walked.add(following)
        page = await loader.read_page(to_page_request(collection, following), collection.path)
        yield following, page
        following = page.next_target


def to_connection(
    part: Slice, selection: SelectionTree, *, has_previous: bool, seal: Callable[[Spot], str]
) -> dict[str, Any]:
    """The connection object. Sealing costs, so only selected cursors are sealed."""
    rows, spots = part.rows, part.spots
    edge, page_info = selection.get("edges", {}), selection.get("pageInfo", {})
    edges = [
        {"node": row, "cursor": seal(behind) if "cursor" in edge else None}
        for row, behind in (zip(rows, spots, strict=True) if edge else [])
    ]
    end = part.end or (spots[-1] if spots else None)
    return {
        "nodes": rows,
        "edges": edges,
        "totalCount": part.total_count,
        "pageInfo": {
            "hasNextPage": part.end is not None,
            "hasPreviousPage": has_previous,
            "startCursor": seal(spots[0]) if spots and "startCursor" in page_info else None,
            "endCursor": seal(end) if end and "endCursor" in page_info else None,
        },
    }
