"""Slices of a collection, however Graph cuts its pages: forty collections each, which takes half a second."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from gateway.clock import Deadline
from gateway.cursors import Position
from gateway.graph.client import Errand, GraphClient
from gateway.graph.gather import Batching
from gateway.graph.httpx_transport import HttpxTransport, build_client
from gateway.graph.loader import Loader
from gateway.graph.request import Entity, GraphRequest
from gateway.schema.connections import Slice, Spot, read_slice, to_connection
from gateway.telemetry import Operation, Telemetry
from tests.clock import SteppingClock
from tests.wire import Answering

BASE = "https://graph.microsoft.com/v1.0"
PATH = "/tenantRelationships/managedTenants/tenantTags"
COLLECTION = GraphRequest("GET", PATH, "ManagedTenants.Read.All")


class Collection:
    """Rows in pages of the given sizes, empty ones among them, linked one to the next. The first tells the total."""

    def __init__(self, sizes: list[int]) -> None:
        self.rows = [{"id": str(number)} for number in range(sum(sizes))]
        ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
        self._pages = [self.rows[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        transport = HttpxTransport(
            build_client(ca_file=None, connections=2, transport=Answering(self._answer)),
            max_answer_bytes=1_000_000,
        )
        clock = SteppingClock()
        telemetry = Telemetry(clock, CollectorRegistry())
        self._client = GraphClient(transport, base_url=BASE, clock=clock, telemetry=telemetry)
        self._errand = Errand(_token, Deadline.after(clock, 30), Operation(request_id="r-1"))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        content: dict[str, Any] = {"value": self._pages[number]}
        if number == 0:
            content["@odata.count"] = len(self.rows)
        if number + 1 < len(self._pages):
            content["@odata.nextLink"] = f"{BASE}{PATH}?page={number + 1}"
        return httpx.Response(200, content=json.dumps(content))

    async def read(self, start: Position, first: int) -> Slice:
        """One operation's slice."""
        loader = Loader(
            self._client,
            self._errand,
            max_calls=100,
            concurrency=1,
            batching=Batching(is_on=False),
            hold=lambda _: None,
        )
        return await read_slice(loader, COLLECTION, start, first=first, accept=_as_they_are)


async def _token(_: str | None) -> str:
    return "t-1"


def _as_they_are(rows: Sequence[Entity]) -> list[Entity]:
    return list(rows)


def at(spot: Spot, total_count: int | None) -> Position:
    """Where a cursor for the spot leads to."""
    target, offset = spot
    return Position(target, offset, frozenset({"id"}), total_count)


START = Position(f"{PATH}?page=0", 0, frozenset({"id"}))
SIZES = st.lists(st.integers(0, 5), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(SIZES, st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_every_row_comes_once_in_slices_as_asked_for(sizes: list[int], firsts: list[int]) -> None:
    """Whatever the sizes of pages and slices: all but the last slice are full, and the total is always known."""

    async def walk() -> None:
        collection = Collection(sizes)
        seen: list[Entity] = []
        here: Position | None = START
        for number in range(len(collection.rows) + 2):
            first = firsts[number % len(firsts)]
            part = await collection.read(here or START, first)
            seen += part.rows
            assert part.total_count == len(collection.rows)
            here = part.end and at(part.end, part.total_count)
            if here is None:
                break
            assert len(part.rows) == first
        assert (here, seen) == (None, collection.rows)

    asyncio.run(walk())


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(1, 30))
def test_every_row_knows_what_comes_behind_it(sizes: list[int], first: int) -> None:
    """A slice that starts at any row's position begins with the next row."""

    async def resume() -> None:
        collection = Collection(sizes)
        part = await collection.read(START, first)
        for index, behind in enumerate(part.spots()):
            following = await collection.read(at(behind, part.total_count), 2)
            assert following.rows == collection.rows[index + 1 : index + 3]
            assert following.total_count == len(collection.rows)

    asyncio.run(resume())


# The connection object

ROWS: list[Entity] = [{"id": key} for key in "AB"]
RUNS: list[tuple[Spot, int]] = [((f"{PATH}?page={key}", 0), 1) for key in "AB"]
END = (f"{PATH}?page=C", 0)
NOTHING = Slice([], [], None, None)
LAST = Slice(ROWS, RUNS, None, 7)
NOT_LAST = Slice(ROWS, RUNS, END, 7)
ALL: Any = {
    "edges": {"cursor": {}, "node": {}},
    "nodes": {},
    "totalCount": {},
    "pageInfo": {"startCursor": {}, "endCursor": {}, "hasNextPage": {}, "hasPreviousPage": {}},
}


@pytest.mark.parametrize(
    ("part", "edges", "page_info"),
    [
        pytest.param(NOTHING, [], {"hasNextPage": False, "startCursor": None, "endCursor": None}, id="nothing"),
        pytest.param(
            Slice([], [], END, None), [], {"hasNextPage": True, "startCursor": None, "endCursor": "C"}, id="nothing yet"
        ),
        pytest.param(LAST, ["A", "B"], {"hasNextPage": False, "startCursor": "A", "endCursor": "B"}, id="the last"),
        pytest.param(
            NOT_LAST, ["A", "B"], {"hasNextPage": True, "startCursor": "A", "endCursor": "C"}, id="not the last"
        ),
    ],
)
@pytest.mark.parametrize("has_previous", [True, False])
def test_a_slice_becomes_a_connection(
    part: Slice, edges: list[str], page_info: dict[str, Any], has_previous: bool
) -> None:
    """Relay's shape; `endCursor` leads to where the next slice starts."""
    connection = to_connection(part, ALL, has_previous=has_previous, seal=lambda spot: spot[0][-1])
    assert connection == {
        "nodes": part.rows,
        "edges": [{"node": {"id": key}, "cursor": key} for key in edges],
        "totalCount": part.total_count,
        "pageInfo": {**page_info, "hasPreviousPage": has_previous},
    }


@pytest.mark.parametrize(
    ("selection", "sealed"),
    [
        pytest.param({"nodes": {}}, [], id="none selected"),
        pytest.param({"edges": {"node": {}}}, [], id="edges without cursors"),
        pytest.param({"pageInfo": {"hasNextPage": {}}}, [], id="page info without cursors"),
        pytest.param({"pageInfo": {"startCursor": {}}}, ["A"], id="the start"),
        pytest.param({"pageInfo": {"endCursor": {}}}, ["C"], id="the end"),
        pytest.param({"edges": {"cursor": {}}}, ["A", "B"], id="each edge"),
    ],
)
def test_only_selected_cursors_are_sealed(selection: Any, sealed: list[str]) -> None:
    """Sealing is the costliest part of an answer."""
    asked: list[str] = []

    def seal(spot: Spot) -> str:
        asked.append(spot[0][-1])
        return "sealed"

    to_connection(NOT_LAST, selection, has_previous=False, seal=seal)
    assert asked == sealed
