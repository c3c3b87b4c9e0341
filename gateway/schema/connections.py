"""A slice of a collection as a Relay connection, read page by page.

Graph may answer fewer rows than asked for, more, or none at all with a link to go on: the walk goes on until the slice
is full or the collection ends. A page that fails is an error, never a short list.
https://relay.dev/graphql/connections.htm
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.cursors import Position
from gateway.errors import UpstreamUnsupportedError
from gateway.graph.loader import Loader
from gateway.graph.paging import to_page_request
from gateway.graph.request import Entity, GraphRequest
from gateway.schema.selection import SelectionTree


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows in order, each with the position behind it; `end`: where the next slice starts, None if there is none."""

    rows: list[tuple[Entity, Position]]
    end: Position | None
    total_count: int | None


async def read_slice(
    loader: Loader, collection: GraphRequest, start: Position, *, first: int, check: Callable[[Entity], None]
) -> Slice:
    """At most `first` rows from the position on. `check` raises for a row that must not be in the answer.

    `collection` is any request for the collection, for its path and permission.
    """
    rows: list[tuple[Entity, Position]] = []
    here, total_count = start, start.total_count
    walked: set[str] = set()
    while True:
        if here.target in walked:
            raise UpstreamUnsupportedError("Microsoft Graph's links between pages run in a circle.")
        walked.add(here.target)
        page = await loader.read_page(to_page_request(collection, here.target), collection.path)
        total_count = page.total_count if total_count is None else total_count
        for offset, row in enumerate(page.rows[here.offset :], here.offset + 1):
            if len(rows) == first:
                return Slice(rows, replace(here, offset=offset - 1, total_count=total_count), total_count)
            check(row)
            rows.append((row, replace(here, offset=offset, total_count=total_count)))
        if page.next_target is None:
            return Slice(rows, None, total_count)
        here = replace(here, target=page.next_target, offset=0, total_count=total_count)
        if len(rows) == first:
            return Slice(rows, here, total_count)


def to_connection(
    part: Slice, selection: SelectionTree, *, has_previous: bool, seal: Callable[[Position], str]
) -> dict[str, Any]:
    """The connection object. Sealing costs, so only selected cursors are sealed."""
    rows, page_info = part.rows, selection.get("pageInfo", {})
    edges = [
        {"node": row, "cursor": seal(behind) if "cursor" in selection["edges"] else None}
        for row, behind in (rows if "edges" in selection else [])
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
