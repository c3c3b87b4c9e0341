"""Ends a request whose body does not arrive in time, or whose caller hangs up; costs little where all is quick."""

import asyncio
from types import TracebackType
from typing import Final, Self

from starlette.types import Receive

from gateway.clock import Deadline
from gateway.errors import RequestTimeoutError

LOOK_SECONDS: Final = 0.05
"""Before a request has taken so long nobody looks after it: most are over by then."""


class CallerGoneError(asyncio.CancelledError):
    """The caller hung up: nobody waits for the answer."""


class Presence:
    """Looks after one request, within its task: `with Presence(receive, deadline)`.

    Until `is_read` is set the body must arrive by the deadline, else the block is cancelled and `RequestTimeoutError`
    comes of it. From then on `receive` is ours, and it is `CallerGoneError` when the caller hangs up.
    """

    __slots__ = ("_deadline", "_end", "_receive", "_task", "_timer", "_watching", "is_read")

    def __init__(self, receive: Receive, deadline: Deadline) -> None:
        self._receive = receive
        self._deadline = deadline
        self._end: BaseException | None = None
        self._watching: asyncio.Task[None] | None = None
        self.is_read = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._task = task
        self._timer = loop.call_later(LOOK_SECONDS, self._look, loop)
        return self

    def __exit__(self, _: object, failure: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        if self._watching:
            self._watching.cancel()
        if self._end and isinstance(failure, asyncio.CancelledError):
            self._task.uncancel()
            raise self._end from None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        remaining_seconds = self._deadline.remaining_seconds
        if self.is_read:
            self._watching = loop.create_task(self._watch())
        elif remaining_seconds > 0:
            self._timer = loop.call_later(min(LOOK_SECONDS, remaining_seconds), self._look, loop)
        else:
            self._stop(RequestTimeoutError("The body did not arrive within the time for the operation."))

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._stop(CallerGoneError())

    def _stop(self, end: BaseException) -> None:
        self._end = end
        self._task.cancel()
