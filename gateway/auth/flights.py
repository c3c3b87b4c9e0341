"""Work that many callers may want at the same moment and that is done once for all of them."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from gateway.clock import Deadline
from gateway.errors import DeadlineExceededError

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Flights(Generic[K, T]):
    """At most one running piece of work for each key; its outcome, good or bad, is everybody's who waits for it."""

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[T]] = {}

    def start(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """The running work for the key, begun now if there is none."""
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._land(key, done))
        return task

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, T]], deadline: Deadline) -> T:
        """The outcome. Who gives up leaves the work running for the others."""
        task = self.start(key, work)
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise DeadlineExceededError(
                "Microsoft Entra did not answer within the time for the operation; nothing was sent to Graph."
            ) from None

    def _land(self, key: K, task: asyncio.Task[T]) -> None:
        del self._running[key]
        if not task.cancelled():
            # Asked for here, so that asyncio does not report a failure for which nobody waits any more.
            task.exception()
