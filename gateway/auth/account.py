"""The one account that the gateway acts as in `service-account`, as the store keeps it: sealed, and for all replicas.

Kept are the refresh token and whose it is. MSAL's own token cache, serialised, would bring access tokens into the
store, and it can hold several accounts.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Final
from uuid import uuid4

import orjson
from cryptography.fernet import InvalidToken

from gateway.errors import SignInRequiredError, StoreUnavailableError
from gateway.seals import build_seal
from gateway.state.store import Store

PURPOSE: Final = b"managed-tenants-gateway/account/1"

LIFETIME_SECONDS: Final = 90 * 24 * 3600.0
"""From the last renewal on; then Entra takes the refresh token no more.

https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime
"""

SIGN_IN: Final = "The gateway's operator must run `gateway sign-in`."


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in. `sign_in` tells one sign-in from the next, also of the same person."""

    tenant_id: str
    object_id: str
    refresh_token: str = field(repr=False)
    sign_in: str = field(default_factory=lambda: uuid4().hex)


class Accounts:
    """The place of the account in the store. What is there is opaque until it is opened.

    Each method that asks the store raises `StoreUnavailableError`.
    """

    def __init__(self, store: Store, *, secret_keys: Iterable[str], tenant_id: str, client_id: str) -> None:
        self._store = store
        self._seal = build_seal(secret_keys, PURPOSE)
        self._name = f"account:{tenant_id}:{client_id}".lower()

    async def read(self) -> bytes | None:
        try:
            return await self._store.get(self._name)
        except StoreUnavailableError as failure:
            raise StoreUnavailableError(
                "The gateway's store, which has the account that it acts as, does not answer; nothing was sent to "
                "Microsoft Graph.",
                hint="Send it again later. The gateway's operator can look at GATEWAY_STORE_URL.",
            ) from failure

    def open(self, content: bytes) -> Account:
        """Raises `SignInRequiredError` if none of the keys has sealed it."""
        try:
            return Account(**orjson.loads(self._seal.decrypt(content)))
        except InvalidToken:
            raise SignInRequiredError(
                "The gateway's account is sealed with a key that the gateway does not have.",
                hint=f"The key belongs into GATEWAY_SECRET_KEYS. If it is lost: {SIGN_IN}",
            ) from None

    async def swap(self, old: bytes, account: Account) -> bytes | None:
        """What is there now; None if it was not `old` that was there before."""
        new = self._seal.encrypt(orjson.dumps(asdict(account)))
        swapped = await self._store.swap(self._name, old, new, lifetime_seconds=LIFETIME_SECONDS)
        return new if swapped else None

    async def replace(self, account: Account | None) -> bool:
        """Puts it there, or takes away what is, whatever that may be; the value is whether there was something."""
        new = None if account is None else self._seal.encrypt(orjson.dumps(asdict(account)))
        while True:
            old = await self.read()
            if await self._store.swap(self._name, old, new, lifetime_seconds=LIFETIME_SECONDS):
                return old is not None
