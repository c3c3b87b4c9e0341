"""Reads that are asked for in one turn of the event loop → as few HTTP calls as they need.

https://learn.microsoft.com/graph/json-batching
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from gateway.errors import GatewayError, OperationLimitError
from gateway.graph.batch import MAX_ITEMS, NOT_OFFERED, from_batch, to_batch
from gateway.graph.client import Call
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer, AnswerTooLargeError, LostError

log = logging.getLogger("gateway")

UNFIT: Final = NOT_OFFERED | {400, 413}
"""Statuses of the outer answer after which the items are sent one by one."""


@dataclass(slots=True)
class Batching:
    """Whether calls may travel in `$batch`. One for each process: it ends once Graph says that it has no such thing."""

    is_on: bool

    def end(self, status: int) -> None:
        if self.is_on:
            self.is_on = False
            log.warning("Microsoft Graph does not offer $batch", extra={"fields": {"status": status}})


@dataclass(slots=True, eq=False)
class Waiting:
    """A read that has been asked for, and where its answer goes. None: it goes alone, and whoever asks sends it."""

    request: GraphRequest
    token: str = field(repr=False)
    answer: asyncio.Future[Answer | None]

    def tell(self, outcome: Answer | BaseException | None) -> None:
        """Nothing happens if whoever asked has gone."""
        if self.answer.done():
            return
        if isinstance(outcome, BaseException):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Calls:
    """Counts the HTTP calls of one operation against its cap; `slots` limits how many reads are under way at once."""

    def __init__(self, *, most: int, concurrency: int) -> None:
        self._most = most
        self._made = 0
        self.slots = asyncio.Semaphore(concurrency)

    def count(self, wanted: int) -> None:
        """Raises `OperationLimitError` if there would be too many."""
        if self._made + wanted > self._most:
            raise OperationLimitError(
                f"The operation wants {self._made + wanted} calls to Microsoft Graph, or more. Allowed: {self._most} "
                "(GATEWAY_MAX_GRAPH_CALLS).",
                hint="Ask for less in one operation: fewer rows, or fewer fields that lead to other objects.",
            )
        self._made += wanted


class Gatherer:
    """Is a `Call`: it answers reads, together where it can. `close` ends those on their way.

    `call` makes one HTTP call for a read that goes alone: whoever asked for it tries again. `send` is for batches and
    tries again by itself, so that what is one call stays one; it raises `GatewayError`.
    """

    def __init__(self, call: Call, send: Call, calls: Calls, batching: Batching) -> None:
        self._call = call
        self._send_whole = send
        self._calls = calls
        self._batching = batching
        self._waiting: list[Waiting] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._counted: set[GraphRequest] = set()

    async def __call__(self, request: GraphRequest, token: str) -> Answer:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._depart)
        waiting = Waiting(request, token, loop.create_future())
        self._waiting.append(waiting)
        answer = await waiting.answer
        return await self._send_one(waiting) if answer is None else answer

    def close(self) -> None:
        for task in self._sending:
            task.cancel()

    def _depart(self) -> None:
        """Sends what has been asked for since the last time."""
        waiting, self._waiting = [each for each in self._waiting if not each.answer.done()], []
        groups = list(_grouped(waiting, MAX_ITEMS if self._batching.is_on else 1))
        try:
            self._count(groups)
        except OperationLimitError as error:
            for each in waiting:
                each.tell(error)
            return
        for group in groups:
            if len(group) == 1:
                group[0].tell(None)
                continue
            task = asyncio.create_task(self._send(group))
            self._sending.add(task)
            task.add_done_callback(partial(self._end, group))

    def _end(self, group: Sequence[Waiting], task: asyncio.Task[None]) -> None:
        """Whoever has not been told by now never will be."""
        self._sending.discard(task)
        for each in group:
            each.answer.cancel()

    def _count(self, groups: Sequence[Sequence[Waiting]]) -> None:
        """Counts the calls that are no mere repetition of others."""
        fresh = [group for group in groups if any(each.request not in self._counted for each in group)]
        self._calls.count(len(fresh))
        self._counted.update(each.request for group in fresh for each in group)

    async def _send(self, group: Sequence[Waiting]) -> None:
        """Tells each its outcome; a failure of the whole is everybody's."""
        outcomes: Sequence[Answer | BaseException]
        try:
            outcomes = await self._send_batch(group)
        except Exception as failure:  # noqa: BLE001 - whoever waits raises it
            outcomes = [failure] * len(group)
        for each, outcome in zip(group, outcomes, strict=True):
            each.tell(outcome)

    async def _send_one(self, waiting: Waiting) -> Answer:
        async with self._calls.slots:
            return await self._call(waiting.request, waiting.token)

    async def _send_batch(self, group: Sequence[Waiting]) -> Sequence[Answer | BaseException]:
        try:
            async with self._calls.slots:
                answer = await self._send_whole(to_batch([each.request for each in group]), group[0].token)
        except GatewayError as error:
            status = error.graph.status if error.graph else None
            if status not in UNFIT and not isinstance(error.__cause__, AnswerTooLargeError):
                raise
            if status in NOT_OFFERED:
                self._batching.end(status)
        else:
            return [each or LostError("its answer is missing in the batch") for each in from_batch(answer, len(group))]
        self._calls.count(len(group))
        return await asyncio.gather(*map(self._send_one, group), return_exceptions=True)


def _grouped(waiting: Iterable[Waiting], size: int) -> Iterable[list[Waiting]]:
    """Groups of at most `size`; a call has one token, so each group has."""
    by_token: dict[str, list[Waiting]] = {}
    for each in waiting:
        by_token.setdefault(each.token, []).append(each)
    for same in by_token.values():
        yield from (same[start : start + size] for start in range(0, len(same), size))
