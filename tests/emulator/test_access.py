"""Which token may do what."""

import jwt
import pytest

from gateway.emulator.access import CHALLENGE
from tests.emulator.client import CONNECTIONS, TAGS, Client, graph_token, refusal
from tests.harness import GRAPH_URL, planted


@pytest.mark.parametrize(
    ("method", "path", "scope", "allowed"),
    [
        pytest.param("GET", CONNECTIONS, "CloudPC.Read.All", True, id="the least permission"),
        pytest.param("GET", CONNECTIONS, "CloudPC.ReadWrite.All", True, id="the greater one includes the lesser"),
        pytest.param("GET", CONNECTIONS, "ManagedTenants.Read.All", False, id="one for another set"),
        pytest.param("GET", f"{TAGS}/$count", "ManagedTenants.Read.All", True, id="counting is reading"),
        pytest.param("GET", f"{TAGS}/$count", "CloudPC.Read.All", False, id="counting needs it too"),
        pytest.param("DELETE", f"{CONNECTIONS}/x", "CloudPC.Read.All", False, id="reading does not include writing"),
        pytest.param("GET", CONNECTIONS, "CloudPC.Read", False, id="a part of the name"),
        pytest.param("GET", CONNECTIONS, "User.Read openid CloudPC.Read.All", True, id="one of several"),
    ],
)
async def test_the_scopes_decide(graph: Client, method: str, path: str, scope: str, allowed: bool) -> None:
    """403 in Graph's words without the permission of the operation or the greater one."""
    response = await graph.send(method, path, headers={"authorization": f"Bearer {graph_token(scope)}"})
    if allowed:
        assert response.status_code == 200
    else:
        message = "Insufficient privileges to complete the operation."
        assert refusal(response) == (403, "Authorization_RequestDenied", message, None)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"scopes": (), "roles": ("CloudPC.Read.All",)}, id="app-only"),
        pytest.param({"scopes": ("CloudPC.Read.All",), "idtyp": "app"}, id="says that it is app-only"),
        pytest.param({"scopes": (), "idtyp": "user"}, id="no scopes at all"),
    ],
)
async def test_there_are_delegated_permissions_only(graph: Client, claims: dict[str, object]) -> None:
    """A token without a person behind it is refused, whatever its roles."""
    response = await graph.get(CONNECTIONS, headers={"authorization": f"Bearer {graph_token(**claims)}"})
    message = "Application permissions are not supported by this API."
    assert refusal(response) == (403, "Forbidden", message, None)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(None, "Access token is empty.", id="no header"),
        pytest.param("Bearer", "Access token is empty.", id="no token"),
        pytest.param("Bearer  ", "Access token is empty.", id="blanks"),
        pytest.param("Basic dXNlcjpwYXNz", "Access token is not a bearer token.", id="another scheme"),
        pytest.param(
            "Bearer opaque", "IDX14100: JWT is not well formed, or its signature is not valid.", id="no JWT at all"
        ),
    ],
)
async def test_a_header_without_a_token_is_refused(graph: Client, header: str | None, message: str) -> None:
    """401 with the challenge that Graph sends."""
    response = await graph.get(CONNECTIONS, headers={"authorization": header})
    assert refusal(response) == (401, "InvalidAuthenticationToken", message, None)
    assert response.headers["www-authenticate"] == CHALLENGE


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        pytest.param({"expires_in_seconds": -60}, "Lifetime validation failed, the token is expired.", id="expired"),
        pytest.param(
            {"audience": "https://graph.windows.net"},
            "Access token validation failure. Invalid audience.",
            id="for another API",
        ),
    ],
)
async def test_a_token_that_does_not_hold_is_refused(graph: Client, claims: dict[str, object], message: str) -> None:
    """401 that says what is wrong with it."""
    response = await graph.get(CONNECTIONS, headers={"authorization": f"Bearer {graph_token(**claims)}"})
    assert refusal(response) == (401, "InvalidAuthenticationToken", message, None)


async def test_a_token_that_somebody_else_signed_is_refused(graph: Client) -> None:
    """The signature counts."""
    head, claims, signature = graph_token().split(".")
    forged = planted(f"{head}.{claims}.{signature[::-1]}")
    response = await graph.get(CONNECTIONS, headers={"authorization": f"Bearer {forged}"})
    message = "IDX14100: JWT is not well formed, or its signature is not valid."
    assert refusal(response) == (401, "InvalidAuthenticationToken", message, None)


async def test_a_token_that_names_an_unpublished_key_is_refused(graph: Client) -> None:
    """Nobody can bring a key along."""
    token = planted(jwt.encode({"aud": GRAPH_URL, "scp": "x"}, "k" * 32, headers={"kid": "unknown"}))
    response = await graph.get(CONNECTIONS, headers={"authorization": f"Bearer {token}"})
    message = "IDX14100: JWT is not well formed, or its signature is not valid."
    assert refusal(response) == (401, "InvalidAuthenticationToken", message, None)


async def test_the_scheme_has_no_case(graph: Client) -> None:
    """`bearer` will do (RFC 9110, section 11.1)."""
    response = await graph.get(CONNECTIONS, headers={"authorization": f"bearer {graph_token()}"})
    assert response.status_code == 200
