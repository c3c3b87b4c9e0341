"""`Authorization` header → `Caller`, or an error that says what is wrong with it. RFC 6750 section 2.1.

In `forward` the token is Graph's, which alone can verify it. In `on-behalf-of` it is this gateway's, and all is checked
that an API must check: https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens

No text of a token is ever in a message, a repr or a log line.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Protocol

import jwt
from cachetools import LRUCache

from gateway.auth.claims import Unverified, UnverifiedTokens, to_kept
from gateway.auth.keys import VERSION_PATHS, SigningKeys
from gateway.clock import Clock, Deadline
from gateway.errors import AppOnlyTokenError, ForbiddenError, UnauthenticatedError
from gateway.telemetry import CacheSizes

MAX_TOKEN_LENGTH: Final = 32_768
"""Entra's tokens are a few kilobytes, with many groups up to about ten; servers take headers of 64 at most."""

TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)

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
class Caller:
    """Who sent the request. The ids are claims of the token, and worth no more than `verified` says.

    `partition` separates what is kept for one caller from what is kept for another.
    """

    assertion: str = field(repr=False)
    tenant_id: str | None
    object_id: str | None
    app_id: str | None
    expires_at: float | None
    verified: bool
    digest: bytes = field(repr=False)
    """The token's hash: separates what no claim can."""

    @property
    def partition(self) -> str:
        """The same for all tokens of one person and one app, as far as they can be read; else of the token alone.

        What an unverified token says of itself counts only once Graph has taken it: who keeps something for such a
        partition sees to that. A verified caller is never in one with an unverified.
        """
        ids = (self.tenant_id, self.object_id, self.app_id)
        who = " ".join(("verified" if self.verified else "claimed", *map(str, ids))) if any(ids) else self.digest.hex()
        return sha256(who.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says, and the key that its signature fits: once that key is published no more, it says nothing."""

    key: jwt.PyJWK
    claims: Mapping[str, Any]


class Authenticator(Protocol):
    @property
    def cache_sizes(self) -> CacheSizes: ...

    async def authenticate(self, authorization: str | None, deadline: Deadline) -> Caller:
        """The caller, from the `Authorization` header of a request; several are joined by commas."""


class ForwardAuthenticator:
    """The token is for Microsoft Graph, which alone can verify it; what it says is read for hints and log lines."""

    def __init__(self, *, graph_url: str, clock: Clock) -> None:
        roots = {graph_url, PUBLIC_GRAPH}
        self._audiences = {GRAPH_APP_ID, *roots, *(f"{root}/" for root in roots)}
        self._graph_url = graph_url
        self._tokens = UnverifiedTokens()
        self._clock = clock

    @property
    def cache_sizes(self) -> CacheSizes:
        return {"claims": lambda: len(self._tokens)}

    async def authenticate(self, authorization: str | None, deadline: Deadline) -> Caller:
        del deadline
        token = to_token(authorization)
        unverified = self._tokens.read(token)
        refuse_app_only(unverified.claims)
        audience = unverified.claims.get("aud")
        if isinstance(audience, str) and audience not in self._audiences:
            raise UnauthenticatedError(
                "The access token is not for Microsoft Graph.",
                hint=f"Ask Entra for one with the scope {self._graph_url}/.default.",
            )
        caller = _to_caller(token, unverified, verified=False)
        if caller.expires_at is not None and caller.expires_at <= self._clock.time():
            raise UnauthenticatedError("The access token has expired.", hint=ASK_AGAIN)
        return caller


class ValidatingAuthenticator:
    """The token is for this gateway: who issued it, for whom, until when and for what is verified."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        client_id: str,
        scope: str,
        tenant_ids: Collection[str],
        client_apps: Collection[str],
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._tokens = UnverifiedTokens()
        self._verified: LRUCache[bytes, Verified] = LRUCache(MOST_VERIFIED)
        self._client_id = client_id
        self._audiences = [client_id, f"api://{client_id}"]
        self._scope = scope
        self._tenant_ids = {each.lower() for each in tenant_ids}
        self._client_apps = {each.lower() for each in client_apps}
        self._clock = clock

    @property
    def cache_sizes(self) -> CacheSizes:
        return {"claims": lambda: len(self._tokens), "verified": lambda: len(self._verified)}

    async def authenticate(self, authorization: str | None, deadline: Deadline) -> Caller:
        token = to_token(authorization)
        unverified = self._tokens.read(token)
        claims = await self._verified_claims(token, unverified, deadline)
        refuse_app_only(claims)
        caller = _to_caller(token, unverified, verified=True)
        if self._scope not in str(claims.get("scp", "")).split():
            raise ForbiddenError(
                f"The access token lacks this gateway's scope {self._scope}.",
                hint=f"Ask Entra for a token with the scope api://{self._client_id}/{self._scope}.",
            )
        if self._client_apps and (caller.app_id or "").lower() not in self._client_apps:
            raise ForbiddenError(
                f"This gateway does not take tokens of the app {caller.app_id}.",
                hint="Its operator can add the app to GATEWAY_ALLOWED_CLIENT_APPS.",
            )
        return caller

    async def _verified_claims(self, token: str, unverified: Unverified, deadline: Deadline) -> Mapping[str, Any]:
        """The claims of a token that is for us, from a tenant of ours, and signed by it."""
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
        return verified.claims

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
        wanted = f"Ask Entra for a token with the scope api://{self._client_id}/{self._scope}."
        if claims.get("aud") in GRAPH_AUDIENCES:
            return f"It is for Microsoft Graph, which GATEWAY_AUTH_MODE=forward takes. {wanted}"
        return wanted


def to_token(authorization: str | None) -> str:
    """The bearer token; raises `UnauthenticatedError` unless there is exactly one that a header can carry."""
    if authorization is None:
        raise UnauthenticatedError("No access token was sent.", hint="Send it as `Authorization: Bearer <token>`.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError(
            "The Authorization header is not of the scheme Bearer.", hint="Send it as `Authorization: Bearer <token>`."
        )
    token = token.strip(" ")
    if "," in token:
        raise UnauthenticatedError("Several Authorization headers were sent.", hint="Send exactly one.")
    if len(token) > MAX_TOKEN_LENGTH or not TOKEN.fullmatch(token):
        raise UnauthenticatedError(
            "The access token is malformed.",
            hint="Send the token as Entra gave it: one word, without quotes or line breaks.",
        )
    return token


def _to_caller(token: str, unverified: Unverified, *, verified: bool) -> Caller:
    return Caller(
        assertion=token,
        tenant_id=unverified.tenant_id,
        object_id=unverified.object_id,
        app_id=unverified.app_id,
        expires_at=unverified.expires_at,
        verified=verified,
        digest=unverified.digest,
    )


def refuse_app_only(claims: Mapping[str, Any]) -> None:
    """Raises `AppOnlyTokenError` for claims that name no person.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    if claims.get("idtyp") == "app" or ("roles" in claims and "scp" not in claims):
        raise AppOnlyTokenError(
            "The access token stands for an application; Microsoft Graph offers this API to signed-in people only.",
            hint="Send a delegated token: sign a person in, or exchange their token on their behalf.",
        )
