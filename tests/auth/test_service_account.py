"""`service-account`, end to end: apps' tokens, one account, real MSAL before the emulator's Entra and Graph."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest
from cryptography.fernet import Fernet

from gateway.app import build_store
from gateway.auth.account import LIFETIME_SECONDS, Account
from gateway.auth.httpx_client import HttpxClient
from gateway.callers import build_accounts
from gateway.clock import SystemClock
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP, READER_APP, WRITER_APP
from gateway.emulator.entra import RefuseToken
from gateway.emulator.faults import CLAIMS, ClaimsChallenge, Fault, FaultRule, HtmlBody, Refuse
from gateway.emulator.tokens import SAMPLE_APP, SAMPLE_PERSON, SAMPLE_TENANT
from gateway.errors import StoreUnavailableError
from gateway.settings import Settings
from gateway.state.buckets import Buckets
from gateway.state.sqlite import SqliteStore
from gateway.state.store import Store
from gateway.tools.sign_in import sign_in_account
from tests.clock import SteppingClock
from tests.harness import ISSUER, BlockingInProcess, Harness, planted, running
from tests.test_operations import CREATE, INPUT

READ = '{ tenantTag(id: "x") { id } }'
OTHER = "11111111-2222-3333-4444-555555555555"
STATUS = {"FORBIDDEN": 403, "UNAUTHENTICATED": 401}
KEY = Fernet.generate_key().decode()
ENVIRON = {
    "GATEWAY_AUTH_MODE": "service-account",
    "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
    "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
    "GATEWAY_ALLOWED_CLIENT_APPS": f"{READER_APP},{WRITER_APP.upper()}",
    "GATEWAY_SECRET_KEYS": KEY,
}


class Interruptible:
    """A store that can be made not to answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_silent = False

    @property
    def buckets(self) -> Buckets | None:
        return self._store.buckets

    async def get(self, name: str) -> bytes | None:
        if self.is_silent:
            raise StoreUnavailableError.silent()
        return await self._store.get(name)

    async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
        if self.is_silent:
            raise StoreUnavailableError.silent()
        return await self._store.swap(name, old, new, lifetime_seconds=lifetime_seconds)

    async def close(self) -> None:
        await self._store.close()


@dataclass
class Stage:
    """An emulator, the store of all replicas, and a clock that tests set."""

    path: Path
    emulator: Emulator = field(default_factory=lambda: Emulator(issuer=ISSUER))
    clock: SteppingClock = field(default_factory=lambda: SteppingClock(time=time.time()))

    @property
    def environ(self) -> dict[str, str]:
        return {**ENVIRON, "GATEWAY_STORE_URL": f"sqlite:///{self.path}"}

    @asynccontextmanager
    async def gateway(self, environ: Mapping[str, str] | None = None, **seams: Any) -> AsyncIterator[Harness]:
        """One replica; its usual caller may write."""
        given = {"emulator": self.emulator, "clock": self.clock, **seams}
        async with running({**self.environ, **(environ or {})}, **given) as it:
            it.token = self.app_token("Gateway.Write")
            yield it

    def app_token(self, *roles: str, **claims: Any) -> str:
        app = {"audience": GATEWAY_APP, "app_id": WRITER_APP, "roles": roles, "expires_in_seconds": 1_000_000}
        return planted(ISSUER.issue(**{**app, **claims}))

    async def sign_in(self, *, key: str = KEY) -> None:
        """As `gateway sign-in --device-code` does; the person opens the page at once."""
        transport = BlockingInProcess(self.emulator.entra)

        def open_page(message: str) -> None:
            url = re.search(r"https://\S+", message)
            assert url is not None
            httpx.Client(transport=transport).get(url[0])

        def signed_in() -> Account:
            http = HttpxClient(ca_file=None, transport=transport)
            return sign_in_account(settings, device_code=True, http=http, announce=open_page).account

        settings = Settings.from_environ({**self.environ, "GATEWAY_SECRET_KEYS": key})
        account = await asyncio.to_thread(signed_in)
        planted(account.refresh_token)
        await self.keep(account, settings)

    async def keep(self, account: Account | None, settings: Settings | None = None) -> None:
        settings = settings or Settings.from_environ(self.environ)
        store = build_store(settings, self.clock)
        assert store is not None
        await build_accounts(settings, store).replace(account)
        await store.close()

    @property
    def renewals(self) -> list[dict[str, str]]:
        """The forms with which refresh tokens were used."""
        forms = [dict(parse_qsl(str(each.body))) for each in self.emulator.entra_journal if each.method == "POST"]
        found = [form for form in forms if form.get("grant_type") == "refresh_token"]
        for form in found:
            planted(form["refresh_token"])
        return found

    def refuse(self, fault: RefuseToken) -> None:
        """Entra renews nothing from now on."""
        self.emulator.entra_faults.add(FaultRule(fault=fault, path="oauth2/v2.0/token", times=None))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "store.db")


@pytest.fixture
async def gateway(stage: Stage) -> AsyncIterator[Harness]:
    await stage.sign_in()
    async with stage.gateway() as gateway:
        yield gateway


async def error_of(gateway: Harness, document: str = READ, **options: Any) -> dict[str, Any]:
    """The first error with its code, or `OK` for a code."""
    answer = await gateway.execute(document, **options)
    if "errors" not in answer:
        return {"code": "OK"}
    error = answer["errors"][0]
    return {**error["extensions"], "message": error["message"]}


async def code_of(gateway: Harness, document: str = READ, **options: Any) -> str:
    return str((await error_of(gateway, document, **options))["code"])


def lines(logs: list[str], message: str, level: str | None = None) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in logs if line.startswith("{")]
    return [line for line in found if line["message"] == message and level in (None, line["level"])]


def errors_in(logs: list[str]) -> list[str]:
    return [
        line["message"]
        for line in map(json.loads, filter(lambda each: each[0] == "{", logs))
        if line["level"] == "error"
    ]


# Whom Graph sees, and who may call


async def test_graph_sees_the_account_that_signed_in(gateway: Harness, stage: Stage) -> None:
    """Whichever app calls: its own token never reaches Graph; one renewal serves all."""
    reader = stage.app_token("Gateway.Read", app_id=READER_APP)
    answer = await gateway.execute(CREATE, {"input": INPUT})
    assert answer["data"]["createCloudPcConnection"]["displayName"] == INPUT["displayName"]
    assert await code_of(gateway, as_=reader) == "OK"
    sent = {each.headers["authorization"].removeprefix("Bearer ") for each in gateway.emulator.journal}
    [token] = sent
    claims = jwt.decode(planted(token), options={"verify_signature": False})
    assert (claims["oid"], claims["azp"], token in {reader, gateway.token}) == (SAMPLE_PERSON, GATEWAY_APP, False)
    [form] = stage.renewals
    assert json.loads(form["claims"]) == {"access_token": {"xms_cc": {"values": ["CP1"]}}}
    assert "client_secret" not in form


async def test_an_app_with_the_role_to_read_cannot_write(gateway: Harness, stage: Stage) -> None:
    """Told before execution, with the role that is missing; nothing is sent."""
    reader = stage.app_token("Gateway.Read", app_id=READER_APP)
    response = await gateway.post(CREATE, {"input": INPUT}, as_=reader)
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
    assert error["message"] == f"The app {READER_APP} may only read: its access token lacks the app role Gateway.Write."
    assert "app role" in error["extensions"]["hint"]
    assert (gateway.sent, stage.renewals) == ([], [])


@pytest.mark.parametrize(
    ("claims", "code", "message"),
    [
        pytest.param(
            {"scopes": ["access_as_user"], "roles": ["Gateway.Write"]},
            "FORBIDDEN",
            "The access token stands for a person; in the mode service-account this gateway takes those of apps.",
            id="delegated",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "idtyp": "user"},
            "FORBIDDEN",
            "The access token stands for a person; in the mode service-account this gateway takes those of apps.",
            id="a person's, by its type",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "azp": None},
            "FORBIDDEN",
            "This gateway does not take tokens of the app None.",
            id="an id token with roles",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "app_id": SAMPLE_APP},
            "FORBIDDEN",
            f"This gateway does not take tokens of the app {SAMPLE_APP}.",
            id="an app that is not named",
        ),
        pytest.param(
            {"roles": ["Another.Role"]},
            "FORBIDDEN",
            "The access token has none of this gateway's app roles, Gateway.Read and Gateway.Write.",
            id="another role",
        ),
        pytest.param(
            {"roles": []},
            "FORBIDDEN",
            "The access token has none of this gateway's app roles, Gateway.Read and Gateway.Write.",
            id="no role",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "audience": "https://graph.microsoft.com"},
            "UNAUTHENTICATED",
            "The access token is not for this gateway.",
            id="for Graph",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "tenant_id": OTHER},
            "UNAUTHENTICATED",
            "The access token is from a tenant that this gateway does not serve.",
            id="another tenant",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "iss": f"https://login.microsoftonline.com/{OTHER}/v2.0"},
            "UNAUTHENTICATED",
            "The access token's signature or issuer is not that of its tenant.",
            id="another issuer",
        ),
        pytest.param(
            {"roles": ["Gateway.Write"], "expires_in_seconds": -61},
            "UNAUTHENTICATED",
            "The access token has expired.",
            id="expired",
        ),
    ],
)
async def test_a_token_that_will_not_do_is_refused(
    gateway: Harness, stage: Stage, claims: dict[str, Any], code: str, message: str
) -> None:
    """Before anything is parsed, and with what to do; nobody's call is made as the account."""
    roles = claims.pop("roles")
    response = await gateway.post("no GraphQL", as_=stage.app_token(*roles, **claims))
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"], error["message"]) == (STATUS[code], code, message)
    assert error["extensions"]["hint"]
    assert (gateway.sent, stage.renewals) == ([], [])


async def test_a_persons_token_gets_a_hint_for_apps(gateway: Harness) -> None:
    """It says which grant and which scope."""
    error = await error_of(gateway, as_=gateway.gateway_token())
    assert error["hint"] == (
        "Let the app sign in as itself, by client credentials. "
        f"Ask Entra for a token with the scope api://{GATEWAY_APP}/.default."
    )


@pytest.mark.parametrize(
    ("app", "document", "code"),
    [(READER_APP, READ, "OK"), (READER_APP, CREATE, "FORBIDDEN"), (WRITER_APP, CREATE, "OK")],
)
async def test_tokens_by_client_credentials_carry_the_role(
    gateway: Harness, app: str, document: str, code: str
) -> None:
    """As Entra gives them to the apps that an administrator has given a role."""
    entra = httpx.AsyncClient(transport=httpx.ASGITransport(gateway.emulator.entra), base_url="https://entra.test")
    secret = gateway.emulator.directory.apps[app].secret
    assert secret is not None
    form = {
        "grant_type": "client_credentials",
        "client_id": app,
        "client_secret": planted(secret),
        "scope": f"api://{GATEWAY_APP}/.default",
    }
    answer = await entra.post(f"/{SAMPLE_TENANT}/oauth2/v2.0/token", data=form)
    token = planted(answer.json()["access_token"])
    assert await code_of(gateway, document, as_=token, variables={"input": INPUT} if document == CREATE else {}) == code


async def test_keys_of_apps_are_kept_apart(stage: Stage) -> None:
    """Though both write as the same account, the idempotency key of one app is none of the other's."""
    await stage.sign_in()
    async with stage.gateway() as gateway:
        other = stage.app_token("Gateway.Write", app_id=READER_APP, object_id=OTHER)
        for token in (gateway.token, other, gateway.token):
            assert (
                await code_of(gateway, CREATE, variables={"input": INPUT}, as_=token, headers={"idempotency-key": "k"})
                == "OK"
            )
    assert [each for each in gateway.sent if each.startswith("POST")] == [gateway.sent[1]] * 2


# Renewal


async def test_callers_who_come_together_share_one_renewal(gateway: Harness, stage: Stage) -> None:
    """Twenty operations at the start cost one."""
    assert set(await asyncio.gather(*(code_of(gateway) for _ in range(20)))) == {"OK"}
    assert len(stage.renewals) == 1


async def test_the_token_is_renewed_ahead_of_time(gateway: Harness, stage: Stage) -> None:
    """In the background in its last minutes, once, and never used in its very last; each time with the newest token."""
    stage.emulator.refresh_tokens.is_single_use = True
    assert await code_of(gateway) == "OK"
    stage.clock.advance(3600 - 300 - 600 + 1)
    while len({each.headers["authorization"] for each in stage.emulator.journal}) < 2:
        assert await code_of(gateway) == "OK"
    for _ in range(3):
        assert await code_of(gateway) == "OK"
    assert len(stage.renewals) == 2
    stage.clock.advance(3600)
    assert await code_of(gateway) == "OK"
    assert len({form["refresh_token"] for form in stage.renewals}) == 3


async def test_replicas_share_the_sign_in(stage: Stage) -> None:
    """Each renews from what the other has left in the store, with tokens that can be used only once."""
    stage.emulator.refresh_tokens.is_single_use = True
    await stage.sign_in()
    async with stage.gateway() as one, stage.gateway() as two:
        for _ in range(3):
            assert [await code_of(one), await code_of(two)] == ["OK", "OK"]
            stage.clock.advance(3600)


async def test_replicas_that_renew_at_the_same_time_both_go_on(stage: Stage) -> None:
    """Whoever loses the race reads the store anew, though it was refused; nobody takes that for a revocation."""
    stage.emulator.refresh_tokens.is_single_use = True
    # Tokens that are never kept: each operation renews.
    stage.emulator.directory.lifetime_seconds = 300
    await stage.sign_in()
    async with stage.gateway(clock=SystemClock()) as one, stage.gateway(clock=SystemClock()) as two:
        for _ in range(5):
            assert set(await asyncio.gather(code_of(one), code_of(two))) == {"OK"}


async def test_a_store_that_is_silent_ends_nothing_that_runs(stage: Stage, logs: list[str]) -> None:
    """Renewals go on with what is known; what they brought is kept as soon as the store answers."""
    await stage.sign_in()
    store = Interruptible(SqliteStore(stage.path, max_entries=10, clock=stage.clock))
    async with stage.gateway(store=store) as gateway:
        assert await code_of(gateway) == "OK"
        store.is_silent = True
        stage.clock.advance(3600)
        assert await code_of(gateway) == "OK"
        assert lines(logs, "the account's next refresh token was not kept", "warning")
        store.is_silent = False
        stage.clock.advance(3600)
        assert await code_of(gateway) == "OK"
        assert len({form["refresh_token"] for form in stage.renewals}) == 3
    async with stage.gateway() as another:
        assert await code_of(another) == "OK"
        assert len({form["refresh_token"] for form in stage.renewals}) == 4
    await store.close()


async def test_a_store_that_never_answered_is_told(stage: Stage, logs: list[str]) -> None:
    """The gateway starts; operations are told, and work as soon as the store is there."""
    await stage.sign_in()
    store = Interruptible(SqliteStore(stage.path, max_entries=10, clock=stage.clock))
    store.is_silent = True
    async with stage.gateway(store=store) as gateway:
        response = await gateway.post(READ)
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (503, "STORE_UNAVAILABLE")
        assert "GATEWAY_STORE_URL" in error["extensions"]["hint"]
        store.is_silent = False
        assert await code_of(gateway) == "OK"
    assert lines(logs, error["message"], "warning")
    await store.close()


async def test_the_sign_in_lasts_from_its_last_use_on(stage: Stage) -> None:
    """As Entra's refresh tokens do, and not as idempotency keys."""
    await stage.sign_in()
    async with stage.gateway() as gateway:
        stage.clock.advance(LIFETIME_SECONDS - 1)
        gateway.token = stage.app_token("Gateway.Read", expires_in_seconds=3 * LIFETIME_SECONDS)
        assert await code_of(gateway) == "OK"
        stage.clock.advance(LIFETIME_SECONDS - 1)
        assert await code_of(gateway) == "OK"
        stage.clock.advance(LIFETIME_SECONDS + 1)
        assert await code_of(gateway) == "SIGN_IN_REQUIRED"


# Nobody, somebody, somebody else


async def test_without_a_sign_in_the_gateway_starts_and_says_so(stage: Stage, logs: list[str]) -> None:
    """One warning; operations are told the same way; a sign-in is noticed without a restart."""
    async with stage.gateway() as gateway:
        response = await gateway.post(READ)
        [line] = lines(logs, "Nobody is signed in for this gateway to act as.", "warning")
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (503, "SIGN_IN_REQUIRED")
        assert error["extensions"]["hint"] == line["hint"] == "The gateway's operator must run `gateway sign-in`."
        assert error["extensions"]["retryable"] is False
        await stage.sign_in()
        stage.clock.advance(5)
        assert await code_of(gateway) == "OK"
    assert len(lines(logs, "Nobody is signed in for this gateway to act as.")) == 1
    [line] = lines(logs, "acting as", "info")
    assert (line["account"], line["tid"]) == (SAMPLE_PERSON, SAMPLE_TENANT)


async def test_another_sign_in_takes_the_place_of_the_first(gateway: Harness, stage: Stage) -> None:
    """Within seconds, and though the token of the first would last."""
    assert await code_of(gateway) == "OK"
    stage.emulator.directory.person = OTHER
    await stage.sign_in()
    stage.clock.advance(5)
    assert await code_of(gateway) == "OK"
    people = [
        jwt.decode(each.headers["authorization"][7:], options={"verify_signature": False})["oid"]
        for each in gateway.emulator.journal
    ]
    assert people == [SAMPLE_PERSON, OTHER]


async def test_a_sign_in_that_is_removed_ends_within_seconds(gateway: Harness, stage: Stage) -> None:
    """Nothing more is done as the account."""
    assert await code_of(gateway) == "OK"
    await stage.keep(None)
    stage.clock.advance(5)
    assert await code_of(gateway) == "SIGN_IN_REQUIRED"
    assert len(gateway.sent) == 1


@pytest.mark.parametrize("is_removed", [True, False])
async def test_a_sign_in_that_changes_during_a_renewal_counts(stage: Stage, is_removed: bool) -> None:
    """A token of somebody who is not signed in any more is not used."""
    await stage.sign_in()
    settings = Settings.from_environ(stage.environ)

    class Changing(Interruptible):
        """Somebody signs in, or is removed, at the moment of the first swap."""

        is_over = False

        async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
            if not self.is_over:
                self.is_over = True
                token = stage.emulator.refresh_tokens.issue(GATEWAY_APP, OTHER)
                account = None if is_removed else Account(SAMPLE_TENANT, OTHER, planted(token))
                await stage.keep(account, settings)
            return await super().swap(name, old, new, lifetime_seconds=lifetime_seconds)

    store = Changing(SqliteStore(stage.path, max_entries=10, clock=stage.clock))
    async with stage.gateway(store=store) as gateway:
        assert await code_of(gateway) == ("SIGN_IN_REQUIRED" if is_removed else "OK")
        people = [
            jwt.decode(each.headers["authorization"][7:], options={"verify_signature": False})["oid"]
            for each in gateway.emulator.journal
        ]
    assert people == ([] if is_removed else [OTHER])
    await store.close()


async def test_a_look_during_a_renewal_sees_what_it_has_written(stage: Stage) -> None:
    """It is the same sign-in, further on: nothing is renewed again for that."""
    await stage.sign_in()

    class Slow(Interruptible):
        """A swap is over only when somebody has looked at what it wrote."""

        swapped, looked = asyncio.Event(), asyncio.Event()

        async def get(self, name: str) -> bytes | None:
            content = await super().get(name)
            if self.swapped.is_set():
                self.looked.set()
            return content

        async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
            is_done = await super().swap(name, old, new, lifetime_seconds=lifetime_seconds)
            stage.clock.advance(5)
            self.swapped.set()
            await self.looked.wait()
            return is_done

    store = Slow(SqliteStore(stage.path, max_entries=10, clock=stage.clock))
    async with stage.gateway(store=store) as gateway:
        first = asyncio.create_task(code_of(gateway))
        await store.swapped.wait()
        assert (await code_of(gateway), await first) == ("OK", "OK")
        assert len(stage.renewals) == 1
        stage.clock.advance(3600)
        assert await code_of(gateway) == "OK"
    assert len({form["refresh_token"] for form in stage.renewals}) == 2
    await store.close()


async def test_whoever_signs_in_last_stays(stage: Stage) -> None:
    """A renewal that comes in between does not undo it."""
    await stage.sign_in()
    settings = Settings.from_environ(stage.environ)

    class Busy(Interruptible):
        """A replica renews just before the first swap."""

        swaps = 0

        async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
            self.swaps += 1
            if self.swaps == 1:
                async with stage.gateway() as replica:
                    assert await code_of(replica) == "OK"
            return await super().swap(name, old, new, lifetime_seconds=lifetime_seconds)

    store = Busy(SqliteStore(stage.path, max_entries=10, clock=stage.clock))
    accounts = build_accounts(settings, store)
    latest = Account(SAMPLE_TENANT, OTHER, planted("1.the-latest-refresh-token"))
    assert await accounts.replace(latest)
    content = await accounts.read()
    assert content is not None
    assert (accounts.open(content), store.swaps) == (latest, 2)
    await store.close()


async def test_keys_that_seal_can_be_exchanged(stage: Stage) -> None:
    """The first seals and all open; a sign-in whose key is gone says so."""
    new = Fernet.generate_key().decode()
    await stage.sign_in()
    async with stage.gateway({"GATEWAY_SECRET_KEYS": f"{new},{KEY}"}) as gateway:
        assert await code_of(gateway) == "OK"
    async with stage.gateway({"GATEWAY_SECRET_KEYS": new}) as gateway:
        assert await code_of(gateway) == "OK"
    async with stage.gateway() as gateway:
        error = await error_of(gateway)
        assert error["code"] == "SIGN_IN_REQUIRED"
        assert error["message"] == "The gateway's account is sealed with a key that the gateway does not have."
        assert "GATEWAY_SECRET_KEYS" in error["hint"]
        await stage.sign_in()
        stage.clock.advance(5)
        assert await code_of(gateway) == "OK"


async def test_the_store_has_nothing_in_clear(stage: Stage) -> None:
    """Neither refresh token nor access token nor the person: a look into all of SQLite's files."""
    await stage.sign_in()
    async with stage.gateway() as gateway:
        assert await code_of(gateway) == "OK"
        stage.clock.advance(3600)
        assert await code_of(gateway) == "OK"
        content = b"".join(each.read_bytes() for each in stage.path.parent.iterdir())
    assert b"account:" in content
    secrets = [form["refresh_token"] for form in stage.renewals]
    secrets += [each.headers["authorization"].removeprefix("Bearer ") for each in stage.emulator.journal]
    assert len(secrets) == 4
    assert [each for each in [*secrets, SAMPLE_PERSON, "robin"] if each.encode() in content] == []


# Refusals


async def test_a_revoked_sign_in_is_told_and_entra_left_alone(gateway: Harness, stage: Stage, logs: list[str]) -> None:
    """One error in the log, one question to Entra; it is asked again after a while, or after a new sign-in."""
    assert await code_of(gateway) == "OK"
    stage.emulator.refresh_tokens.revoke()
    stage.clock.advance(3600)
    for _ in range(5):
        assert (await gateway.post(READ)).status_code == 503
        stage.clock.advance(20)
    error = await error_of(gateway)
    assert error["code"] == "SIGN_IN_REQUIRED"
    said = "Microsoft Entra does not let this gateway act as its account any more (invalid_grant, AADSTS50173)."
    assert (error["message"], error["hint"]) == (
        said,
        "The gateway's operator must run `gateway sign-in`.",
    )
    assert len(stage.renewals) == 2
    stage.clock.advance(300)
    assert await code_of(gateway) == "SIGN_IN_REQUIRED"
    assert len(stage.renewals) == 3
    assert errors_in(logs) == [said]
    await stage.sign_in()
    stage.clock.advance(5)
    assert await code_of(gateway) == "OK"
    assert len(gateway.sent) == 2


async def test_a_revocation_is_told_before_the_token_ends(gateway: Harness, stage: Stage, logs: list[str]) -> None:
    """The log has it some minutes early; until the token ends it serves."""
    assert await code_of(gateway) == "OK"
    stage.emulator.refresh_tokens.revoke()
    stage.clock.advance(3600 - 300 - 600 + 1)
    while not errors_in(logs):
        assert await code_of(gateway) == "OK"
    stage.clock.advance(60)
    for _ in range(10):
        assert await code_of(gateway) == "OK"
    assert len(stage.renewals) == 2
    stage.clock.advance(600)
    assert await code_of(gateway) == "SIGN_IN_REQUIRED"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (RefuseToken("interaction_required", 50076, None, CLAIMS), ("SIGN_IN_REQUIRED", "gateway sign-in")),
        (RefuseToken("invalid_grant", 700082), ("SIGN_IN_REQUIRED", "gateway sign-in")),
        (RefuseToken("invalid_grant", 65001, "consent_required"), ("CONSENT_REQUIRED", "consent")),
        (RefuseToken("invalid_client", 7000218), ("MISCONFIGURED", "Public client flows")),
        (RefuseToken("unauthorized_client", 700016), ("MISCONFIGURED", "GATEWAY_ENTRA_CLIENT_ID")),
    ],
)
async def test_what_only_people_can_mend_is_asked_once(
    gateway: Harness, stage: Stage, logs: list[str], fault: RefuseToken, told: tuple[str, str]
) -> None:
    """Each refusal has its code and says who must do what; no claims are passed on that a caller could not answer."""
    stage.refuse(fault)
    code, hint = told
    answers = [await error_of(gateway) for _ in range(3)]
    assert {each["code"] for each in answers} == {code}
    assert hint in answers[0]["hint"]
    assert "claims" not in answers[0]
    assert (len(stage.renewals), len(errors_in(logs)), gateway.sent) == (1, 1, [])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param(RefuseToken("temporarily_unavailable", 90033), ("UPSTREAM_UNAVAILABLE", 2), id="busy"),
        pytest.param(HtmlBody(503), ("UPSTREAM_UNAVAILABLE", 2), id="HTML"),
        pytest.param(Refuse(429, retry_after_seconds=30), ("THROTTLED", 1), id="throttled"),
        pytest.param(Refuse(429), ("THROTTLED", 1), id="throttled without a time"),
    ],
)
async def test_an_entra_that_is_out_is_no_revocation(
    gateway: Harness, stage: Stage, logs: list[str], fault: Fault, told: tuple[str, int]
) -> None:
    """It passes by itself; one that throttles is left alone for as long as it says."""
    code, calls = told
    stage.emulator.entra_faults.add(FaultRule(fault=fault, method="POST", times=None))
    assert [await code_of(gateway), await code_of(gateway)] == [code, code]
    assert (len(stage.renewals), errors_in(logs)) == (calls, [])
    stage.emulator.entra_faults.clear()
    stage.clock.advance(30)
    assert await code_of(gateway) == "OK"


async def test_a_tenant_that_is_not_there_is_the_operators(stage: Stage) -> None:
    """What MSAL finds out when it looks for the tenant is told like every other mistake."""
    await stage.sign_in()
    async with stage.gateway() as gateway:
        rule = FaultRule(fault=RefuseToken("invalid_tenant", 90002), path="openid-configuration", skip=1, times=None)
        stage.emulator.entra_faults.add(rule)
        error = await error_of(gateway)
    assert (error["code"], "GATEWAY_ENTRA_TENANT_ID" in error["hint"]) == ("MISCONFIGURED", True)


async def test_a_refresh_token_that_stays_in_force_is_used_again(gateway: Harness, stage: Stage) -> None:
    """Entra need not name another."""
    stage.emulator.refresh_tokens.rotates = False
    for _ in range(3):
        assert await code_of(gateway) == "OK"
        stage.clock.advance(3600)
    assert len({form["refresh_token"] for form in stage.renewals}) == 1


# Challenges


async def test_a_challenge_that_entra_answers_is_none_of_the_callers(gateway: Harness, stage: Stage) -> None:
    """The token is fetched anew with Graph's claims, once for all who meet it."""
    assert await code_of(gateway) == "OK"
    stage.emulator.faults.add(FaultRule(fault=ClaimsChallenge(), times=3))
    assert set(await asyncio.gather(*(code_of(gateway, READ.replace("x", f"x{each}")) for each in range(3)))) == {"OK"}
    assert len(stage.renewals) == 2
    claims = json.loads(stage.renewals[1]["claims"])
    assert claims["access_token"] == {**json.loads(CLAIMS)["access_token"], "xms_cc": {"values": ["CP1"]}}


async def test_a_challenge_that_takes_the_person_is_told(gateway: Harness, stage: Stage, logs: list[str]) -> None:
    """Not as a challenge, which the app could not answer; loudly in the log; and Entra is asked once a minute."""
    assert await code_of(gateway) == "OK"
    stage.emulator.faults.add(FaultRule(fault=ClaimsChallenge(), times=None))
    stage.refuse(RefuseToken("interaction_required", 50076, None, CLAIMS))
    answers = [await error_of(gateway) for _ in range(3)]
    assert {each["code"] for each in answers} == {"SIGN_IN_REQUIRED"}
    assert "gateway sign-in" in answers[0]["hint"]
    assert "claims" not in answers[0]
    assert (len(stage.renewals), len(errors_in(logs))) == (2, 1)
    stage.clock.advance(61)
    assert await code_of(gateway) == "SIGN_IN_REQUIRED"
    assert len(stage.renewals) == 3
    stage.emulator.faults.clear()
    assert await code_of(gateway) == "OK"


async def test_a_challenge_to_each_token_is_told(gateway: Harness, stage: Stage, logs: list[str]) -> None:
    """Graph's ids are in it; it never becomes a loop."""
    stage.emulator.faults.add(FaultRule(fault=ClaimsChallenge(), times=None))
    error = await error_of(gateway)
    assert (error["code"], error["graph"]["status"]) == ("SIGN_IN_REQUIRED", 401)
    assert (len(gateway.sent), len(stage.renewals)) == (2, 2)
    assert await code_of(gateway) == "SIGN_IN_REQUIRED"
    assert len(stage.renewals) == 2
    assert errors_in(logs) == ["Microsoft Graph wants the account that this gateway acts as to sign in again."]
