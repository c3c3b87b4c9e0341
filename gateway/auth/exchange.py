"""`Caller` → the Microsoft Graph access token that the gateway sends for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Protocol

from cachetools import LRUCache

from gateway.auth.bearer import Caller
from gateway.auth.confidential import ConfidentialClient
from gateway.auth.flights import Flights
from gateway.clock import Clock, Deadline
from gateway.errors import ClaimsChallengeError, GatewayError
from gateway.telemetry import CacheSizes

MOST_TOKENS: Final = 10_000
"""A token with its key is about 3 kB."""

EXCHANGE_SECONDS: Final = 15.0
"""For one exchange, however many callers wait for it."""

MARGIN_SECONDS: Final = 300.0
"""A Graph token is not used in its last minutes: it must outlive the operation it is sent with."""

EARLY_SECONDS: Final = 600.0
"""So long before a kept token ends the next one is fetched, while callers still get the kept one."""

AGAIN_SECONDS: Final = 60.0
"""Between two tries to fetch the next one."""


@dataclass(frozen=True, slots=True)
class GraphToken:
    """`account` is the object id of the account that Graph will see, where that is not the caller."""

    text: str = field(repr=False)
    account: str | None = None


class Exchange(Protocol):
    @property
    def cache_sizes(self) -> CacheSizes:
        return {}

    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> GraphToken:
        """A token for Graph. `claims`: the JSON text of Graph's challenge to the token before.

        Raises `ClaimsChallengeError` where there is no other token to be had without the person.
        """

    def give_up(self, challenge: ClaimsChallengeError) -> GatewayError:
        """What the caller is told if Graph challenges the other token as well."""
        return challenge


class ForwardExchange(Exchange):
    """The caller's own token, as it is. Only the caller can answer a challenge to it."""

    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> GraphToken:
        del deadline
        if claims is not None:
            raise ClaimsChallengeError("Microsoft Graph wants the person to sign in again.", claims=claims)
        return GraphToken(caller.assertion)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A Graph token and, in seconds since 1970, until when it is used and from when on the next one is fetched."""

    token: str = field(repr=False)
    until: float
    early: float


class OnBehalfOfExchange(Exchange):
    """The caller's token, exchanged for one for Graph, and kept: for this assertion only, and no longer than it.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
    """

    def __init__(self, client: ConfidentialClient, *, scopes: Sequence[str], clock: Clock) -> None:
        self._client = client
        self._scopes = tuple(scopes)
        self._clock = clock
        self._kept: LRUCache[str, _Kept] = LRUCache(MOST_TOKENS)
        self._flights: Flights[tuple[str, str | None], _Kept] = Flights()

    @property
    def cache_sizes(self) -> CacheSizes:
        return {"tokens": lambda: len(self._kept)}

    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> GraphToken:
        key = self._key(caller)
        if claims is not None:
            self._kept.pop(key, None)
        kept, now = self._kept.get(key), self._clock.time()
        if kept is None or kept.until <= now:
            kept = await self._flights.join((key, claims), lambda: self._fetch(key, caller, claims), deadline)
        elif kept.early <= now:
            self._kept[key] = replace(kept, early=now + AGAIN_SECONDS)
            self._flights.start((key, None), lambda: self._fetch(key, caller, None))
        return GraphToken(kept.token)

    def _key(self, caller: Caller) -> str:
        """Tenant and scopes are in it, so that no change of settings can reach a token that was kept for others."""
        parts = (caller.assertion, caller.tenant_id or "", *self._scopes)
        return sha256("\n".join(parts).encode()).hexdigest()

    async def _fetch(self, key: str, caller: Caller, claims: str | None) -> _Kept:
        deadline = Deadline.after(self._clock, EXCHANGE_SECONDS)
        token, lifetime_seconds = await self._client.exchange(
            caller.assertion, caller.tenant_id or "", self._scopes, claims, deadline
        )
        ends_at = self._clock.time() + lifetime_seconds - MARGIN_SECONDS
        kept = _Kept(token, min(ends_at, caller.expires_at or 0.0), ends_at - EARLY_SECONDS)
        self._kept[key] = kept
        return kept
