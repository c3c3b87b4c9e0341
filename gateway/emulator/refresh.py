"""Refresh tokens of the emulated Entra: a new one at each use, and all of them revoked at a word.

https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

import secrets
from dataclasses import dataclass


@dataclass(slots=True)
class RefreshGrant:
    """What a refresh token stands for."""

    client_id: str
    person: str
    is_revoked: bool = False


class RefreshTokens:
    """Entra goes on taking a token that was used; with `is_single_use` it is as strict as OAuth allows.

    Without `rotates` there is no new one then, without `gives` none at the sign-in.
    """

    def __init__(self) -> None:
        self._grants: dict[str, RefreshGrant] = {}
        self.is_single_use = False
        self.rotates = True
        self.gives = True

    def issue(self, client_id: str, person: str) -> str:
        token = f"1.{secrets.token_urlsafe(48)}"
        self._grants[token] = RefreshGrant(client_id, person)
        return token

    def redeem(self, token: str, client_id: str) -> RefreshGrant | None:
        grant = self._grants.get(token)
        if grant is None or grant.client_id != client_id:
            return None
        if self.is_single_use:
            del self._grants[token]
        return grant

    def revoke(self) -> None:
        """As an administrator does, or a new password."""
        for grant in self._grants.values():
            grant.is_revoked = True
