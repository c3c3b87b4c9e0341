"""All callers' calls as one signed-in account: its Graph token, renewed ahead of time and shared.

What the store has is looked at every few seconds: so a new `gateway sign-in`, and what another replica has renewed, is
noticed by itself. What only a person can mend is told to the callers, logged once, and Entra is left alone for a while.
"""

import logging
import math
from dataclasses import dataclass, replace
from typing import Final

from gateway.auth.account import SIGN_IN, Account, Accounts
from gateway.auth.bearer import Caller
from gateway.auth.exchange import AGAIN_SECONDS, EARLY_SECONDS, EXCHANGE_SECONDS, MARGIN_SECONDS, Exchange, GraphToken
from gateway.auth.flights import Flights
from gateway.auth.renewal import RenewalClient, Renewed
from gateway.clock import Clock, Deadline
from gateway.errors import (
    ClaimsChallengeError,
    ConsentRequiredError,
    GatewayError,
    MisconfiguredError,
    SignInRequiredError,
    StoreUnavailableError,
    ThrottledError,
)

log = logging.getLogger("gateway")

LOOK_SECONDS: Final = 5.0
"""Between two looks at the store."""

WAITS_SECONDS: Final = (0.0, 0.3, 1.0)
"""Before looks at the store after a refusal: whoever was faster needs a moment to note the next refresh token."""

REFUSED_SECONDS: Final = 300.0
"""So long Entra is not asked again after a refusal that only a person can mend, unless somebody has signed in."""

THROTTLED_SECONDS: Final = 10
"""The same after a throttled call, if Entra does not say how long."""

TELL_SECONDS: Final = 3600.0
"""Between two log lines that say the same."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has, as it is there, and what that means: an account, or why there is none."""

    content: bytes | None
    account: Account | SignInRequiredError


@dataclass(frozen=True, slots=True)
class Held:
    """A Graph token and, in seconds since 1970, until when it is used and from when on the next one is fetched.

    `challenge` are the claims that it was fetched with, and `fetched_at` when.
    """

    token: GraphToken
    until: float
    early: float
    challenge: str | None
    fetched_at: float


class ServiceAccountExchange(Exchange):
    """One for each process."""

    def __init__(self, client: RenewalClient, accounts: Accounts, *, clock: Clock) -> None:
        self._client = client
        self._accounts = accounts
        self._clock = clock
        self._known: Known | None = None
        self._look_at = -math.inf
        self._held: Held | None = None
        self._refused: dict[bool, tuple[GatewayError, float]] = {}
        """What Entra has refused, and until when it is not asked again; apart for challenges, which may ask too much
        of an account that is well otherwise."""
        self._told: dict[str, float] = {}
        self._looks: Flights[None, None] = Flights()
        self._renewals: Flights[str | None, Held] = Flights()

    @property
    def account(self) -> Account:
        """Who was signed in when the store was last looked at; raises `SignInRequiredError` if nobody was."""
        assert self._known is not None, "somebody has looked"
        if isinstance(self._known.account, SignInRequiredError):
            raise self._known.account.with_traceback(None)
        return self._known.account

    async def access_token(self, caller: Caller | None, claims: str | None, deadline: Deadline) -> GraphToken:
        del caller
        if self._clock.monotonic() >= self._look_at:
            await self._looks.join(None, self.look, deadline)
        held, now = self._held, self._clock.time()
        if claims is not None and held is not None:
            # Who was challenged while another one fetched the token with these claims gets that.
            is_answer = held.challenge == claims and now < held.fetched_at + AGAIN_SECONDS
            held = held if is_answer else None
        if held is None or held.until <= now:
            held = await self._renewals.join(claims, lambda: self._renew(claims), deadline)
        elif held.early <= now:
            self._held = replace(held, early=now + AGAIN_SECONDS)
            self._renewals.start(None, lambda: self._renew(None))
        return held.token

    def give_up(self, challenge: ClaimsChallengeError) -> GatewayError:
        """The claims are for the account: whoever called can do nothing with them."""
        error = SignInRequiredError(
            "Microsoft Graph wants the account that this gateway acts as to sign in again.",
            hint=SIGN_IN,
            graph=challenge.graph,
        )
        self._tell(error)
        return error

    async def announce(self) -> None:
        """Says in the log who is signed in, when the gateway starts; it starts without anybody too."""
        try:
            await self._looks.start(None, self.look)
        except StoreUnavailableError as error:
            log.warning(error.message, extra={"fields": {"hint": error.hint}})

    async def look(self) -> None:
        """Notes what the store has. Raises `StoreUnavailableError` unless that was known before."""
        try:
            content = await self._accounts.read()
        except StoreUnavailableError:
            if self._known is None:
                raise
        else:
            if self._known is None or self._known.content != content:
                self._note(content)
        self._look_at = self._clock.monotonic() + LOOK_SECONDS

    def _note(self, content: bytes | None) -> None:
        before, self._known = self._known, Known(content, self._open(content))
        self._refused.clear()
        account = self._known.account
        if isinstance(account, SignInRequiredError):
            self._held = None
            log.warning(account.message, extra={"fields": {"hint": account.hint}})
        elif before is None or isinstance(before.account, GatewayError) or before.account.sign_in != account.sign_in:
            self._held = None
            self._told.clear()
            log.info("acting as", extra={"fields": {"account": account.object_id, "tid": account.tenant_id}})

    def _open(self, content: bytes | None) -> Account | SignInRequiredError:
        if content is None:
            return SignInRequiredError("Nobody is signed in for this gateway to act as.", hint=SIGN_IN)
        try:
            return self._accounts.open(content)
        except SignInRequiredError as error:
            return error

    async def _renew(self, claims: str | None) -> Held:
        deadline = Deadline.after(self._clock, EXCHANGE_SECONDS)
        while True:
            known, account = self._known, self.account
            self._check_refused(claims)
            try:
                renewed = await self._client.renew(account.refresh_token, claims, deadline)
            except (SignInRequiredError, ConsentRequiredError, MisconfiguredError, ThrottledError) as error:
                if not (isinstance(error, SignInRequiredError) and await self._has_changed(known)):
                    self._refuse(error, claims)
                    raise
            else:
                await self._keep(known, replace(account, refresh_token=renewed.refresh_token))
                if self.account.sign_in == account.sign_in:
                    return self._hold(renewed, account, claims)

    async def _has_changed(self, known: Known | None) -> bool:
        """Whether there is another refresh token to try: another replica may have used this one a moment ago."""
        for seconds in WAITS_SECONDS:
            await self._clock.sleep(seconds)
            await self.look()
            if self._known is not known:
                return True
        return False

    def _check_refused(self, claims: str | None) -> None:
        error, until = self._refused.get(claims is not None, (None, -math.inf))
        if error is not None and self._clock.time() < until:
            raise error.with_traceback(None)

    def _refuse(self, error: GatewayError, claims: str | None) -> None:
        if isinstance(error, ThrottledError):
            seconds: float = error.retry_after_seconds or THROTTLED_SECONDS
        else:
            seconds = REFUSED_SECONDS if claims is None else AGAIN_SECONDS
            self._tell(error)
        self._refused[claims is not None] = (error, self._clock.time() + seconds)

    async def _keep(self, known: Known | None, account: Account) -> None:
        """Puts the next refresh token in the place of the one that was used."""
        assert known is not None, "an account was in it"
        assert known.content is not None
        try:
            content = await self._accounts.swap(known.content, account)
        except StoreUnavailableError as failure:
            # Entra goes on taking the one before: https://learn.microsoft.com/entra/identity-platform/refresh-tokens
            reason = type(failure.__cause__ or failure).__name__
            log.warning("the account's next refresh token was not kept", extra={"fields": {"reason": reason}})
            content = known.content
        if content is None:
            await self.look()
        elif self._known is known:
            self._known = Known(content, account)

    def _hold(self, renewed: Renewed, account: Account, claims: str | None) -> Held:
        now = self._clock.time()
        until = now + renewed.lifetime_seconds - MARGIN_SECONDS
        token = GraphToken(renewed.access_token, account.object_id)
        self._held = held = Held(token, until, until - EARLY_SECONDS, claims, now)
        self._refused.clear()
        self._told.clear()
        return held

    def _tell(self, error: GatewayError) -> None:
        """Logs what only the operator can mend."""
        now = self._clock.monotonic()
        if now >= self._told.get(error.message, -math.inf):
            self._told[error.message] = now + TELL_SECONDS
            log.error(error.message, extra={"fields": {"code": error.code, "hint": error.hint}})
