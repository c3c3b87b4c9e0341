"""A slice of a collection as a Relay connection, read page by page.

Graph may answer fewer rows than asked for, more, or none at all with a link to go on: the walk goes on until the slice
is full or the collection ends. A page that fails is an error, never a short list.
https://relay.dev/graphql/connections.htm
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.cursors import Position
from gateway.errors import UpstreamUnsupportedError
from gateway.graph.loader import Loader
from gateway.graph.paging import Page, to_page_request
from gateway.graph.request import Entity, GraphRequest
from gateway.schema.context import SelectionTree


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows in order, each with the position behind it; `end`: where the next slice starts, None if there is none."""

    rows: list[tuple[Entity, Position]]
    end: Position | None
    total_count: int | None


async def read_slice(
    loader: Loader, collection: GraphRequest, start: Position, *, first: int, accept: Callable[[Entity], Entity]
) -> Slice:
    """At most `first` rows from the position on. `accept` raises for a row that must not be in the answer."""
    rows: list[tuple[Entity, Position]] = []
    here = start
    async for target, page in walk_pages(loader, collection, start.target):
        offset = start.offset if target == start.target else 0
        total_count = page.total_count if here.total_count is None else here.total_count
        here = replace(here, target=target, offset=offset, total_count=total_count)
        for row in page.rows[offset:]:
            if len(rows) == first:
                return Slice(rows, here, total_count)
            here = replace(here, offset=here.offset + 1)
            rows.append((accept(row), here))
        if page.next_target is not None and len(rows) == first:
            return Slice(rows, replace(here, target=page.next_target, offset=0), total_count)
    return Slice(rows, None, here.total_count)


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
    part: Slice, selection: SelectionTree, *, has_previous: bool, seal: Callable[[Position], str]
) -> dict[str, Any]:
    """The connection object. Sealing costs, so only selected cursors are sealed."""
    rows, edge, page_info = part.rows, selection.get("edges", {}), selection.get("pageInfo", {})
    edges = [
        {"node": row, "cursor": seal(behind) if "cursor" in edge else None} for row, behind in (rows if edge else [])
    ]
    end = part.end or (rows[-1][1] if rows else None)
    return {
        "nodes": [row for row, _ in rows],
        "edges": edges,
        "totalCount": part.total_count,
        "pageInfo": {
            "hasNextPage": part.end is not None,
            "hasPreviousPage": has_previous,
            "startCursor": seal(rows[0][1]) if rows and "startCursor" in page_info else None,
            "endCursor": seal(end) if end and "endCursor" in page_info else None,
        },
    }
