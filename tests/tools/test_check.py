"""`gateway check`: each mistake on the way to a working gateway is found before a caller meets it."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from gateway.auth.httpx_client import HttpxClient
from gateway.clock import SystemClock
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP, App
from gateway.emulator.faults import DropBefore, FaultRule, Refuse
from gateway.emulator.tokens import SAMPLE_PERSON, SAMPLE_TENANT
from gateway.graph.httpx_transport import build_client
from gateway.resources.catalog import CATALOG, all_permissions
from gateway.settings import Settings
from gateway.state.sqlite import SqliteStore
from gateway.state.store import Store
from gateway.tools.check import FORWARD_HAS_NONE, GIVE_A_TOKEN, GIVE_AN_APP_TOKEN, STOPPED, Checks, Finding, Outcome
from tests.auth.test_service_account import Interruptible, Stage
from tests.harness import GRAPH_URL, ISSUER, SCOPES, BlockingInProcess, InProcess, planted

OTHER = "11111111-2222-3333-4444-555555555555"
VERSION_HINT = (
    "This version of Microsoft Graph does not have the namespace: the public service offers it in beta only. "
    "Set GATEWAY_GRAPH_VERSION=beta."
)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(issuer=ISSUER)


async def checked(
    emulator: Emulator, environ: Mapping[str, str], token: str | None = None, store: Store | None = None
) -> dict[str, Finding]:
    """The findings, by subject."""
    settings = Settings.from_environ(environ)
    clock = SystemClock()
    client = build_client(ca_file=None, connections=1, transport=InProcess(emulator.graph))
    entra_http = HttpxClient(ca_file=None, transport=BlockingInProcess(emulator.entra))
    async with client:
        checks = Checks(settings, client=client, entra_http=entra_http, store=store, clock=clock)
        findings = await checks.run(token)
    entra_http.close()
    return {each.subject: each for each in findings}


def on_behalf_of(emulator: Emulator, **more: str) -> dict[str, str]:
    return {
        "GATEWAY_AUTH_MODE": "on-behalf-of",
        "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
        "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
        "GATEWAY_ENTRA_CLIENT_SECRET": planted(emulator.directory.apps[GATEWAY_APP].secret or "none"),
        **more,
    }


def gateway_token() -> str:
    return planted(ISSUER.issue(audience=GATEWAY_APP, scopes=["access_as_user"]))


async def test_without_a_token_the_gateway_itself_is_checked(emulator: Emulator) -> None:
    """What was not tried says so, and what would try it."""
    findings = await checked(emulator, on_behalf_of(emulator))
    outcomes = {subject: finding.outcome for subject, finding in findings.items()}
    assert outcomes == {
        "settings": Outcome.OK,
        "signing keys": Outcome.OK,
        "client credential": Outcome.OK,
        "Graph version": Outcome.OK,
        "access token": Outcome.NOT_TRIED,
        "consent": Outcome.NOT_TRIED,
        "permissions": Outcome.NOT_TRIED,
        "a read": Outcome.NOT_TRIED,
    }
    assert findings["access token"].said == GIVE_A_TOKEN


async def test_in_forward_there_is_no_credential_to_check(emulator: Emulator) -> None:
    """Graph alone verifies the callers' tokens."""
    findings = await checked(emulator, {})
    assert findings["signing keys"] == Finding("signing keys", Outcome.NOT_TRIED, FORWARD_HAS_NONE)
    assert findings["client credential"] == Finding("client credential", Outcome.NOT_TRIED, FORWARD_HAS_NONE)
    assert len(emulator.entra_journal) == 0


@pytest.mark.parametrize("mode", ["forward", "on-behalf-of"])
async def test_with_a_token_the_whole_way_is_checked(emulator: Emulator, mode: str) -> None:
    """Up to one read of one object, and nothing is written."""
    if mode == "forward":
        findings = await checked(emulator, {}, planted(ISSUER.issue(audience=GRAPH_URL, scopes=SCOPES)))
    else:
        findings = await checked(emulator, on_behalf_of(emulator), gateway_token())
    assert [each.said for each in findings.values()][-2:] == [
        "all that the schema needs",
        "cloudPcConnections: one came",
    ]
    assert Outcome.FAILED not in {each.outcome for each in findings.values()}
    assert [each.method for each in emulator.journal] == ["GET", "GET"]


@pytest.mark.parametrize(
    ("environ", "subject", "said", "hint"),
    [
        pytest.param(
            {"GATEWAY_ENTRA_TENANT_ID": OTHER},
            "signing keys",
            f"Microsoft Entra knows no tenant {OTHER} (status 400).",
            "The gateway's operator must correct GATEWAY_ENTRA_TENANT_ID or GATEWAY_ALLOWED_TENANTS.",
            id="wrong tenant",
        ),
        pytest.param(
            {"GATEWAY_ENTRA_CLIENT_SECRET": "wrong"},
            "client credential",
            "Microsoft Entra refuses this gateway (invalid_client, AADSTS7000215).",
            "Its operator must act. The credential in GATEWAY_ENTRA_CLIENT_SECRET is wrong, has expired, or is not "
            "registered for the app.",
            id="wrong secret",
        ),
        pytest.param(
            {"GATEWAY_ENTRA_CLIENT_ID": OTHER},
            "client credential",
            "Microsoft Entra refuses this gateway (unauthorized_client, AADSTS700016).",
            "Its operator must act. GATEWAY_ENTRA_CLIENT_ID is not an app of this tenant, or may not exchange tokens.",
            id="wrong app",
        ),
    ],
)
async def test_a_mistake_in_the_settings_names_the_setting(
    emulator: Emulator, environ: dict[str, str], subject: str, said: str, hint: str
) -> None:
    """Found without any caller."""
    finding = (await checked(emulator, on_behalf_of(emulator) | environ))[subject]
    assert finding == Finding(subject, Outcome.FAILED, said, hint)


async def test_a_version_without_the_namespace_is_found() -> None:
    """v1.0 of the public service; the hint is the one that a caller would get."""
    emulator = Emulator(issuer=ISSUER, namespace_versions=("beta",))
    assert (await checked(emulator, {}))["Graph version"] == Finding(
        "Graph version", Outcome.FAILED, "v1.0 does not have microsoft.graph.managedTenants.", VERSION_HINT
    )
    assert (await checked(emulator, {"GATEWAY_GRAPH_VERSION": "beta"}))["Graph version"].outcome is Outcome.OK


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (DropBefore(), "https://graph.microsoft.com cannot be read (ReadError)."),
        (Refuse(503), "https://graph.microsoft.com/v1.0/$metadata answered 503."),
    ],
)
async def test_a_graph_that_cannot_be_read_is_told(emulator: Emulator, fault: DropBefore | Refuse, said: str) -> None:
    """Whatever is at the URL that was set."""
    emulator.faults.add(FaultRule(fault=fault))
    finding = (await checked(emulator, {}))["Graph version"]
    assert (finding.outcome, finding.said) == (Outcome.FAILED, said)


async def test_the_namespace_is_found_wherever_the_answer_is_cut() -> None:
    """The metadata come in pieces; a name that lies across two is seen."""
    text = b'<Schema Namespace="microsoft.graph.managedTenants" xmlns="x">'

    async def pieces(request: httpx.Request) -> httpx.Response:
        del request

        async def content() -> AsyncIterator[bytes]:
            for start in range(0, len(text), 7):
                yield text[start : start + 7]

        return httpx.Response(200, content=content())

    async with build_client(ca_file=None, connections=1, transport=httpx.MockTransport(pieces)) as client:
        checks = Checks(
            Settings.from_environ({}), client=client, entra_http=HttpxClient(ca_file=None), clock=SystemClock()
        )
        [finding] = [each for each in await checks.run(None) if each.subject == "Graph version"]
    assert finding.outcome is Outcome.OK


@pytest.mark.parametrize(
    ("token", "subject", "said"),
    [
        pytest.param(
            ISSUER.issue(audience="api://other", scopes=["x"]),
            "access token",
            "The access token is not for this gateway.",
            id="wrong audience",
        ),
        pytest.param(
            ISSUER.issue(audience=GATEWAY_APP),
            "access token",
            "The access token stands for an application; Microsoft Graph offers this API to signed-in people only.",
            id="app-only",
        ),
    ],
)
async def test_a_token_that_will_not_do_ends_the_check(emulator: Emulator, token: str, subject: str, said: str) -> None:
    """The steps behind it are not tried."""
    findings = await checked(emulator, on_behalf_of(emulator), planted(token))
    assert (findings[subject].outcome, findings[subject].said) == (Outcome.FAILED, said)
    assert findings["a read"] == Finding("a read", Outcome.NOT_TRIED, STOPPED)


async def test_missing_consent_is_found(emulator: Emulator) -> None:
    """The hint says who can grant it, and where."""
    known = emulator.directory.apps[GATEWAY_APP]
    emulator.directory.register(App(GATEWAY_APP, secret=known.secret, scopes=known.scopes))
    finding = (await checked(emulator, on_behalf_of(emulator), gateway_token()))["consent"]
    assert finding.outcome is Outcome.FAILED
    assert finding.hint == "An administrator can grant consent for the gateway's app in the Entra admin center."


async def test_permissions_that_are_missing_are_named(emulator: Emulator) -> None:
    """Some may be missing on purpose; without any, nothing will work. The read is one that is permitted."""
    some = await checked(emulator, {}, planted(ISSUER.issue(audience=GRAPH_URL, scopes=["ManagedTenants.Read.All"])))
    assert some["permissions"] == Finding(
        "permissions",
        Outcome.OK,
        f"all but {', '.join(sorted(all_permissions(CATALOG) - {'ManagedTenants.Read.All'}))}",
    )
    assert some["a read"].said == "tenants: one came"
    none = await checked(emulator, {}, planted(ISSUER.issue(audience=GRAPH_URL, scopes=["User.Read"])))
    assert none["permissions"].outcome is Outcome.FAILED


async def test_a_read_that_graph_refuses_says_what_a_caller_would_see(emulator: Emulator) -> None:
    """Code, message and hint."""
    emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden", "No role."), path="tenantRelationships"))
    finding = (await checked(emulator, {}, planted(ISSUER.issue(audience=GRAPH_URL, scopes=SCOPES))))["a read"]
    assert finding.said == "cloudPcConnections: FORBIDDEN: Microsoft Graph answered 403 (Forbidden): No role."
    assert finding.hint is not None


async def test_an_empty_set_is_not_taken_for_a_failure(emulator: Emulator) -> None:
    """A person without roles sees nothing; that is said, not guessed about. The host that may be asked is asked."""
    emulator.store.clear()
    environ = {"GATEWAY_ALLOWED_HOSTS": "*.example.com,gateway.example.com"}
    finding = (await checked(emulator, environ, planted(ISSUER.issue(audience=GRAPH_URL, scopes=SCOPES))))["a read"]
    assert finding.said == "cloudPcConnections: none there, or none that this person may see"


# service-account


@pytest.fixture
def stage(tmp_path: Path, emulator: Emulator) -> Stage:
    return Stage(tmp_path / "store.db", emulator)


async def checked_as_account(stage: Stage, token: str | None = None, *, is_silent: bool = False) -> dict[str, Finding]:
    store = Interruptible(SqliteStore(stage.path, max_entries=10, clock=SystemClock()))
    store.is_silent = is_silent
    findings = await checked(stage.emulator, stage.environ, token, store)
    await store.close()
    return findings


async def test_the_account_is_checked_without_any_caller(stage: Stage) -> None:
    """Up to a read as the account; the client credential has no part in it."""
    await stage.sign_in()
    findings = await checked_as_account(stage)
    assert {subject: finding.outcome for subject, finding in findings.items()} == {
        "settings": Outcome.OK,
        "signing keys": Outcome.OK,
        "client credential": Outcome.NOT_TRIED,
        "Graph version": Outcome.OK,
        "store": Outcome.OK,
        "sign-in": Outcome.OK,
        "renewal": Outcome.OK,
        "permissions": Outcome.OK,
        "a read": Outcome.OK,
        "access token": Outcome.NOT_TRIED,
        "a call with it": Outcome.NOT_TRIED,
    }
    assert findings["sign-in"].said == f"of tenant {SAMPLE_TENANT}, person {SAMPLE_PERSON}"
    assert findings["a read"].said == "cloudPcConnections: one came"
    assert findings["access token"].said == GIVE_AN_APP_TOKEN


async def test_with_an_apps_token_its_call_is_checked_too(stage: Stage) -> None:
    """A role to read is enough for that."""
    await stage.sign_in()
    findings = await checked_as_account(stage, stage.app_token("Gateway.Read"))
    assert findings["a call with it"] == Finding("a call with it", Outcome.OK, "cloudPcConnections: one came")
    refused = await checked_as_account(stage, stage.app_token("Another.Role"))
    assert (refused["a read"].outcome, refused["access token"].outcome) == (Outcome.OK, Outcome.FAILED)


async def test_each_thing_that_the_account_needs_is_told_apart(stage: Stage) -> None:
    """A store that is silent, nobody signed in, a sign-in that Entra does not renew, a read that Graph refuses."""
    silent = await checked_as_account(stage, is_silent=True)
    assert (silent["store"].outcome, silent["sign-in"].said) == (Outcome.FAILED, STOPPED)
    nobody = await checked_as_account(stage)
    assert (nobody["store"].outcome, nobody["sign-in"].outcome) == (Outcome.OK, Outcome.FAILED)
    await stage.sign_in()
    stage.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden", "No role."), path="tenantRelationships"))
    unable = await checked_as_account(stage)
    assert unable["a read"].said == "Microsoft Graph answered 403 (Forbidden): No role."
    stage.emulator.refresh_tokens.revoke()
    revoked = await checked_as_account(stage)
    assert (revoked["sign-in"].outcome, revoked["renewal"].outcome) == (Outcome.OK, Outcome.FAILED)
    assert revoked["renewal"].hint == "The gateway's operator must run `gateway sign-in`."
