"""stand-in until the real one arrives"""
from typing import Protocol
from gateway.auth.bearer import Caller
from gateway.clock import Deadline
from gateway.errors import ClaimsChallengeError
class Exchange(Protocol):
    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> str: ...
class ForwardExchange:
    async def access_token(self, caller: Caller, claims: str | None, deadline: Deadline) -> str:
        if claims: raise ClaimsChallengeError("x", claims=claims)
        return caller.assertion
