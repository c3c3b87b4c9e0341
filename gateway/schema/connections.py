"""A slice of a collection as a Relay connection, read page by page.

Graph may answer fewer rows than asked for, more, or none at all with a link to go on: the walk goes on until the slice
is full or the collection ends. A page that fails is an error, never a short list.
https://relay.dev/graphql/connections.htm
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
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
    """Rows in order, and the spot where the next slice starts, None if there is none.

    `runs`: from which spot on so many of the rows follow each other.
    """

    rows: list[Entity]
    runs: list[tuple[Spot, int]]
    end: Spot | None
    total_count: int | None

    def spots(self) -> Iterator[Spot]:
        """The spot behind each row."""
        for (target, offset), count in self.runs:
            yield from ((target, each) for each in range(offset + 1, offset + count + 1))


async def read_slice(
    loader: Loader,
    collection: GraphRequest,
    start: Position,
    *,
    first: int,
    accept: Callable[[Sequence[Entity]], list[Entity]],
) -> Slice:
    """At most `first` rows from the position on. `accept` raises for rows that must not be in the answer."""
    rows: list[Entity] = []
    runs: list[tuple[Spot, int]] = []
    total_count = start.total_count
    async for target, page in walk_pages(loader, collection, start.target):
        offset = start.offset if target == start.target else 0
        total_count = page.total_count if total_count is None else total_count
        taken = page.rows[offset : offset + first - len(rows)]
        rows += accept(taken)
        behind = offset + len(taken)
        if taken:
            runs.append(((target, offset), len(taken)))
        if len(rows) == first and behind < len(page.rows):
            return Slice(rows, runs, (target, behind), total_count)
        if len(rows) == first and page.next_target is not None:
            return Slice(rows, runs, (page.next_target, 0), total_count)
    return Slice(rows, runs, None, total_count)


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
    edge, page_info = selection.get("edges", {}), selection.get("pageInfo", {})
    edges = [
        {"node": row, "cursor": seal(behind) if "cursor" in edge else None}
        for row, behind in (zip(part.rows, part.spots(), strict=True) if "edges" in selection else [])
    ]
    end = part.end or (_behind_all(part.runs[-1]) if part.runs else None)
    return {
        "nodes": part.rows,
        "edges": edges,
        "totalCount": part.total_count,
        "pageInfo": {
            "hasNextPage": part.end is not None,
            "hasPreviousPage": has_previous,
            "startCursor": seal(next(part.spots())) if part.runs and "startCursor" in page_info else None,
            "endCursor": seal(end) if end and "endCursor" in page_info else None,
        },
    }


def _behind_all(run: tuple[Spot, int]) -> Spot:
    (target, offset), count = run
    return target, offset + count
