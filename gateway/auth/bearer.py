"""`Authorization` header → `Caller`, or an error that says what is wrong with it. RFC 6750 section 2.1.

No text of a token is ever in a message, a repr or a log line.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Protocol

import jwt

from gateway.clock import Clock, Deadline
from gateway.errors import AppOnlyTokenError, UnauthenticatedError

MAX_TOKEN_LENGTH: Final = 32_768
"""Entra's tokens are a few kilobytes, with many groups up to about ten; servers take headers of 64 at most."""

TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
PLAIN: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)

PUBLIC_GRAPH: Final = "https://graph.microsoft.com"

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
"""https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in"""


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

    @property
    def partition(self) -> str:
        """The same for two tokens only if both are verified and speak of the same person, app and tenant."""
        who = f"{self.tenant_id} {self.object_id} {self.app_id}" if self.verified else self.assertion
        return sha256(who.encode()).hexdigest()


class Authenticator(Protocol):
    async def authenticate(self, authorization: Sequence[str], deadline: Deadline) -> Caller:
        """The caller, from all `Authorization` headers of a request."""


class ForwardAuthenticator:
    """The token is for Microsoft Graph, which alone can verify it; what it says is read for hints and log lines."""

    def __init__(self, *, graph_url: str, clock: Clock) -> None:
        roots = {graph_url, PUBLIC_GRAPH}
        self._audiences = {GRAPH_APP_ID, *roots, *(f"{root}/" for root in roots)}
        self._graph_url = graph_url
        self._clock = clock

    async def authenticate(self, authorization: Sequence[str], deadline: Deadline) -> Caller:
        del deadline
        token = to_token(authorization)
        claims = _unverified(token)
        refuse_app_only(claims)
        audience = claims.get("aud")
        if isinstance(audience, str) and audience not in self._audiences:
            raise UnauthenticatedError(
                "The access token is not for Microsoft Graph.",
                hint=f"Ask Entra for one with the scope {self._graph_url}/.default.",
            )
        caller = to_caller(token, claims, verified=False)
        if caller.expires_at is not None and caller.expires_at <= self._clock.time():
            raise UnauthenticatedError("The access token has expired.", hint="Ask Entra for a new one.")
        return caller


def to_token(authorization: Sequence[str]) -> str:
    """The bearer token; raises `UnauthenticatedError` unless there is exactly one that a header can carry."""
    if not authorization:
        raise UnauthenticatedError("No access token was sent.", hint="Send it as `Authorization: Bearer <token>`.")
    if len(authorization) > 1:
        raise UnauthenticatedError("Several Authorization headers were sent.", hint="Send exactly one.")
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError(
            "The Authorization header is not of the scheme Bearer.", hint="Send it as `Authorization: Bearer <token>`."
        )
    token = token.strip(" ")
    if len(token) > MAX_TOKEN_LENGTH or not TOKEN.fullmatch(token):
        raise UnauthenticatedError(
            "The access token is malformed.",
            hint="Send the token as Entra gave it: one word, without quotes or line breaks.",
        )
    return token


def to_caller(token: str, claims: Mapping[str, Any], *, verified: bool) -> Caller:
    expires_at = claims.get("exp")
    return Caller(
        assertion=token,
        tenant_id=_plain(claims.get("tid")),
        object_id=_plain(claims.get("oid")),
        app_id=_plain(claims.get("azp", claims.get("appid"))),
        expires_at=float(expires_at) if isinstance(expires_at, int) else None,
        verified=verified,
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


def _unverified(token: str) -> dict[str, Any]:
    """The token's claims, unverified; none of a token that is no JWT: Graph has such too."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, RecursionError):
        return {}
    return claims


def _plain(claim: object) -> str | None:
    """An id as it may stand in a log line."""
    return claim if isinstance(claim, str) and PLAIN.fullmatch(claim) else None
