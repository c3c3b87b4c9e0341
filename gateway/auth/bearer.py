"""stand-in until the real one arrives"""
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
import jwt
from gateway.clock import Deadline
from gateway.errors import UnauthenticatedError
@dataclass(frozen=True, slots=True)
class Caller:
    assertion: str = field(repr=False)
    tenant_id: str | None = None
    object_id: str | None = None
    app_id: str | None = None
    verified: bool = False
class Authenticator(Protocol):
    async def authenticate(self, authorization: Sequence[str], deadline: Deadline) -> Caller: ...
class ForwardAuthenticator:
    async def authenticate(self, authorization: Sequence[str], deadline: Deadline) -> Caller:
        if len(authorization) != 1 or not authorization[0].lower().startswith("bearer "):
            raise UnauthenticatedError("no token")
        token = authorization[0][7:]
        try: c = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError: c = {}
        return Caller(token, c.get("tid"), c.get("oid"), c.get("azp"))
