"""Whether a token is for this gateway, and who issued it: all that an API must check.

https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cachetools import LRUCache

from gateway.auth.claims import Unverified, UnverifiedTokens, to_kept
from gateway.auth.keys import VERSION_PATHS, SigningKeys
from gateway.clock import Clock, Deadline
from gateway.errors import UnauthenticatedError
from gateway.telemetry import CacheSizes

MOST_VERIFIED: Final = 1_000

LEEWAY_SECONDS: Final = 60
"""How far clocks may differ."""

ASK_AGAIN: Final = "Ask Entra for a new one."

PUBLIC_GRAPH: Final = "https://graph.microsoft.com"

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
"""https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in"""

GRAPH_AUDIENCES: Final = (GRAPH_APP_ID, PUBLIC_GRAPH, f"{PUBLIC_GRAPH}/")
"""A tuple, because an unverified audience may be anything, also what cannot be in a set."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says, and the key that its signature fits: once that key is published no more, it says nothing."""

    key: jwt.PyJWK
    claims: Mapping[str, Any]


class Verifier:
    """Who issued a token, for whom and until when; what it permits is for others to judge.

    `scope` is what to ask Entra for, as hints have it.
    """

    def __init__(
        self, keys: SigningKeys, *, client_id: str, scope: str, tenant_ids: Collection[str], clock: Clock
    ) -> None:
        self._keys = keys
        self._tokens = UnverifiedTokens()
        self._verified: LRUCache[bytes, Verified] = LRUCache(MOST_VERIFIED)
        self._audiences = [client_id, f"api://{client_id}"]
        self._tenant_ids = {each.lower() for each in tenant_ids}
        self._clock = clock
        self.hint = f"Ask Entra for a token with the scope api://{client_id}/{scope}."

    @property
    def cache_sizes(self) -> CacheSizes:
        return {"claims": lambda: len(self._tokens), "verified": lambda: len(self._verified)}

    async def verify(self, token: str, deadline: Deadline) -> tuple[Unverified, Mapping[str, Any]]:
        """Who a token names, and the claims of one that is for us, from a tenant of ours, and signed by it."""
        unverified = self._tokens.read(token)
        claims, key_id = unverified.claims, unverified.key_id
        tenant_id, version = str(claims.get("tid", "")).lower(), str(claims.get("ver"))
        if claims.get("aud") not in self._audiences:
            raise UnauthenticatedError("The access token is not for this gateway.", hint=self._audience_hint(claims))
        if tenant_id not in self._tenant_ids:
            raise UnauthenticatedError(
                "The access token is from a tenant that this gateway does not serve.",
                hint="Sign in to the service provider's tenant; GATEWAY_ALLOWED_TENANTS names all that are served.",
            )
        if version not in VERSION_PATHS or key_id is None:
            raise UnauthenticatedError("The access token is not one that Microsoft Entra issues.", hint=ASK_AGAIN)
        key, issuer = await self._keys.find(tenant_id, version, key_id, deadline)
        verified = self._verified.get(unverified.digest)
        if verified is None or verified.key is not key:
            verified = self._verified[unverified.digest] = Verified(key, self._verify(token, key, issuer))
        self._check_times(verified.claims)
        return unverified, verified.claims

    def _verify(self, token: str, key: jwt.PyJWK, issuer: str) -> Mapping[str, Any]:
        try:
            verified: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audiences,
                issuer=issuer,
                # Times are checked by the clock that was handed in.
                options={"require": ["exp"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise UnauthenticatedError(
                "The access token's signature or issuer is not that of its tenant.", hint=ASK_AGAIN
            ) from None
        return to_kept(verified)

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, expires_at, not_before = self._clock.time(), claims["exp"], claims.get("nbf", 0)
        if not isinstance(expires_at, int) or expires_at + LEEWAY_SECONDS <= now:
            raise UnauthenticatedError("The access token has expired.", hint=ASK_AGAIN)
        if not isinstance(not_before, int) or not_before - LEEWAY_SECONDS > now:
            raise UnauthenticatedError(
                "The access token is not valid yet.", hint="Check the clock of the machine that the gateway runs on."
            )

    def _audience_hint(self, claims: Mapping[str, Any]) -> str:
        if claims.get("aud") in GRAPH_AUDIENCES:
            return f"It is for Microsoft Graph, which GATEWAY_AUTH_MODE=forward takes. {self.hint}"
        return self.hint
