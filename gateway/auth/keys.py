"""The keys with which Entra signs access tokens: tenant, token version and key id in, key and issuer out.

Fetched when first needed, kept, and fetched again when a token names an unknown key, so that Entra can exchange its
keys at any time: https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import jwt

from gateway.auth.entra import Entra
from gateway.auth.flights import Flights
from gateway.clock import Clock, Deadline
from gateway.errors import GatewayError, MisconfiguredError, UnauthenticatedError, UpstreamUnavailableError

FRESH_SECONDS: Final = 24 * 3600.0
"""After this, keys are looked for again: those that Entra has withdrawn must go."""

MOST_FETCHES: Final = 5
FETCHES_SECONDS: Final = 300.0
"""At most so many fetches in so many seconds: tokens with made-up key ids must not make us flood Entra."""

FETCH_SECONDS: Final = 10.0

VERSION_PATHS: Final[Mapping[str, str]] = {"1.0": "", "2.0": "/v2.0"}
"""Access tokens come in two versions with an issuer each; a registration gets 1.0 unless its manifest asks for 2.0.

https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats
"""

Slot = tuple[str, str]
"""Tenant and token version. Only tenants of the allow-list are asked for, so there are few."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a tenant says of its tokens: who issues them, and the keys by id. `fetched_at`: monotonic seconds."""

    issuer: str
    keys: Mapping[str, jwt.PyJWK]
    fetched_at: float


class SigningKeys:
    """One for each process."""

    def __init__(self, entra: Entra, *, entra_url: str, clock: Clock) -> None:
        self._entra = entra
        self._entra_url = entra_url
        self._clock = clock
        self._published: dict[Slot, Published] = {}
        self._fetches: defaultdict[Slot, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_FETCHES))
        self._flights: Flights[Slot, Published] = Flights()

    async def load(self, tenant_id: str, version: str, deadline: Deadline) -> Published:
        """What Entra publishes now; raises `GatewayError`."""
        slot = (tenant_id, version)
        return await self._flights.join(slot, lambda: self._fetch(slot), deadline)

    async def find(self, tenant_id: str, version: str, key_id: str, deadline: Deadline) -> tuple[jwt.PyJWK, str]:
        """The key and the issuer of a token; raises `UnauthenticatedError` for a key id that is not published."""
        published = self._published.get((tenant_id, version))
        if published is None or key_id not in published.keys or self._is_old(published):
            try:
                published = await self.load(tenant_id, version, deadline)
            except GatewayError:
                # Old keys are better than none while Entra cannot be reached.
                if published is None or key_id not in published.keys:
                    raise
        if key_id not in published.keys:
            raise UnauthenticatedError(
                "The access token is signed with a key that Microsoft Entra does not publish.",
                hint="Ask Entra for a new one.",
            )
        return published.keys[key_id], published.issuer

    def _is_old(self, published: Published) -> bool:
        return self._clock.monotonic() - published.fetched_at > FRESH_SECONDS

    async def _fetch(self, slot: Slot) -> Published:
        """What is published now; what was known before if Entra was asked too often."""
        now, fetches = self._clock.monotonic(), self._fetches[slot]
        if len(fetches) == MOST_FETCHES and now - fetches[0] < FETCHES_SECONDS:
            if slot in self._published:
                return self._published[slot]
            raise UpstreamUnavailableError("Microsoft Entra's signing keys cannot be read at the moment.")
        fetches.append(now)
        deadline = Deadline.after(self._clock, FETCH_SECONDS)
        tenant_id, version = slot
        url = f"{self._entra_url}/{tenant_id}{VERSION_PATHS[version]}/.well-known/openid-configuration"
        status, metadata = await self._entra.read(url, deadline)
        if 400 <= status < 500:
            raise MisconfiguredError(
                f"Microsoft Entra knows no tenant {tenant_id} (status {status}).",
                hint="The gateway's operator must correct GATEWAY_ENTRA_TENANT_ID or GATEWAY_ALLOWED_TENANTS.",
            )
        _, key_set = await self._entra.read(str(metadata.get("jwks_uri")), deadline)
        try:
            keys = {each.key_id: each for each in jwt.PyJWKSet.from_dict(key_set).keys if each.key_id}
            published = Published(metadata["issuer"], keys, now)
        except (jwt.PyJWTError, AttributeError, KeyError, TypeError):  # whatever it is, it is no key set
            raise UpstreamUnavailableError("Microsoft Entra's signing keys cannot be read.") from None
        self._published[slot] = published
        return published
