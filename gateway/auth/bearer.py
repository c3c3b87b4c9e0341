"""`Authorization` header → `Caller`, or an error that says what is wrong with it. RFC 6750 section 2.1.

In `forward` the token is Graph's, which alone can verify it. In the other modes it is this gateway's, and `verifying`
checks it; a person's in `on-behalf-of`, an app's in `service-account`.

No text of a token is ever in a message, a repr or a log line.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, Protocol

from gateway.auth.claims import Unverified, UnverifiedTokens
from gateway.auth.verifying import ASK_AGAIN, GRAPH_APP_ID, PUBLIC_GRAPH, Verifier
from gateway.clock import Clock, Deadline
from gateway.errors import AppOnlyTokenError, ForbiddenError, MissingTokenError, UnauthenticatedError
from gateway.telemetry import CacheSizes

READ_ROLE: Final = "Gateway.Read"
WRITE_ROLE: Final = "Gateway.Write"
"""App roles of this gateway: the one permits queries, the other mutations too.

https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
"""

GIVE_ROLE: Final = (
    "An administrator can add the app role to the app's API permissions in the Entra admin center, and consent to it. "
    "The token must be a new one then."
)


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
    lacks_role: str | None = None
    """The app role without which the caller may send no mutation; None if it may."""

    @property
    def partition(self) -> str:
        """The same for all tokens of one person and one app, as far as they can be read; else of the token alone.

        What an unverified token says of itself counts only once Graph has taken it: who keeps something for such a
        partition sees to that. A verified caller is never in one with an unverified.
        """
        ids = (self.tenant_id, self.object_id, self.app_id)
        is_whole = self.tenant_id and self.object_id
        who = " ".join(("verified" if self.verified else "claimed", *map(str, ids))) if is_whole else self.digest.hex()
        return sha256(who.encode()).hexdigest()


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


class DelegatedAuthenticator:
    """The token is for this gateway and stands for a person."""

    def __init__(self, verifier: Verifier, *, scope: str, client_apps: Collection[str]) -> None:
        self._verifier = verifier
        self._scope = scope
        self._client_apps = {each.lower() for each in client_apps}

    @property
    def cache_sizes(self) -> CacheSizes:
        return self._verifier.cache_sizes

    async def authenticate(self, authorization: str | None, deadline: Deadline) -> Caller:
        token = to_token(authorization)
        unverified, claims = await self._verifier.verify(token, deadline)
        refuse_app_only(claims)
        caller = _to_caller(token, unverified, verified=True)
        if self._scope not in str(claims.get("scp", "")).split():
            raise ForbiddenError(
                f"The access token lacks this gateway's scope {self._scope}.", hint=self._verifier.hint
            )
        if self._client_apps:
            refuse_others(caller, self._client_apps)
        return caller


class AppAuthenticator:
    """The token is for this gateway and stands for an app, whose roles say what it may do.

    The apps that may call are named, all of them: a role is easily given, and opens what the signed-in account may do.
    """

    def __init__(self, verifier: Verifier, *, client_apps: Collection[str]) -> None:
        self._verifier = verifier
        self._client_apps = {each.lower() for each in client_apps}

    @property
    def cache_sizes(self) -> CacheSizes:
        return self._verifier.cache_sizes

    async def authenticate(self, authorization: str | None, deadline: Deadline) -> Caller:
        token = to_token(authorization)
        unverified, claims = await self._verifier.verify(token, deadline)
        if "scp" in claims or claims.get("idtyp", "app") != "app":
            raise ForbiddenError(
                "The access token stands for a person; in the mode service-account this gateway takes those of apps.",
                hint=f"Let the app sign in as itself, by client credentials. {self._verifier.hint}",
            )
        caller = _to_caller(token, unverified, verified=True)
        refuse_others(caller, self._client_apps)
        roles = claims.get("roles", [])
        if WRITE_ROLE in roles:
            return caller
        if READ_ROLE in roles:
            return replace(caller, lacks_role=WRITE_ROLE)
        raise ForbiddenError(
            f"The access token has none of this gateway's app roles, {READ_ROLE} and {WRITE_ROLE}.", hint=GIVE_ROLE
        )


def to_token(authorization: str | None) -> str:
    """What stands in the token's place; raises `UnauthenticatedError` unless it is there exactly once."""
    if authorization is None:
        raise MissingTokenError("No access token was sent.", hint="Send it as `Authorization: Bearer <token>`.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise MissingTokenError(
            "The Authorization header is not of the scheme Bearer.", hint="Send it as `Authorization: Bearer <token>`."
        )
    token = token.strip(" ")
    if "," in token:
        raise UnauthenticatedError("Several Authorization headers were sent.", hint="Send exactly one.")
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


def refuse_writes(caller: Caller) -> None:
    """Raises `ForbiddenError` for a caller who may send no mutation."""
    if caller.lacks_role is not None:
        raise ForbiddenError(
            f"The app {caller.app_id} may only read: its access token lacks the app role {caller.lacks_role}.",
            hint=GIVE_ROLE,
        )


def refuse_others(caller: Caller, client_apps: Collection[str]) -> None:
    """Raises `ForbiddenError` for a token of an app that is not among those named."""
    if (caller.app_id or "").lower() not in client_apps:
        raise ForbiddenError(
            f"This gateway does not take tokens of the app {caller.app_id}.",
            hint="Its operator can add the app to GATEWAY_ALLOWED_CLIENT_APPS.",
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
