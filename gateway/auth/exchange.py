"""`Caller` → the Microsoft Graph access token that the gateway sends for them."""

from typing import Protocol

from gateway.auth.bearer import Caller
from gateway.clock import Deadline
from gateway.errors import ClaimsChallengeError


class Exchange(Protocol):
    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> str:
        """A token for Graph. `claims`: the JSON text of Graph's challenge to the token before.

        Raises `ClaimsChallengeError` where there is no other token to be had without the person.
        """


class ForwardExchange:
    """The caller's own token, as it is. Only the caller can answer a challenge to it."""

    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> str:
        del deadline
        if claims is not None:
            raise ClaimsChallengeError("Microsoft Graph wants the person to sign in again.", claims=claims)
        return caller.assertion
