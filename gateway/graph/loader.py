"""The only way upstream for one operation: equal reads are one call, and what one operation may ask is capped."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from gateway.errors import GatewayError, InternalServerError, OperationLimitError
from gateway.graph.client import Errand, GraphClient
from gateway.graph.paging import Page, to_page
from gateway.graph.request import GraphRequest, Json
from gateway.graph.transport import Answer
from gateway.telemetry import CANCELLED, OK

log = logging.getLogger("gateway")

T = TypeVar("T")


class Loader:
    """Reads and writes for one operation; `close` ends reads that nobody waits for any more.

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
        hold: Callable[[asyncio.Task[Answer]], None],
    ) -> None:
        self._client = client
        self._errand = errand
        self._max_calls = max_calls
        self._calls = 0
        self._slots = asyncio.Semaphore(concurrency)
        self._hold = hold
        self._reads: dict[GraphRequest, asyncio.Task[dict[str, Json]]] = {}

    async def read(self, request: GraphRequest) -> dict[str, Json]:
        """The JSON object that Graph answered; raises `GatewayError`."""
        task = self._reads.get(request)
        if task is None:
            self._count()
            task = self._reads[request] = asyncio.create_task(self._read(request))
        # Others may wait for the same read, so one that gives up must not cancel it.
        return await asyncio.shield(task)

    async def read_page(self, request: GraphRequest, path: str) -> Page:
        """One page of the collection at the path."""
        return to_page(await self.read(request), base_url=self._client.base_url, path=path)

    async def write(self, request: GraphRequest) -> Answer:
        """Graph's success answer; raises `GatewayError`. What was read before is forgotten."""
        self._count()
        self._reads.clear()
        task = asyncio.create_task(self._client.write(request, self._errand))
        self._hold(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._report_abandoned(request, done))
            raise

    def close(self) -> None:
        for task in self._reads.values():
            task.cancel()

    async def _read(self, request: GraphRequest) -> dict[str, Json]:
        async with self._slots:
            return await self._client.read(request, self._errand)

    def _count(self) -> None:
        self._calls += 1
        if self._calls > self._max_calls:
            raise OperationLimitError(
                f"The operation needs more than {self._max_calls} calls to Microsoft Graph.",
                hint="Ask for less in one operation. The limit is GATEWAY_MAX_GRAPH_CALLS.",
            )

    def _report_abandoned(self, request: GraphRequest, done: asyncio.Task[Answer]) -> None:
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
