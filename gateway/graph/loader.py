"""The only way upstream for one operation: equal reads are one, reads travel together, and all of it is capped.

What it has sent it remembers, so that an operation can be run again from its beginning without sending anything twice.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

from gateway.clock import Deadline
from gateway.errors import GatewayError, InternalServerError
from gateway.graph.audit import audited
from gateway.graph.bulk import BulkWriter
from gateway.graph.client import Errand, GraphClient
from gateway.graph.gather import Batching, Calls, Gatherer
from gateway.graph.paging import Page, to_page
from gateway.graph.request import GraphRequest, Json
from gateway.graph.transport import Answer
from gateway.telemetry import CANCELLED, OK

log = logging.getLogger("gateway")

T = TypeVar("T")


class Loader:
    """Reads and writes for one operation; `close` ends reads that nobody waits for any more.

    `writes` are behind the operation so far: what was read before the last of them may have changed.
    A write that was begun is shielded: the caller may hang up, its outcome is still awaited and logged.
    `hold` keeps such a write alive until it is over, wherever the process collects them.
    """

    def __init__(
        self,
        client: GraphClient,
        errand: Errand,
        *,
        max_calls: int,
        concurrency: int,
        batching: Batching,
        hold: Callable[[asyncio.Task[Any]], None],
    ) -> None:
        self._client = client
        self._errand = errand
        self._calls = Calls(most=max_calls, concurrency=concurrency)
        self._gather = Gatherer(
            partial(client.call, errand=errand), partial(client.send, errand=errand), self._calls, batching
        )
        self._batching = batching
        self._hold = hold
        self._reads: dict[tuple[int, GraphRequest], asyncio.Task[dict[str, Json]]] = {}
        self._written: list[tuple[tuple[GraphRequest, ...], asyncio.Task[Any]]] = []
        self.writes = 0

    @property
    def deadline(self) -> Deadline:
        return self._errand.deadline

    def rewind(self) -> None:
        """Back to the beginning: what is asked for again is answered as it was, and what is new is sent."""
        self.writes = 0

    async def read(self, request: GraphRequest) -> dict[str, Json]:
        """The JSON object that Graph answered; raises `GatewayError`."""
        place = (self.writes, request)
        task = self._reads.get(place)
        if task is None:
            task = asyncio.create_task(self._client.read(request, self._errand, self._gather))
            self._reads[place] = task
        # Others may wait for the same read, so one that gives up must not cancel it.
        return await asyncio.shield(task)

    async def read_page(self, request: GraphRequest, path: str) -> Page:
        """One page of the collection at the path."""
        return to_page(await self.read(request), base_url=self._client.base_url, path=path)

    async def write(self, request: GraphRequest) -> Answer:
        """Graph's success answer; raises `GatewayError`. What was read before is out of date."""
        return await self.see_through((request,), lambda: self.send(request))

    async def write_all(self, requests: Sequence[GraphRequest], *, stop: bool) -> list[Answer | GatewayError]:
        """What became of each, in order: Graph's success answer, or why there is none. See `BulkWriter`."""
        return await self.see_through(tuple(requests), lambda: self.send_all(requests, stop=stop))

    async def send(self, request: GraphRequest) -> Answer:
        """The same as `write`, but not remembered: for what is seen through already."""
        self._calls.count(1)
        with audited(self._errand.operation, [request]) as outcomes:
            answer = await self._client.write(request, self._errand)
            outcomes.append(answer)
        return answer

    async def send_all(self, requests: Sequence[GraphRequest], *, stop: bool) -> list[Answer | GatewayError]:
        """The same as `write_all`, but not remembered."""
        writer = BulkWriter(self._client, self._errand, self._calls, batching=self._batching, stop=stop)
        with audited(self._errand.operation, requests) as outcomes:
            outcomes.extend(await writer.write(requests))
        return outcomes

    async def look(self, request: GraphRequest, path: str) -> Page:
        """The same as `read_page`, but not remembered: it may be asked for again to see what has changed."""
        content = await self._client.read(request, self._errand, self._gather)
        return to_page(content, base_url=self._client.base_url, path=path)

    def after_writes(self, then: Callable[[], None]) -> None:
        """Calls it once no write is under way: at once, unless the caller of one has gone."""
        last = self._written[-1][1] if self._written else None
        if last is None or last.done():
            then()
        else:
            last.add_done_callback(lambda _: then())

    def close(self) -> None:
        for task in self._reads.values():
            task.cancel()
        self._gather.close()

    async def see_through(self, requests: tuple[GraphRequest, ...], begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Waits for what `begin` does to send the writes; if the caller goes, it goes on and its outcome is logged."""
        if self.writes == len(self._written):
            task = asyncio.create_task(begin())
            self._hold(task)
            self._written.append((requests, task))
        known, task = self._written[self.writes]
        if known != requests:
            raise RuntimeError("the operation took another way than the first time")  # rather than send a write twice
        self.writes += 1
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._report_abandoned(requests[0], done))
            raise

    def _report_abandoned(self, request: GraphRequest, done: asyncio.Task[Any]) -> None:
        failure = None if done.cancelled() else done.exception()
        is_foreseen = failure is None or isinstance(failure, GatewayError)
        log.log(
            logging.WARNING if is_foreseen else logging.ERROR,
            "a write ended after its caller had gone",
            exc_info=None if is_foreseen else failure,
            extra={
                "fields": {
                    "request_id": self._errand.operation.request_id,
                    "method": request.method,
                    "collection": request.template,
                    "code": CANCELLED if done.cancelled() else _code(failure),
                    "graph_request_ids": self._errand.operation.graph_request_ids,
                }
            },
        )


def _code(failure: BaseException | None) -> str:
    if failure is None:
        return OK
    return failure.code if isinstance(failure, GatewayError) else InternalServerError.code
