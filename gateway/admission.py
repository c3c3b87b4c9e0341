"""How many operations run at a time, and how many wait for their turn; beyond that callers are told to come again.

Waiting is fair: a place that becomes free goes to the tenant that has the fewest, and if the queue is full it is the
longest part of it that has to go. So whoever sends too much waits for himself.
"""

import asyncio
from collections import Counter, deque
from typing import Final

from gateway.clock import Deadline
from gateway.errors import OverloadedError

RETRY_SECONDS: Final = 1


class Admission:
    """One for each process. Who has come to the end of `enter` must `leave`."""

    def __init__(self, *, most_running: int, most_queued: int) -> None:
        self._most_running = most_running
        self._most_queued = most_queued
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self.running = 0
        self.queued = 0

    async def enter(self, tenant: str, deadline: Deadline) -> None:
        """Waits for a place; raises `OverloadedError` if there is none in time."""
        if self.running < self._most_running:
            self._take(tenant)
            return
        self._make_room(tenant)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(place)
        self.queued += 1
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                await place
        except (TimeoutError, asyncio.CancelledError) as failure:
            self._give_up(tenant, place)
            if isinstance(failure, TimeoutError):
                raise _overloaded("Its time was up before its turn came") from None
            raise

    def leave(self, tenant: str) -> None:
        """The place goes to the tenant that has the fewest, of equals to the one whose turn was longest ago."""
        self.running -= 1
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        while self._waiting:
            following = min(self._waiting, key=lambda each: self._running[each])
            place = self._remove(following, 0)
            if following in self._waiting:
                self._waiting[following] = self._waiting.pop(following)
            if not place.done():
                self._take(following)
                place.set_result(None)
                return

    def _take(self, tenant: str) -> None:
        self.running += 1
        self._running[tenant] += 1

    def _make_room(self, tenant: str) -> None:
        if self.queued < self._most_queued:
            return
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]), default=tenant)
        if len(self._waiting.get(longest, ())) <= len(self._waiting.get(tenant, ())) + 1:
            raise _overloaded()
        place = self._remove(longest, -1)
        if not place.done():
            place.set_exception(_overloaded())

    def _give_up(self, tenant: str, place: "asyncio.Future[None]") -> None:
        """Leaves the queue; a place that came at the same moment goes on to the next."""
        waiting = self._waiting.get(tenant, deque())
        if place in waiting:
            self._remove(tenant, waiting.index(place))
        elif not place.cancelled() and place.exception() is None:
            self.leave(tenant)

    def _remove(self, tenant: str, index: int) -> "asyncio.Future[None]":
        waiting = self._waiting[tenant]
        place = waiting[index]
        del waiting[index]
        if not waiting:
            del self._waiting[tenant]
        self.queued -= 1
        return place


def _overloaded(why: str = "As many as may wait do so already") -> OverloadedError:
    return OverloadedError(
        f"The gateway runs as many operations as it can. {why}; it was not begun.",
        hint="Send it again a little later. The limits are GATEWAY_MAX_OPERATIONS and GATEWAY_MAX_QUEUED_OPERATIONS.",
        retry_after_seconds=RETRY_SECONDS,
    )
