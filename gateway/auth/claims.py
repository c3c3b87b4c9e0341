"""What tokens say of themselves, unverified, and remembered: reading a token costs more than all else about it.

Kept by the token's hash, so that no token is held here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import jwt
from cachetools import LRUCache

from gateway.errors import UnauthenticatedError

MAX_TOKEN_LENGTH: Final = 32_768
"""Entra's tokens are a few kilobytes, with many groups up to about ten; servers take headers of 64 at most."""

TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)

MOST_CLAIMS: Final = 1_000

KEPT: Final = frozenset({"aud", "exp", "idtyp", "nbf", "roles", "scp", "tid", "ver"})
"""Claims that are asked for by name: the others, which can be many, are not kept."""

PLAIN: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says: nothing if it is no JWT, as some of Graph's are. `digest` is its hash.

    The ids are such as may stand in a log line.
    """

    digest: bytes
    claims: Mapping[str, Any]
    key_id: str | None
    tenant_id: str | None
    object_id: str | None
    app_id: str | None
    expires_at: float | None


class UnverifiedTokens:
    """One for each process."""

    def __init__(self) -> None:
        self._kept: LRUCache[bytes, Unverified] = LRUCache(MOST_CLAIMS)

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, token: str) -> Unverified:
        """Raises `UnauthenticatedError` for what cannot be a token."""
        digest = sha256(token.encode()).digest()
        unverified = self._kept.get(digest)
        if unverified is None:
            if len(token) > MAX_TOKEN_LENGTH or not TOKEN.fullmatch(token):
                raise UnauthenticatedError(
                    "The access token is malformed.",
                    hint="Send the token as Entra gave it: one word, without quotes or line breaks.",
                )
            unverified = self._kept[digest] = _read(token, digest)
        return unverified


def _read(token: str, digest: bytes) -> Unverified:
    claims = to_unverified_claims(token)
    expires_at = claims.get("exp")
    return Unverified(
        digest,
        to_kept(claims),
        _key_id(token),
        tenant_id=_plain(claims.get("tid")),
        object_id=_plain(claims.get("oid")),
        app_id=_plain(claims.get("azp", claims.get("appid"))),
        expires_at=expires_at if isinstance(expires_at, int) else None,
    )


def to_kept(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: claims[name] for name in KEPT & claims.keys()}


def to_unverified_claims(token: str) -> dict[str, Any]:
    """The token's claims; none of a token that is no JWT."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, RecursionError):
        return {}
    return claims


def _key_id(token: str) -> str | None:
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except (jwt.InvalidTokenError, RecursionError):
        return None
    return key_id if isinstance(key_id, str) else None


def _plain(claim: object) -> str | None:
    return claim if isinstance(claim, str) and PLAIN.fullmatch(claim) else None
