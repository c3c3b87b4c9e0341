"""The emulated Entra on its own: what each grant gives, and what each mistake is refused with."""

import base64
import html
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.emulator.app import Emulator
from gateway.emulator.authority import write_certificates
from gateway.emulator.directory import GATEWAY_APP, READER_APP, WRITER_APP, App
from gateway.emulator.entra import RefuseToken
from gateway.emulator.faults import FaultRule
from gateway.emulator.tokens import SAMPLE_APP, SAMPLE_PERSON, SAMPLE_TENANT, TokenIssuer
from tests.harness import GRAPH_URL, ISSUER, planted

AUTHORITY = f"https://login.microsoftonline.com/{SAMPLE_TENANT}"
TOKEN_URL = f"{AUTHORITY}/oauth2/v2.0/token"
ON_BEHALF_OF = {
    "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "requested_token_use": "on_behalf_of",
    "client_id": GATEWAY_APP,
    "scope": f"{GRAPH_URL}/.default",
}
DEVICE = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": SAMPLE_APP}
VERIFIER = "a-verifier-of-at-least-forty-three-characters-1234"
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(issuer=ISSUER)


@pytest.fixture
def entra(emulator: Emulator) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(emulator.entra))


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def refused(entra: httpx.AsyncClient, form: Mapping[str, str]) -> tuple[str, int]:
    response = await entra.post(TOKEN_URL, data=dict(form))
    assert response.status_code in {400, 401}
    answer = response.json()
    assert answer["error_description"].startswith(f"AADSTS{answer['error_codes'][0]}: ")
    return answer["error"], answer["error_codes"][0]


@pytest.mark.parametrize(
    ("path", "issuer"),
    [
        ("/v2.0", f"https://login.microsoftonline.com/{SAMPLE_TENANT}/v2.0"),
        ("", f"https://sts.windows.net/{SAMPLE_TENANT}/"),
    ],
)
async def test_discovery_leads_to_the_keys(entra: httpx.AsyncClient, path: str, issuer: str) -> None:
    """Each version has its issuer, and the keys verify what Entra issues."""
    metadata = (await entra.get(f"{AUTHORITY}{path}/.well-known/openid-configuration")).json()
    keys = (await entra.get(metadata["jwks_uri"])).json()
    assert metadata["issuer"] == issuer
    token = ISSUER.issue(audience=GRAPH_URL, scopes=["x"])
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["RS256"], audience=GRAPH_URL)["scp"] == "x"


async def test_a_tenant_that_does_not_exist_is_refused(entra: httpx.AsyncClient) -> None:
    """As the real one does, with 400."""
    response = await entra.get("https://login.microsoftonline.com/nowhere/v2.0/.well-known/openid-configuration")
    assert (response.status_code, response.json()["error_codes"]) == (400, [90002])


async def test_there_is_nothing_else(entra: httpx.AsyncClient) -> None:
    """What is not played is not found."""
    assert (await entra.get(f"{AUTHORITY}/oauth2/token")).status_code == 404


async def test_an_app_gets_a_token_of_its_own(emulator: Emulator, entra: httpx.AsyncClient) -> None:
    """It names no person, and the emulated Graph takes it for nothing."""
    secret = emulator.directory.apps[GATEWAY_APP].secret
    form = {"grant_type": "client_credentials", "client_id": GATEWAY_APP, "scope": f"{GRAPH_URL}/.default"}
    answer = (await entra.post(TOKEN_URL, data={**form, "client_secret": secret})).json()
    claims = claims_of(answer["access_token"])
    assert (claims["idtyp"], claims["azp"], "scp" in claims) == ("app", GATEWAY_APP, False)


@pytest.mark.parametrize(("app", "role"), [(READER_APP, "Gateway.Read"), (WRITER_APP, "Gateway.Write")])
async def test_an_app_has_its_roles_at_the_gateway_only(
    emulator: Emulator, entra: httpx.AsyncClient, app: str, role: str
) -> None:
    """The token names the app and what it is in the tenant, and no person."""
    secret = emulator.directory.apps[app].secret
    form = {"grant_type": "client_credentials", "client_id": app, "client_secret": secret}
    for scope, roles in ((f"api://{GATEWAY_APP}/.default", [role]), (f"{GRAPH_URL}/.default", [])):
        answer = (await entra.post(TOKEN_URL, data={**form, "scope": scope})).json()
        claims = claims_of(answer["access_token"])
        assert (claims["idtyp"], claims["azp"], claims["roles"]) == ("app", app, roles)
        assert claims["oid"] not in {app, SAMPLE_PERSON}


@pytest.mark.parametrize(
    ("form", "error", "number"),
    [
        pytest.param({"client_id": "unknown"}, "unauthorized_client", 700016, id="unknown app"),
        pytest.param({}, "invalid_client", 7000218, id="no credential"),
        pytest.param({"client_secret": "wrong"}, "invalid_client", 7000215, id="wrong secret"),
        pytest.param({"client_assertion": "a.b.c"}, "invalid_client", 700027, id="unknown certificate"),
        pytest.param(
            {"client_secret": "right", "grant_type": "password"}, "unsupported_grant_type", 70003, id="other grant"
        ),
        pytest.param({"client_secret": "right", "requested_token_use": ""}, "invalid_request", 90014, id="other use"),
        pytest.param({"client_secret": "right", "assertion": "x"}, "invalid_grant", 50013, id="no token"),
        pytest.param({"client_secret": "right", "assertion": "expired"}, "invalid_grant", 500133, id="expired"),
        pytest.param({"client_secret": "right", "assertion": "app"}, "invalid_grant", 50013, id="app-only"),
        pytest.param({"client_secret": "right", "scope": "openid"}, "invalid_scope", 70011, id="no resource"),
        pytest.param(
            {"client_secret": "right", "scope": f"{GRAPH_URL}/a api://x/b"}, "invalid_scope", 70011, id="two resources"
        ),
        pytest.param(
            {"client_secret": "right", "scope": "https://vault.azure.net/.default"},
            "invalid_resource",
            500011,
            id="unknown resource",
        ),
        pytest.param(
            {"client_secret": "right", "scope": f"{GRAPH_URL}/Mail.Read"}, "invalid_grant", 65001, id="no consent"
        ),
    ],
)
async def test_an_exchange_that_is_wrong_is_refused_by_number(
    emulator: Emulator, entra: httpx.AsyncClient, form: dict[str, str], error: str, number: int
) -> None:
    """Each mistake has Entra's own error and number."""
    assertions = {
        "good": ISSUER.issue(audience=GATEWAY_APP, scopes=["access_as_user"]),
        "expired": ISSUER.issue(audience=GATEWAY_APP, scopes=["access_as_user"], expires_in_seconds=-60),
        "app": ISSUER.issue(audience=GATEWAY_APP),
    }
    sent = {**ON_BEHALF_OF, "assertion": "good", **form}
    sent["assertion"] = assertions.get(sent["assertion"], sent["assertion"])
    if sent.get("client_secret") == "right":
        sent["client_secret"] = emulator.directory.apps[GATEWAY_APP].secret or ""
    assert await refused(entra, sent) == (error, number)


async def test_a_person_signs_in_with_a_device_code(entra: httpx.AsyncClient) -> None:
    """Pending until the page was opened, then a token once; a code that is not known is refused."""
    scope = f"api://{GATEWAY_APP}/access_as_user openid profile"
    start = (await entra.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data={"scope": scope})).json()
    form = {**DEVICE, "device_code": start["device_code"]}
    assert await refused(entra, form) == ("authorization_pending", 70016)
    page = re.search(r"https://\S+", start["message"])
    assert page is not None
    assert (await entra.get(f"{start['verification_uri']}?otc=WRONG")).status_code == 400
    assert (await entra.get(page[0])).status_code == 200
    answer = (await entra.post(TOKEN_URL, data=form)).json()
    claims = claims_of(answer["access_token"])
    assert (claims["aud"], claims["scp"], claims["oid"]) == (GATEWAY_APP, "access_as_user", SAMPLE_PERSON)
    assert await refused(entra, form) == ("bad_verification_code", 70000)


async def signed_in(entra: httpx.AsyncClient) -> dict[str, Any]:
    """What a device code brings with `offline_access`."""
    scope = f"{GRAPH_URL}/.default openid offline_access"
    start = (await entra.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data={"scope": scope})).json()
    await entra.get(f"{start['verification_uri']}?otc={start['user_code']}")
    answer: dict[str, Any] = (await entra.post(TOKEN_URL, data={**DEVICE, "device_code": start["device_code"]})).json()
    planted(answer["refresh_token"])
    return answer


def refreshing(token: str, **changes: str) -> dict[str, str]:
    form = {"grant_type": "refresh_token", "client_id": SAMPLE_APP, "refresh_token": token}
    return {**form, "scope": f"{GRAPH_URL}/.default offline_access", **changes}


async def test_a_refresh_token_brings_the_next(emulator: Emulator, entra: httpx.AsyncClient) -> None:
    """Entra takes the old one still; as strict as OAuth allows it does not."""
    first = await signed_in(entra)
    assert claims_of(first["id_token"])["preferred_username"] == emulator.directory.user_name
    second = (await entra.post(TOKEN_URL, data=refreshing(first["refresh_token"]))).json()
    assert claims_of(second["access_token"])["oid"] == SAMPLE_PERSON
    assert planted(second["refresh_token"]) != first["refresh_token"]
    emulator.refresh_tokens.is_single_use = True
    again = await entra.post(TOKEN_URL, data=refreshing(first["refresh_token"]))
    assert planted(again.json()["refresh_token"]) != first["refresh_token"]
    assert await refused(entra, refreshing(first["refresh_token"])) == ("invalid_grant", 9002313)


async def test_a_refresh_token_is_one_apps(emulator: Emulator, entra: httpx.AsyncClient) -> None:
    """Another app gets nothing for it."""
    token = (await signed_in(entra))["refresh_token"]
    assert await refused(entra, refreshing(token, client_id=GATEWAY_APP)) == ("invalid_grant", 9002313)
    assert await refused(entra, refreshing("1.made-up")) == ("invalid_grant", 9002313)
    emulator.refresh_tokens.rotates = False
    assert "refresh_token" not in (await entra.post(TOKEN_URL, data=refreshing(token))).json()


async def test_refresh_tokens_can_be_revoked(emulator: Emulator, entra: httpx.AsyncClient) -> None:
    """By a control request, as an administrator would; whoever signs in then is not concerned."""
    old = (await signed_in(entra))["refresh_token"]
    control = httpx.AsyncClient(transport=httpx.ASGITransport(emulator.graph), base_url="http://graph.test")
    assert (await control.post("/_emulator/revoke")).status_code == 204
    assert await refused(entra, refreshing(old)) == ("invalid_grant", 50173)
    new = (await signed_in(entra))["refresh_token"]
    assert (await entra.post(TOKEN_URL, data=refreshing(new))).status_code == 200


async def test_a_person_signs_in_with_a_browser(entra: httpx.AsyncClient) -> None:
    """The page posts a code to the app on this machine, good once, with the verifier and in any tenant's name."""
    query = {
        "client_id": SAMPLE_APP,
        "redirect_uri": "http://localhost:5000/?a&b",
        "scope": f"{GRAPH_URL}/CloudPC.Read.All openid",
        "state": 'a"state',
        "nonce": "a-nonce",
        "code_challenge": CHALLENGE,
    }
    url = "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"
    page = (await entra.get(url, params=query)).text
    values = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
    assert 'action="http://localhost:5000/?a&amp;b"' in page
    assert values["state"] == 'a"state'
    form = {
        "grant_type": "authorization_code",
        "client_id": SAMPLE_APP,
        "code": values["code"],
        "code_verifier": VERIFIER,
    }
    answer = (await entra.post(TOKEN_URL, data=form)).json()
    assert claims_of(answer["access_token"])["scp"] == "CloudPC.Read.All"
    assert (claims_of(answer["id_token"])["aud"], claims_of(answer["id_token"])["nonce"]) == (SAMPLE_APP, "a-nonce")
    assert await refused(entra, form) == ("invalid_grant", 70008)


async def test_a_code_without_its_verifier_is_worth_nothing(entra: httpx.AsyncClient) -> None:
    """Whoever intercepts it cannot use it."""
    query = {"redirect_uri": "http://127.0.0.1:5000", "scope": f"{GRAPH_URL}/.default", "code_challenge": CHALLENGE}
    page = (await entra.get(f"{AUTHORITY}/oauth2/v2.0/authorize", params=query)).text
    code = re.search(r'name="code" value="([^"]*)"', page)
    assert code is not None
    form = {"grant_type": "authorization_code", "client_id": SAMPLE_APP, "code": code[1], "code_verifier": "other"}
    assert await refused(entra, form) == ("invalid_grant", 70008)


async def test_a_code_goes_to_this_machine_only(entra: httpx.AsyncClient) -> None:
    """No other host is a registered redirect URI."""
    response = await entra.get(f"{AUTHORITY}/oauth2/v2.0/authorize", params={"redirect_uri": "https://evil.example"})
    assert (response.status_code, "evil.example" in response.text) == (400, False)


async def test_an_app_signs_with_one_of_its_keys(emulator: Emulator, entra: httpx.AsyncClient) -> None:
    """A JWT for the token endpoint, by any key that is registered for the app."""
    old, new = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    emulator.directory.register(App("an-app", keys=(old.public_key(), new.public_key())))
    form = {
        "grant_type": "client_credentials",
        "client_id": "an-app",
        "scope": f"{GRAPH_URL}/.default",
        "client_assertion": jwt.encode({"aud": TOKEN_URL}, new, algorithm="PS256"),
    }
    answer = (await entra.post(TOKEN_URL, data=form)).json()
    assert claims_of(planted(answer["access_token"]))["azp"] == "an-app"


async def test_a_tenant_may_be_left_open(entra: httpx.AsyncClient) -> None:
    """The names of no tenant in particular lead to the first one."""
    response = await entra.get("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration")
    assert response.json()["token_endpoint"] == TOKEN_URL


async def test_a_machine_gets_a_token_for_nothing(entra: httpx.AsyncClient) -> None:
    """The endpoint of an Azure machine gives whoever runs on it a token for a resource."""
    url = "https://login.microsoftonline.com/metadata/identity/oauth2/token?resource=api://AzureADTokenExchange"
    claims = claims_of(planted((await entra.get(url)).json()["access_token"]))
    assert (claims["aud"], claims["idtyp"]) == ("api://AzureADTokenExchange", "app")


async def test_a_token_can_be_refused_for_a_reason_of_the_tests(emulator: Emulator, entra: httpx.AsyncClient) -> None:
    """What policies refuse, Entra tells by error, number and claims."""
    fault = RefuseToken("interaction_required", 53003, "basic_action", '{"access_token":{}}')
    emulator.entra_faults.add(FaultRule(fault=fault))
    response = await entra.post(TOKEN_URL, data={})
    answer = response.json()
    assert response.status_code == 400
    assert (answer["error"], answer["error_codes"], answer["suberror"], answer["claims"]) == (
        "interaction_required",
        [53003],
        "basic_action",
        '{"access_token":{}}',
    )


def test_old_keys_are_published_until_they_are_retired() -> None:
    """A token of before a rotation is good until then."""
    issuer = TokenIssuer()
    token = planted(issuer.issue(audience=GRAPH_URL))
    issuer.rotate()
    assert issuer.claims(token, audience=GRAPH_URL)["aud"] == GRAPH_URL
    issuer.retire_old()
    with pytest.raises(jwt.InvalidTokenError):
        issuer.claims(token, audience=GRAPH_URL)


@pytest.mark.parametrize(("host", "kind"), [("graph.test", x509.DNSName), ("127.0.0.2", x509.IPAddress)])
def test_the_certificate_is_for_the_host_and_for_this_machine(tmp_path: Path, host: str, kind: type) -> None:
    """Signed by the authority whose certificate is written beside it; only the owner may read the key."""
    ca_file, server_file = write_certificates(tmp_path, host)
    authority = x509.load_pem_x509_certificate(ca_file.read_bytes())
    certificate = x509.load_pem_x509_certificate(server_file.read_bytes())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in names] == [host, "localhost", "127.0.0.1", "::1"]
    assert isinstance(next(iter(names)), kind)
    assert server_file.stat().st_mode & 0o777 == 0o600
