"""Keeps callers within Microsoft Graph's limits, so that Graph need not refuse them, and no tenant uses up another's.

Graph counts by the app and the tenant of the token that is sent: https://learn.microsoft.com/graph/throttling-limits
What a token says of itself counts once it was verified here or Graph has taken it; until then it has its own buckets.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache

from gateway.auth.bearer import Caller
from gateway.clock import Clock, Deadline
from gateway.errors import StoreUnavailableError, ThrottledError
from gateway.state.buckets import Bucket, Buckets, LocalBuckets, Wait

log = logging.getLogger("gateway")

WINDOW_SECONDS: Final = 20.0
LIMITS: Final = {"writes": (100, 200), "calls": (1_000, 2_000)}
"""In that window, of one app in a tenant, and of all apps in it. A write is also a call.

https://learn.microsoft.com/graph/throttling-limits has a table for each service; here "multi-tenant platform".
"""

MINUTE_SECONDS: Final = 60.0

LONGEST_WAIT_SECONDS: Final = 10.0
"""More than a full `$batch` of writes ever has to wait for; beyond it the caller is told when to come again."""

SHARED_SECONDS: Final = 0.25
"""A store that takes longer is done without: it is to make calls to Graph better, not later."""

AGAIN_SECONDS: Final = 10.0
"""For so long a store that did not answer is not asked, and then by one call first."""

MOST_ACCEPTED: Final = 10_000

WHOM: Final = {"app": "app in a tenant", "tenant": "tenant", "token": "tenant", "caller": "caller"}
"""Whose a bucket is, in its name and in words."""


class Budgets:
    """One for each process. `shared`: buckets of all replicas.

    `app_id`, `tenant_id`: of the tokens that Graph gets, where they are not those of the caller's.
    `of_graph`: whether Graph's limits are kept. `calls_per_minute`: of one caller; None is without a limit.
    """

    def __init__(
        self,
        *,
        of_graph: bool,
        calls_per_minute: int | None,
        app_id: str | None,
        tenant_id: str | None,
        shared: Buckets | None,
        clock: Clock,
        observe: Callable[[float], None],
    ) -> None:
        self._of_graph = of_graph
        self._calls_per_minute = calls_per_minute
        self._app_id = app_id
        self._tenant_id = tenant_id
        self._local = LocalBuckets(clock)
        # Apart, and never in the store: made-up tokens must not push out what others owe, nor fill Redis.
        self._unproven = LocalBuckets(clock)
        self._shared = shared
        self._shared_from = 0.0
        self._clock = clock
        self._observe = observe
        self._accepted: LRUCache[bytes, None] = LRUCache(MOST_ACCEPTED)

    def of(self, caller: Caller) -> "CallerBudget":
        return CallerBudget(self, caller)

    def is_known(self, caller: Caller) -> bool:
        """Whether what the token says of itself may be believed."""
        return caller.verified or caller.digest in self._accepted

    def accept(self, caller: Caller) -> None:
        """Graph has taken the caller's token."""
        self._accepted[caller.digest] = None

    def reject(self, caller: Caller) -> None:
        """Graph has refused the caller's token."""
        self._accepted.pop(caller.digest, None)

    async def spend(self, caller: Caller, calls: int, *, is_write: bool, deadline: Deadline) -> None:
        is_known = self.is_known(caller)
        buckets = self._buckets(caller, is_write=is_write, is_known=is_known)
        if not buckets:
            return
        take = self._take if is_known else self._unproven.take
        longest_seconds = min(LONGEST_WAIT_SECONDS, deadline.remaining_seconds)
        wait = await take(buckets, calls, longest_seconds=longest_seconds)
        if wait.bucket is None:
            return
        if wait.seconds > longest_seconds:
            raise _to_error(wait.bucket, wait.seconds)
        self._observe(wait.seconds)
        try:
            await self._clock.sleep(wait.seconds)
        except asyncio.CancelledError:
            await take(buckets, -calls, longest_seconds=math.inf)  # who has gone owes nothing
            raise

    async def _take(self, buckets: Sequence[Bucket], calls: int, *, longest_seconds: float) -> Wait:
        now = self._clock.monotonic()
        if self._shared is not None and now >= self._shared_from:
            if self._shared_from:
                self._shared_from = now + AGAIN_SECONDS  # until this call knows better
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    wait = await self._shared.take(buckets, calls, longest_seconds=longest_seconds)
            except (StoreUnavailableError, TimeoutError):
                self._shared_from = now + AGAIN_SECONDS
                log.warning("budgets are each replica's own while the store does not answer")
            else:
                self._shared_from = 0.0
                return wait
        return await self._local.take(buckets, calls, longest_seconds=longest_seconds)

    def _buckets(self, caller: Caller, *, is_write: bool, is_known: bool) -> Sequence[Bucket]:
        buckets: list[Bucket] = []
        if self._of_graph:
            tenant_id = (self._tenant_id or caller.tenant_id) if is_known else None
            tenant = f"tenant {tenant_id}" if tenant_id else f"token {caller.digest.hex()}"
            app = f"app {self._app_id or caller.app_id} in {tenant}"
            for kind in ("writes", "calls") if is_write else ("calls",):
                of_app, of_tenant = LIMITS[kind]
                buckets.append(Bucket(f"{kind} of {app}", of_app, WINDOW_SECONDS))
                buckets.append(Bucket(f"{kind} of {tenant}", of_tenant, WINDOW_SECONDS))
        if self._calls_per_minute:
            who = caller.partition if is_known else caller.digest.hex()
            buckets.append(Bucket(f"calls of caller {who}", self._calls_per_minute, MINUTE_SECONDS))
        return buckets


@dataclass(slots=True)
class CallerBudget:
    """What one caller may still ask of Graph. Is a `graph.client.Budget`."""

    budgets: Budgets
    caller: Caller

    async def spend(self, calls: int, *, is_write: bool, deadline: Deadline) -> None:
        """Waits until so many calls may be made; raises `ThrottledError` if that takes too long."""
        await self.budgets.spend(self.caller, calls, is_write=is_write, deadline=deadline)

    def accept(self) -> None:
        """Graph has taken the caller's token."""
        self.budgets.accept(self.caller)

    def reject(self) -> None:
        """Graph has refused it."""
        self.budgets.reject(self.caller)


def _to_error(bucket: Bucket, seconds: float) -> ThrottledError:
    kind, _, whose = bucket.name.partition(" of ")
    whom = whose.partition(" ")[0]
    setting = "GATEWAY_CALLER_CALLS_PER_MINUTE" if whom == "caller" else "GATEWAY_GRAPH_BUDGETS"
    return ThrottledError(
        f"Too many {kind}: Microsoft Graph may be sent no more than {bucket.limit} in {bucket.window_seconds:.0f} "
        f"seconds for one {WHOM[whom]} ({setting}). Nothing was sent.",
        hint="Wait as long as it says, or ask for less at a time.",
        retry_after_seconds=math.ceil(seconds),
    )
