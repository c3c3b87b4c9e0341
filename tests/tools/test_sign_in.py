"""`gateway token`: a person signs in, and the token is one that the gateway takes in its mode."""

import re
from collections.abc import Mapping

import httpx
import jwt
import pytest
from cryptography.fernet import Fernet

from gateway.auth.httpx_client import HttpxClient
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP, App
from gateway.emulator.entra import RefuseToken
from gateway.emulator.faults import DropBefore, FaultRule, HtmlBody
from gateway.emulator.tokens import SAMPLE_APP, SAMPLE_PERSON, SAMPLE_TENANT
from gateway.settings import Settings
from gateway.tools.sign_in import SignedIn, SignInError, sign_in, sign_in_account
from tests.harness import GRAPH_URL, ISSUER, BlockingInProcess, assert_no_canary, planted

EXCHANGING = {
    "GATEWAY_AUTH_MODE": "on-behalf-of",
    "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
    "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
    "GATEWAY_ENTRA_CLIENT_SECRET": planted("a-secret-that-signing-in-does-not-need"),
}


ACTING = {
    "GATEWAY_AUTH_MODE": "service-account",
    "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
    "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
    "GATEWAY_ALLOWED_CLIENT_APPS": SAMPLE_APP,
    "GATEWAY_SECRET_KEYS": Fernet.generate_key().decode(),
    "GATEWAY_STORE_URL": "sqlite:///never-opened.db",
}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(issuer=ISSUER)


def open_page(message: str, transport: httpx.BaseTransport) -> None:
    url = re.search(r"https://\S+", message)
    assert url is not None
    httpx.Client(transport=transport).get(url[0])


def signed_in(emulator: Emulator, environ: Mapping[str, str], *, client_id: str | None = None) -> dict[str, str]:
    """The claims of the token, got by device code; the person opens the page as soon as they are told to."""
    transport = BlockingInProcess(emulator.entra)

    token = sign_in(
        Settings.from_environ(environ),
        client_id=client_id,
        device_code=True,
        http=HttpxClient(ca_file=None, transport=transport),
        announce=lambda message: open_page(message, transport),
    )
    claims: dict[str, str] = jwt.decode(planted(token), options={"verify_signature": False})
    return claims


@pytest.mark.parametrize(
    ("environ", "client_id", "audience"),
    [
        pytest.param({}, SAMPLE_APP, GRAPH_URL, id="forward: for Graph"),
        pytest.param(EXCHANGING, None, GATEWAY_APP, id="on-behalf-of: for the gateway, by its own app"),
        pytest.param(EXCHANGING, SAMPLE_APP, GATEWAY_APP, id="on-behalf-of: for the gateway, by another app"),
    ],
)
def test_the_token_is_for_whoever_takes_it(
    emulator: Emulator, environ: dict[str, str], client_id: str | None, audience: str
) -> None:
    """Its audience follows the gateway's mode; the app is the one that was named, or the gateway's own."""
    claims = signed_in(emulator, environ, client_id=client_id)
    assert (claims["aud"], claims["azp"]) == (audience, client_id or GATEWAY_APP)
    assert ("access_as_user" in claims["scp"]) == (audience == GATEWAY_APP)


def test_in_service_account_people_get_no_token(emulator: Emulator) -> None:
    """The gateway would not take it; the message says how apps get theirs."""
    with pytest.raises(SignInError, match=f"client credentials, with the scope api://{GATEWAY_APP}/.default"):
        signed_in(emulator, ACTING)


def account(emulator: Emulator) -> SignedIn:
    transport = BlockingInProcess(emulator.entra)
    return sign_in_account(
        Settings.from_environ(ACTING),
        device_code=True,
        http=HttpxClient(ca_file=None, transport=transport),
        announce=lambda message: open_page(message, transport),
    )


def test_the_account_that_signed_in_is_named(emulator: Emulator) -> None:
    """By what people call it; what cannot be printed is left out. The refresh token is in no text of it."""
    emulator.directory.user_name = "robin\x1b@contoso.example"
    found = account(emulator)
    planted(found.account.refresh_token)
    assert found.name == "Robin – robin@contoso.example"
    assert (found.account.tenant_id, found.account.object_id) == (SAMPLE_TENANT, SAMPLE_PERSON)
    assert_no_canary(repr(found))


def test_a_sign_in_that_would_not_last_is_refused(emulator: Emulator) -> None:
    """Without a refresh token the gateway could act for an hour only."""
    emulator.refresh_tokens.gives = False
    with pytest.raises(SignInError, match="no refresh token"):
        account(emulator)


def test_without_an_app_nobody_can_sign_in(emulator: Emulator) -> None:
    """The message names the variable and the option."""
    with pytest.raises(SignInError, match="set GATEWAY_ENTRA_CLIENT_ID, or give --client-id"):
        signed_in(emulator, {})


@pytest.mark.parametrize(
    ("app", "environ", "said"),
    [
        pytest.param(
            App(SAMPLE_APP, secret="s"),
            {},
            r"^AADSTS7000218: .* Allow public client flows for the app, under Authentication\.$",
            id="not a public client",
        ),
        pytest.param(
            App(SAMPLE_APP, signs_people_in=True),
            {},
            r"^AADSTS65001: .* An administrator must grant consent to the app's permissions\.$",
            id="no consent",
        ),
        pytest.param(
            App(SAMPLE_APP),
            {"GATEWAY_ENTRA_TENANT_ID": "11111111-2222-3333-4444-555555555555"},
            r"^Unable to get authority configuration for .* Check GATEWAY_ENTRA_URL and GATEWAY_ENTRA_TENANT_ID\.$",
            id="no such tenant",
        ),
    ],
)
def test_a_refusal_says_what_to_change(emulator: Emulator, app: App, environ: dict[str, str], said: str) -> None:
    """Entra's first line, and what to do about it."""
    emulator.directory.register(app)
    with pytest.raises(SignInError, match=said):
        signed_in(emulator, environ, client_id=SAMPLE_APP)


def test_an_app_that_is_not_there_is_told(emulator: Emulator) -> None:
    """With the two settings that may be wrong."""
    with pytest.raises(SignInError, match="Check the client id and GATEWAY_ENTRA_TENANT_ID"):
        signed_in(emulator, {}, client_id="11111111-2222-3333-4444-555555555555")


@pytest.mark.parametrize("fault", [HtmlBody(503), DropBefore()])
def test_an_entra_that_cannot_be_reached_is_told(emulator: Emulator, fault: HtmlBody | DropBefore) -> None:
    """In a line, not a trace."""
    emulator.entra_faults.add(FaultRule(fault=fault, times=None))
    with pytest.raises(SignInError, match=r"^Microsoft Entra "):
        signed_in(emulator, {}, client_id=SAMPLE_APP)


def test_a_device_code_that_is_refused_is_told(emulator: Emulator) -> None:
    """Some tenants forbid this way of signing in."""
    emulator.entra_faults.add(FaultRule(fault=RefuseToken("invalid_request", 50199), path="devicecode"))
    with pytest.raises(SignInError, match=r"^AADSTS50199: As the test wants it"):
        signed_in(emulator, {}, client_id=SAMPLE_APP)
