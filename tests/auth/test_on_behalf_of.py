"""`on-behalf-of`, end to end: the gateway's validation and real MSAL before the emulator's Entra and Graph."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP, App
from gateway.emulator.entra import RefuseToken
from gateway.emulator.faults import (
    CLAIMS,
    ClaimsChallenge,
    Delay,
    DropBefore,
    EmptyBody,
    Fault,
    FaultRule,
    HtmlBody,
    Refuse,
    TruncatedBody,
)
from gateway.emulator.tokens import SAMPLE_APP, SAMPLE_TENANT, TokenIssuer
from gateway.settings import Settings
from tests.certificates import certificate_pem, private_key_pem
from tests.clock import SteppingClock
from tests.harness import GRAPH_URL, ISSUER, Harness, planted, running
from tests.test_operations import CREATE, INPUT

READ = '{ tenantTag(id: "x") { id } }'
OTHER_TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CACHES = ("claims", "verified", "tokens")
TOKEN_PATH = f"POST /{SAMPLE_TENANT}/oauth2/v2.0/token"


@asynccontextmanager
async def exchanging(
    environ: Mapping[str, str] | None = None,
    *,
    emulator: Emulator | None = None,
    clock: SteppingClock | None = None,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Harness]:
    """A gateway in `on-behalf-of`, with the secret that the emulator knows."""
    emulator = emulator or Emulator(issuer=ISSUER)
    secret = emulator.directory.apps[GATEWAY_APP].secret
    settings = {
        "GATEWAY_AUTH_MODE": "on-behalf-of",
        "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
        "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
        "GATEWAY_ENTRA_CLIENT_SECRET": planted(secret) if secret else "",
        **(environ or {}),
    }
    given = {name: value for name, value in settings.items() if value}
    async with running(given, emulator=emulator, clock=clock, registry=registry) as harness:
        harness.token = harness.gateway_token()
        yield harness


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    async with exchanging() as harness:
        yield harness


def exchanges(gateway: Harness) -> list[dict[str, str]]:
    """The forms that the token endpoint received."""
    return [
        dict(parse_qsl(str(each.body)))
        for each in gateway.emulator.entra_journal
        if f"{each.method} {each.path}" == TOKEN_PATH
    ]


def tokens_sent(gateway: Harness) -> set[str]:
    """The access tokens that Graph received."""
    return {each.headers["authorization"] for each in gateway.emulator.journal}


async def code_of(gateway: Harness, **options: Any) -> str:
    answer = await gateway.execute(READ, **options)
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "OK"


async def test_graph_gets_a_token_of_its_own(gateway: Harness) -> None:
    """The caller's token never reaches Graph; the person does."""
    answer = await gateway.execute(CREATE, {"input": INPUT})
    assert answer["data"]["createCloudPcConnection"]["displayName"] == INPUT["displayName"]
    [call] = gateway.emulator.journal
    sent = planted(call.headers["authorization"].removeprefix("Bearer "))
    assert sent != gateway.token
    caller, graph = (jwt.decode(each, options={"verify_signature": False}) for each in (gateway.token, sent))
    assert (graph["aud"], graph["oid"], graph["tid"]) == (GRAPH_URL, caller["oid"], caller["tid"])


async def test_the_exchange_asks_for_what_was_consented_to(gateway: Harness) -> None:
    """On behalf of the caller, for `.default`, without a refresh token, and able to answer challenges."""
    await gateway.execute(READ)
    [form] = exchanges(gateway)
    assert (form["requested_token_use"], form["assertion"]) == ("on_behalf_of", gateway.token)
    assert set(form["scope"].split()) == {f"{GRAPH_URL}/.default", "openid", "profile"}
    assert form["claims"] == '{"access_token": {"xms_cc": {"values": ["CP1"]}}}'


async def test_permissions_can_be_named_one_by_one() -> None:
    """`GATEWAY_ENTRA_GRAPH_SCOPES` narrows what the gateway asks for, and so what it can do."""
    async with exchanging({"GATEWAY_ENTRA_GRAPH_SCOPES": "CloudPC.Read.All"}) as gateway:
        answer = await gateway.execute(CREATE, {"input": INPUT})
        [form] = exchanges(gateway)
    assert f"{GRAPH_URL}/CloudPC.Read.All" in form["scope"].split()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_exchange_is_kept_for_its_assertion_alone(gateway: Harness) -> None:
    """The same token is exchanged once; another token of the same person is another exchange."""
    for token in (gateway.token, gateway.token, gateway.gateway_token(), gateway.token):
        assert await code_of(gateway, as_=token) == "OK"
    assert len(exchanges(gateway)) == 2


async def test_callers_who_come_together_share_one_exchange(gateway: Harness) -> None:
    """Twenty requests with one new token cost one exchange and one look at the signing keys."""
    codes = await asyncio.gather(*(code_of(gateway) for _ in range(20)))
    assert set(codes) == {"OK"}
    assert len(exchanges(gateway)) == 1
    assert [each.path.endswith("/keys") for each in gateway.emulator.entra_journal].count(True) == 1


async def test_a_kept_token_ends_in_time_and_is_renewed_before() -> None:
    """It is renewed in the background in its last minutes, and not used in its very last."""
    clock = SteppingClock(time=time.time())
    async with exchanging(clock=clock) as gateway:
        gateway.emulator.directory.lifetime_seconds = 3600
        token = gateway.gateway_token(expires_in_seconds=100_000)
        assert await code_of(gateway, as_=token) == "OK"
        clock.advance(3600 - 300 - 600 + 1)
        assert await code_of(gateway, as_=token) == "OK"
        while len(tokens_sent(gateway)) < 2:
            assert await code_of(gateway, as_=token) == "OK"
        assert len(exchanges(gateway)) == 2
        clock.advance(3600)
        assert await code_of(gateway, as_=token) == "OK"
        assert len(exchanges(gateway)) == 3


async def test_a_kept_token_does_not_outlive_the_callers() -> None:
    """Once the caller's own token has ended, nothing is answered from what was kept for it."""
    clock = SteppingClock(time=time.time())
    async with exchanging(clock=clock) as gateway:
        gateway.token = gateway.gateway_token(expires_in_seconds=600)
        assert await code_of(gateway) == "OK"
        clock.advance(661)
        assert await code_of(gateway) == "UNAUTHENTICATED"


def gateway_token(**claims: Any) -> str:
    return ISSUER.issue(**{"audience": GATEWAY_APP, "scopes": ["access_as_user"], **claims})


def strange(**header: str) -> str:
    """A token that claims to be for this gateway, signed with a key that is not Entra's."""
    claims = {"aud": GATEWAY_APP, "tid": SAMPLE_TENANT, "ver": "2.0"}
    return planted(jwt.encode(claims, OTHER_KEY, algorithm="RS256", headers=header))


def forged() -> str:
    """A token with the claims and the key id of a good one, signed with another key."""
    good = gateway_token()
    content = jwt.decode(good, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(good)["kid"]
    return jwt.encode(content, OTHER_KEY, algorithm="RS256", headers={"kid": key_id})


def unsigned() -> str:
    """A token of which the header says that it needs no signature."""
    token = gateway_token()
    content = jwt.decode(token, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(token)["kid"]
    return jwt.encode(content, "", algorithm="none", headers={"kid": key_id})


def public_key_as_secret() -> str:
    """A token signed by HS256 with what everybody knows: Entra's public key."""
    jwk = jwt.PyJWKSet.from_dict(ISSUER.jwks()).keys[-1]
    pem: bytes = jwk.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # PyJWT's own `encode` refuses to make such a token; an attacker does not.
    token = gateway_token()
    payload = jwt.utils.base64url_decode(token.split(".")[1])
    raw = jwt.utils.base64url_encode
    header = raw(b'{"alg":"HS256","typ":"JWT","kid":"%s"}' % jwt.get_unverified_header(token)["kid"].encode())
    signing_input = header + b"." + raw(payload)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return (signing_input + b"." + raw(algorithm.sign(signing_input, pem))).decode()


@pytest.mark.parametrize(
    ("token", "status", "code", "message"),
    [
        pytest.param(
            gateway_token(expires_in_seconds=-61), 401, "UNAUTHENTICATED", "The access token has expired.", id="expired"
        ),
        pytest.param(
            gateway_token(nbf=int(time.time()) + 600),
            401,
            "UNAUTHENTICATED",
            "The access token is not valid yet.",
            id="not valid yet",
        ),
        pytest.param(
            gateway_token(audience="api://another"),
            401,
            "UNAUTHENTICATED",
            "The access token is not for this gateway.",
            id="wrong audience",
        ),
        pytest.param(
            gateway_token(tenant_id=OTHER_TENANT),
            401,
            "UNAUTHENTICATED",
            "The access token is from a tenant that this gateway does not serve.",
            id="wrong tenant",
        ),
        pytest.param(
            gateway_token(iss=f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"),
            401,
            "UNAUTHENTICATED",
            "The access token's signature or issuer is not that of its tenant.",
            id="wrong issuer",
        ),
        pytest.param(
            forged(),
            401,
            "UNAUTHENTICATED",
            "The access token's signature or issuer is not that of its tenant.",
            id="wrong signature",
        ),
        pytest.param(
            unsigned(),
            401,
            "UNAUTHENTICATED",
            "The access token's signature or issuer is not that of its tenant.",
            id="alg none",
        ),
        pytest.param(
            public_key_as_secret(),
            401,
            "UNAUTHENTICATED",
            "The access token's signature or issuer is not that of its tenant.",
            id="HS256 with the public key",
        ),
        pytest.param(
            strange(kid="../x"),
            401,
            "UNAUTHENTICATED",
            "The access token is signed with a key that Microsoft Entra does not publish.",
            id="unknown key",
        ),
        pytest.param(
            strange(),
            401,
            "UNAUTHENTICATED",
            "The access token is not one that Microsoft Entra issues.",
            id="no key id",
        ),
        pytest.param(
            gateway_token(ver="3.0"),
            401,
            "UNAUTHENTICATED",
            "The access token is not one that Microsoft Entra issues.",
            id="unknown version",
        ),
        pytest.param("opaque", 401, "UNAUTHENTICATED", "The access token is not for this gateway.", id="no JWT"),
        pytest.param(
            gateway_token(aud=[GRAPH_URL]),
            401,
            "UNAUTHENTICATED",
            "The access token is not for this gateway.",
            id="several audiences",
        ),
        pytest.param(
            gateway_token(scopes=[], roles=["Gateway.Read"]),
            401,
            "APP_ONLY_TOKEN",
            "The access token stands for an application; Microsoft Graph offers this API to signed-in people only.",
            id="app-only",
        ),
        pytest.param(
            gateway_token(scopes=["another_scope"]),
            403,
            "FORBIDDEN",
            "The access token lacks this gateway's scope access_as_user.",
            id="wrong scope",
        ),
    ],
)
async def test_a_token_that_is_not_good_enough_ends_the_request(
    gateway: Harness, token: str, status: int, code: str, message: str
) -> None:
    """Before anything is parsed, exchanged or sent, and with what to do."""
    response = await gateway.post("no GraphQL", as_=planted(token))
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"], error["message"]) == (status, code, message)
    assert error["extensions"]["hint"]
    assert ("www-authenticate" in response.headers) == (status == 401)
    assert (exchanges(gateway), gateway.sent) == ([], [])
    assert await code_of(gateway) == "OK"


async def test_a_token_for_graph_gets_a_hint_of_its_own(gateway: Harness) -> None:
    """The commonest mix-up of the two modes is told apart."""
    [error] = (await gateway.execute(READ, as_=gateway.graph_token()))["errors"]
    assert error["extensions"]["hint"] == (
        "It is for Microsoft Graph, which GATEWAY_AUTH_MODE=forward takes. "
        f"Ask Entra for a token with the scope api://{GATEWAY_APP}/access_as_user."
    )


@pytest.mark.parametrize("audience", [GATEWAY_APP, f"api://{GATEWAY_APP}"])
async def test_tokens_of_version_1_are_taken_too(gateway: Harness, audience: str) -> None:
    """A registration issues them unless its manifest says otherwise; their issuer is another."""
    assert await code_of(gateway, as_=gateway.gateway_token(version="1.0", audience=audience)) == "OK"


async def test_only_the_apps_that_are_named_may_call() -> None:
    """`GATEWAY_ALLOWED_CLIENT_APPS` shuts out tokens of other apps."""
    async with exchanging({"GATEWAY_ALLOWED_CLIENT_APPS": SAMPLE_APP.upper()}) as gateway:
        assert await code_of(gateway) == "OK"
        assert await code_of(gateway, as_=gateway.gateway_token(app_id=OTHER_TENANT)) == "FORBIDDEN"


async def test_several_tenants_are_kept_apart() -> None:
    """Each caller is verified and exchanged in the tenant that their token is from."""
    emulator = Emulator(issuer=ISSUER)
    emulator.directory.tenant_ids = (SAMPLE_TENANT, OTHER_TENANT)
    environ = {"GATEWAY_ALLOWED_TENANTS": f"{SAMPLE_TENANT},{OTHER_TENANT}"}
    async with exchanging(environ, emulator=emulator) as gateway:
        for tenant in (OTHER_TENANT, SAMPLE_TENANT):
            assert await code_of(gateway, as_=gateway.gateway_token(tenant_id=tenant)) == "OK"
        posts = [each.path for each in emulator.entra_journal if each.method == "POST"]
        tenants = [
            jwt.decode(each.headers["authorization"][7:], options={"verify_signature": False})["tid"]
            for each in emulator.journal
        ]
    assert posts == [f"/{OTHER_TENANT}/oauth2/v2.0/token", f"/{SAMPLE_TENANT}/oauth2/v2.0/token"]
    assert tenants == [OTHER_TENANT, SAMPLE_TENANT]


async def test_signing_keys_are_exchanged_without_a_restart() -> None:
    """A new key is found when first seen; tokens of a withdrawn one are refused within a day."""
    emulator = Emulator(issuer=TokenIssuer())
    clock = SteppingClock(time=time.time())
    async with exchanging(emulator=emulator, clock=clock) as gateway:
        old = gateway.gateway_token(expires_in_seconds=1_000_000)
        assert await code_of(gateway, as_=old) == "OK"
        emulator.issuer.rotate()
        new = gateway.gateway_token(expires_in_seconds=1_000_000)
        assert await code_of(gateway, as_=new) == "OK"
        emulator.issuer.retire_old()
        clock.advance(24 * 3600 + 1)
        assert await code_of(gateway, as_=old) == "UNAUTHENTICATED"
        assert await code_of(gateway, as_=new) == "OK"


async def test_made_up_key_ids_do_not_flood_entra() -> None:
    """However many tokens name unknown keys, Entra is asked a few times; good tokens go on working."""
    clock = SteppingClock(time=time.time())
    async with exchanging(clock=clock) as gateway:
        for number in range(30):
            assert await code_of(gateway, as_=strange(kid=f"made-up-{number}")) == "UNAUTHENTICATED"
        assert [each.path.endswith("/keys") for each in gateway.emulator.entra_journal].count(True) == 5
        assert await code_of(gateway) == "OK"
        clock.advance(301)
        assert await code_of(gateway, as_=strange(kid="made-up")) == "UNAUTHENTICATED"
        assert [each.path.endswith("/keys") for each in gateway.emulator.entra_journal].count(True) == 6


async def test_known_keys_go_on_working_while_entra_is_away() -> None:
    """An outage of Entra's keys ends nobody's day whose key is known; an unknown one is told to wait."""
    clock = SteppingClock(time=time.time())
    async with exchanging(clock=clock) as gateway:
        token = gateway.gateway_token(expires_in_seconds=1_000_000)
        assert await code_of(gateway, as_=token) == "OK"
        gateway.emulator.entra_faults.add(FaultRule(fault=HtmlBody(503), method="GET", times=None))
        clock.advance(24 * 3600 + 1)
        gateway.emulator.directory.lifetime_seconds = 100_000
        assert await code_of(gateway, as_=token) == "OK"
        assert await code_of(gateway, as_=strange(kid="new")) == "UPSTREAM_UNAVAILABLE"


async def test_an_entra_that_never_answered_is_not_asked_without_end() -> None:
    """The cap holds for failures too, and ends by itself."""
    clock = SteppingClock(time=time.time())
    async with exchanging(clock=clock) as gateway:
        gateway.emulator.entra_faults.add(FaultRule(fault=HtmlBody(503), method="GET", times=None))
        assert {await code_of(gateway) for _ in range(8)} == {"UPSTREAM_UNAVAILABLE"}
        assert len(gateway.emulator.entra_journal) == 5
        gateway.emulator.entra_faults.clear()
        clock.advance(301)
        assert await code_of(gateway) == "OK"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Refuse(404), "MISCONFIGURED", id="no such tenant"),
        pytest.param(HtmlBody(200), "UPSTREAM_UNAVAILABLE", id="HTML"),
        pytest.param(EmptyBody(), "UPSTREAM_UNAVAILABLE", id="nothing"),
        pytest.param(DropBefore(), "UPSTREAM_UNAVAILABLE", id="no connection"),
        pytest.param(Delay(0.3), "DEADLINE_EXCEEDED", id="no answer in time"),  # a deadline is real time
    ],
)
@pytest.mark.parametrize("path", ["openid-configuration", "keys"])
async def test_keys_that_cannot_be_read_are_not_the_callers_fault(
    gateway: Harness, fault: Fault, code: str, path: str
) -> None:
    """Nobody is let in unverified, and nobody is told that their token is bad."""
    gateway.emulator.entra_faults.add(FaultRule(fault=fault, path=path, times=None))
    expected = "UPSTREAM_UNAVAILABLE" if (path, code) == ("keys", "MISCONFIGURED") else code
    assert await code_of(gateway, headers={"x-deadline-ms": "100"}) == expected
    assert gateway.sent == []
    gateway.emulator.entra_faults.clear()
    assert await code_of(gateway) == "OK"


@pytest.mark.parametrize(
    ("fault", "status", "code", "extensions"),
    [
        pytest.param(
            RefuseToken("invalid_grant", 65001, "consent_required"),
            403,
            "CONSENT_REQUIRED",
            {"permissions": [".default"]},
            id="no consent",
        ),
        pytest.param(
            RefuseToken("interaction_required", 50076, None, CLAIMS),
            401,
            "CLAIMS_CHALLENGE",
            {"claims": CLAIMS},
            id="second factor",
        ),
        pytest.param(RefuseToken("invalid_grant", 500133), 401, "UNAUTHENTICATED", {}, id="assertion expired"),
        pytest.param(RefuseToken("interaction_required", 50076), 401, "UNAUTHENTICATED", {}, id="sign in again"),
        pytest.param(RefuseToken("invalid_client", 7000222), 500, "MISCONFIGURED", {}, id="secret expired"),
        pytest.param(RefuseToken("unauthorized_client", 700016), 500, "MISCONFIGURED", {}, id="unknown app"),
        pytest.param(RefuseToken("invalid_scope", 70011), 500, "MISCONFIGURED", {}, id="wrong scope"),
        pytest.param(
            RefuseToken("temporarily_unavailable", 90006), 503, "UPSTREAM_UNAVAILABLE", {"retryable": True}, id="busy"
        ),
        pytest.param(Refuse(429, retry_after_seconds=7), 429, "THROTTLED", {"retryAfterSeconds": 7}, id="throttled"),
        pytest.param(Refuse(429), 429, "THROTTLED", {"retryable": True}, id="throttled without a time"),
        pytest.param(Refuse(500), 503, "UPSTREAM_UNAVAILABLE", {"retryable": True}, id="500"),
        pytest.param(HtmlBody(502), 503, "UPSTREAM_UNAVAILABLE", {}, id="HTML"),
        pytest.param(TruncatedBody(announced=False), 503, "UPSTREAM_UNAVAILABLE", {}, id="half a JSON"),
        pytest.param(EmptyBody(), 503, "UPSTREAM_UNAVAILABLE", {}, id="nothing"),
        pytest.param(DropBefore(), 503, "UPSTREAM_UNAVAILABLE", {}, id="no connection"),
    ],
)
async def test_a_refused_exchange_ends_the_request(
    gateway: Harness, fault: Fault, status: int, code: str, extensions: dict[str, Any]
) -> None:
    """Each refusal has its code and status; Graph hears nothing, nothing is remembered, the next request works."""
    gateway.emulator.entra_faults.add(FaultRule(fault=fault, method="POST"))
    response = await gateway.post(CREATE, {"input": INPUT})
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (status, code)
    assert extensions.items() <= error["extensions"].items()
    assert "As the test wants it" not in response.text
    assert gateway.sent == []
    assert await code_of(gateway) == "OK"


async def test_an_exchange_that_takes_too_long_ends_by_the_deadline(gateway: Harness) -> None:
    """The caller's deadline holds for it, and those who can wait longer still get its outcome."""
    gateway.emulator.entra_faults.add(FaultRule(fault=Delay(0.3), method="POST"))
    hasty, patient = await asyncio.gather(code_of(gateway, headers={"x-deadline-ms": "100"}), code_of(gateway))
    assert (hasty, patient) == ("DEADLINE_EXCEEDED", "OK")
    assert len(exchanges(gateway)) == 1


async def test_a_challenge_of_graph_is_answered_once(gateway: Harness) -> None:
    """The kept token goes, one is fetched with Graph's claims, and serves from then on."""
    assert await code_of(gateway) == "OK"
    gateway.emulator.faults.add(FaultRule(fault=ClaimsChallenge()))
    assert [await code_of(gateway), await code_of(gateway)] == ["OK", "OK"]
    claims = [form["claims"] for form in exchanges(gateway)]
    assert len(claims) == 2
    assert '"nbf"' in claims[1]


async def test_a_second_challenge_is_relayed_not_looped(gateway: Harness) -> None:
    """Graph's claims reach the caller; Graph was asked twice, Entra twice."""
    gateway.emulator.faults.add(FaultRule(fault=ClaimsChallenge(), times=None))
    [error] = (await gateway.execute(READ))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["claims"]) == ("CLAIMS_CHALLENGE", CLAIMS)
    assert (len(gateway.sent), len(exchanges(gateway))) == (2, 2)


async def test_a_challenge_that_entra_cannot_answer_is_relayed(gateway: Harness) -> None:
    """Entra's own claims win over Graph's: they are what the person must satisfy."""
    assert await code_of(gateway) == "OK"
    wanted = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    gateway.emulator.faults.add(FaultRule(fault=ClaimsChallenge()))
    gateway.emulator.entra_faults.add(
        FaultRule(fault=RefuseToken("interaction_required", 50076, None, wanted), method="POST")
    )
    [error] = (await gateway.execute(READ))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["claims"]) == ("CLAIMS_CHALLENGE", wanted)


async def test_a_wrong_secret_names_the_setting() -> None:
    """The caller learns that only the operator can help, the operator which variable to look at."""
    async with exchanging({"GATEWAY_ENTRA_CLIENT_SECRET": planted("a-wrong-client-secret")}) as gateway:
        [error] = (await gateway.execute(READ))["errors"]
    assert error["message"] == "Microsoft Entra refuses this gateway (invalid_client, AADSTS7000215)."
    assert "GATEWAY_ENTRA_CLIENT_SECRET" in error["extensions"]["hint"]


def trusting(key: Any) -> Emulator:
    """An emulator to which the gateway proves itself by what the key has signed."""
    emulator = Emulator(issuer=ISSUER)
    known = emulator.directory.apps[GATEWAY_APP]
    emulator.directory.register(App(GATEWAY_APP, keys=(key,), consented=known.consented, scopes=known.scopes))
    return emulator


async def test_a_certificate_proves_the_gateway(tmp_path: Path) -> None:
    """Private key and certificate in one PEM file; one that is not registered is refused by name."""
    path = tmp_path / "gateway.pem"
    path.write_text(private_key_pem(OTHER_KEY) + certificate_pem(OTHER_KEY))
    environ = {"GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE": str(path)}
    async with exchanging(environ, emulator=trusting(OTHER_KEY.public_key())) as gateway:
        assert await code_of(gateway) == "OK"
        gateway.emulator.directory.register(App(GATEWAY_APP, secret="another"))
        [error] = (await gateway.execute(READ, as_=gateway.gateway_token()))["errors"]
    assert "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE" in error["extensions"]["hint"]


async def test_a_certificate_that_broke_after_the_start_is_told(tmp_path: Path) -> None:
    """A renewal that went wrong is the operator's to mend, and the message says where."""
    path = tmp_path / "gateway.pem"
    path.write_text(private_key_pem(OTHER_KEY) + certificate_pem(OTHER_KEY))
    environ = {"GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE": str(path)}
    async with exchanging(environ, emulator=trusting(OTHER_KEY.public_key())) as gateway:
        path.write_text("half a renewal")
        [error] = (await gateway.execute(READ))["errors"]
    assert error["message"] == "This gateway's credential cannot be read."
    assert "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE" in error["extensions"]["hint"]


async def test_a_federated_token_is_read_at_each_exchange(tmp_path: Path) -> None:
    """The platform renews the file; a file that is gone is the operator's to mend."""
    path = tmp_path / "token"
    path.write_text("not yet")
    environ = {"GATEWAY_ENTRA_FEDERATED_TOKEN_FILE": str(path)}
    async with exchanging(environ, emulator=trusting(OTHER_KEY.public_key())) as gateway:
        assert await code_of(gateway) == "MISCONFIGURED"
        claims = {"aud": "api://AzureADTokenExchange", "sub": "pod"}
        path.write_text(planted(jwt.encode(claims, OTHER_KEY, algorithm="RS256")) + "\n")
        assert await code_of(gateway) == "OK"
        path.unlink()
        [error] = (await gateway.execute(READ, as_=gateway.gateway_token()))["errors"]
    assert error["message"] == (
        "This gateway cannot prove to Microsoft Entra who it is: "
        "the file of GATEWAY_ENTRA_FEDERATED_TOKEN_FILE cannot be read (FileNotFoundError)."
    )


@pytest.mark.parametrize("identity", ["system", "6d1c9d0e-0d3a-4f0e-a3a1-6f0b5a1c2d3e"])
async def test_a_managed_identity_proves_the_gateway(identity: str) -> None:
    """The machine's own identity, or one that was assigned to it, signs for the app registration."""
    entra_key = jwt.PyJWKSet.from_dict(ISSUER.jwks()).keys[-1].key
    environ = {"GATEWAY_ENTRA_MANAGED_IDENTITY": identity}
    async with exchanging(environ, emulator=trusting(entra_key)) as gateway:
        assert await code_of(gateway) == "OK"
        [asked] = [each for each in gateway.emulator.entra_journal if each.path.startswith("/metadata/")]
    assert dict(asked.query).get("client_id") == (None if identity == "system" else identity)


async def test_a_machine_without_an_identity_is_told_so() -> None:
    """It is the operator's to mend, and the message says where."""
    environ = {"GATEWAY_ENTRA_MANAGED_IDENTITY": "system"}
    async with exchanging(environ, emulator=trusting(OTHER_KEY.public_key())) as gateway:
        gateway.emulator.entra_faults.add(FaultRule(fault=RefuseToken("invalid_request", 0), path="/metadata/"))
        [error] = (await gateway.execute(READ))["errors"]
    assert error["message"].endswith(": the managed identity gives no token (invalid_request).")
    assert "GATEWAY_ENTRA_MANAGED_IDENTITY" in error["extensions"]["hint"]


async def test_a_tenant_that_does_not_exist_names_the_setting(gateway: Harness) -> None:
    """What MSAL finds out when it looks for the tenant is told like every other mistake."""
    assert await code_of(gateway, as_=gateway.token) == "OK"
    gateway.emulator.directory.tenant_ids = (OTHER_TENANT,)
    async with exchanging({"GATEWAY_ENTRA_TENANT_ID": OTHER_TENANT}, emulator=gateway.emulator) as other:
        token = other.gateway_token(tenant_id=OTHER_TENANT)
        rule = FaultRule(fault=RefuseToken("invalid_tenant", 90002), path="openid-configuration", skip=1)
        other.emulator.entra_faults.add(rule)
        [error] = (await other.execute(READ, as_=token))["errors"]
    assert error["message"] == f"Microsoft Entra knows no tenant {OTHER_TENANT}."
    assert "GATEWAY_ENTRA_TENANT_ID" in error["extensions"]["hint"]


async def test_an_entra_that_cannot_be_reached_is_told() -> None:
    """By the gateway's own HTTP client; nothing was sent to Graph."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    settings = {
        "GATEWAY_AUTH_MODE": "on-behalf-of",
        "GATEWAY_ENTRA_URL": url,
        "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
        "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
        "GATEWAY_ENTRA_CLIENT_SECRET": planted("never-asked-for"),
    }
    app = create_app(Settings.from_environ(settings))
    token = ISSUER.issue(audience=GATEWAY_APP, scopes=["access_as_user"])
    async with (
        app.starlette.router.lifespan_context(app.starlette),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as caller,
    ):
        headers = {"authorization": f"Bearer {planted(token)}"}
        [error] = (await caller.post("/graphql", json={"query": READ}, headers=headers)).json()["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert error["message"].startswith("Microsoft Entra cannot be reached (")


async def test_metrics_tell_how_many_tokens_are_kept() -> None:
    """Those of callers that were verified, and those that they were exchanged for."""
    registry = CollectorRegistry()
    async with exchanging(registry=registry) as gateway:
        for _ in range(2):
            await gateway.execute(READ)
            await gateway.execute(READ, as_=gateway.gateway_token())
    kept = {each: registry.get_sample_value("gateway_cache_entries", {"cache": each}) for each in CACHES}
    assert kept == {"claims": 3, "verified": 3, "tokens": 3}
