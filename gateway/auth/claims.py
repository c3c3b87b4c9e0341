"""What tokens say of themselves, unverified, and remembered: reading a token costs more than all else about it.

Kept by the token's hash, so that no token is held here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import jwt
from cachetools import LRUCache

MOST_CLAIMS: Final = 1_000

READ: Final = frozenset({"appid", "aud", "azp", "exp", "idtyp", "oid", "roles", "scp", "tid", "ver"})
"""The claims that anybody here asks for: the others, which can be many, are not kept."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token's hash; its claims, none of a token that is no JWT: Graph has such too; its key id, if it names one."""

    digest: bytes
    claims: Mapping[str, Any]
    key_id: str | None


class UnverifiedTokens:
    """One for each process."""

    def __init__(self) -> None:
        self._kept: LRUCache[bytes, Unverified] = LRUCache(MOST_CLAIMS)

    def read(self, token: str) -> Unverified:
        digest = sha256(token.encode()).digest()
        unverified = self._kept.get(digest)
        if unverified is None:
            claims = to_unverified_claims(token)
            kept = {name: claims[name] for name in READ & claims.keys()}
            unverified = self._kept[digest] = Unverified(digest, kept, _key_id(token))
        return unverified


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
