"""`Authorization` headers, as the gateway meets them in forward mode."""

import time
from typing import Any

import httpx
import jwt
import pytest

from gateway.auth.bearer import Caller, ForwardAuthenticator
from gateway.clock import Deadline
from gateway.emulator.faults import CLAIMS, ClaimsChallenge, FaultRule
from gateway.errors import AppOnlyTokenError, GatewayError, UnauthenticatedError
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, planted

GRAPH = "https://graph.microsoft.com"
CLOCK = SteppingClock(time=time.time())
AUTHENTICATOR = ForwardAuthenticator(graph_url=GRAPH, clock=CLOCK)


def issued(**options: Any) -> str:
    return planted(ISSUER.issue(**{"audience": GRAPH, "scopes": ["CloudPC.Read.All"], **options}))


async def authenticate(*authorization: str) -> Caller:
    return await AUTHENTICATOR.authenticate(", ".join(authorization) or None, Deadline.after(CLOCK, 30))


async def test_a_token_tells_who_calls_but_proves_nothing() -> None:
    """Its claims are read for hints and log lines; `verified` is false."""
    token = issued(tenant_id="t-1", object_id="o-1", app_id="a-1")
    caller = await authenticate(f"Bearer {token}")
    assert (caller.assertion, caller.tenant_id, caller.object_id, caller.app_id, caller.verified) == (
        token,
        "t-1",
        "o-1",
        "a-1",
        False,
    )
    assert token not in repr(caller)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_read_without_regard_to_case(scheme: str) -> None:
    """RFC 9110 section 11.1."""
    assert (await authenticate(f"{scheme} {issued()}")).object_id


async def test_an_opaque_token_is_passed_on() -> None:
    """Graph has tokens that are no JWT; nothing is known of their caller."""
    caller = await authenticate("Bearer EwBwA8l6BAAU.opaque/+=")
    assert (caller.tenant_id, caller.object_id, caller.app_id, caller.expires_at) == (None, None, None, None)


@pytest.mark.parametrize(
    ("authorization", "kind", "message"),
    [
        pytest.param([], UnauthenticatedError, "No access token was sent.", id="none"),
        pytest.param(
            ["Bearer a", "Bearer b"], UnauthenticatedError, "Several Authorization headers were sent.", id="two"
        ),
        pytest.param(
            ["Basic YTpi"], UnauthenticatedError, "The Authorization header is not of the scheme Bearer.", id="basic"
        ),
        pytest.param(["Bearer"], UnauthenticatedError, "The access token is malformed.", id="no token"),
        pytest.param(["Bearer a b"], UnauthenticatedError, "The access token is malformed.", id="a space inside"),
        pytest.param(["Bearer a\nb"], UnauthenticatedError, "The access token is malformed.", id="a newline"),
        pytest.param(['Bearer "a"'], UnauthenticatedError, "The access token is malformed.", id="quotes"),
        pytest.param(["Bearer ä"], UnauthenticatedError, "The access token is malformed.", id="not ASCII"),
        pytest.param(["Bearer " + "a" * 1_000_000], UnauthenticatedError, "The access token is malformed.", id="1 MB"),
        pytest.param(
            [f"Bearer {issued(expires_in_seconds=-60)}"],
            UnauthenticatedError,
            "The access token has expired.",
            id="expired",
        ),
        pytest.param(
            [f"Bearer {issued(audience='api://other')}"],
            UnauthenticatedError,
            "The access token is not for Microsoft Graph.",
            id="another audience",
        ),
        pytest.param(
            [f"Bearer {issued(scopes=[], roles=['CloudPC.Read.All'])}"],
            AppOnlyTokenError,
            "The access token stands for an application; Microsoft Graph offers this API to signed-in people only.",
            id="app-only",
        ),
        pytest.param(
            [f"Bearer {jwt.encode({'aud': GRAPH, 'roles': ['x']}, '', algorithm='none')}"],
            AppOnlyTokenError,
            "The access token stands for an application; Microsoft Graph offers this API to signed-in people only.",
            id="app-only of the old kind",
        ),
    ],
)
async def test_a_token_that_cannot_work_is_refused(
    authorization: list[str], kind: type[GatewayError], message: str
) -> None:
    """Before anything is parsed or sent, with what to do."""
    with pytest.raises(kind) as raised:
        await authenticate(*authorization)
    assert raised.value.message == message
    assert raised.value.hint
    assert "eyJ" not in f"{raised.value.message} {raised.value.hint}"


async def test_a_token_may_say_that_it_never_ends() -> None:
    """Graph alone decides what it is worth."""
    token = planted(jwt.encode({"aud": GRAPH, "exp": 10**400}, "", algorithm="none"))
    assert (await authenticate(f"Bearer {token}")).expires_at == 10**400


async def test_claims_cannot_write_into_a_log() -> None:
    """Only plain ids are taken from an unverified token."""
    caller = await authenticate("Bearer " + issued(object_id="a b", app_id="x" * 65, tenant_id="t\n"))
    assert (caller.tenant_id, caller.object_id, caller.app_id) == (None, None, None)


def test_a_partition_is_of_one_person_and_app() -> None:
    """A new token changes nothing; another tenant, person or app does, and so does whether the token was verified."""

    def partition(
        tenant: str | None, person: str | None, app: str | None, token: str = "a", *, verified: bool = True
    ) -> str:
        return Caller(token, tenant, person, app, None, verified, token.encode()).partition

    assert partition("t", "o", "p") == partition("t", "o", "p", token="b")
    assert partition("t", "o", "p", verified=False) == partition("t", "o", "p", token="b", verified=False)
    others = [("t", "o", "p"), ("u", "o", "p"), ("t", "u", "p"), ("t", "o", "u"), ("t", "o", None)]
    assert len({partition(*each, verified=verified) for each in others for verified in (True, False)}) == 10


def test_tokens_that_cannot_be_read_share_nothing() -> None:
    """Each is a partition of its own; nor do those that name no person."""
    for tenant in (None, "t"):
        assert len({Caller(token, tenant, None, "p", None, False, token.encode()).partition for token in "ab"}) == 2


async def test_two_headers_on_the_wire_are_refused(gateway: Harness) -> None:
    """What a proxy might read as one of two is read as neither."""
    headers = [("authorization", f"Bearer {gateway.token}"), ("authorization", "Bearer other")]
    request = httpx.Request("POST", "http://gateway.test/graphql", headers=headers, json={"query": "{ __typename }"})
    assert (await gateway.http.send(request)).status_code == 401


async def test_a_challenge_of_graph_reaches_the_caller_with_its_claims(gateway: Harness) -> None:
    """Only the caller can sign in again: the claims are relayed, and Graph is asked once."""
    gateway.emulator.faults.add(FaultRule(fault=ClaimsChallenge(), times=None))
    [error] = (await gateway.execute('{ tenantTag(id: "x") { id } }'))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["claims"]) == ("CLAIMS_CHALLENGE", CLAIMS)
    assert len(gateway.sent) == 1


async def test_the_log_tells_who_called_and_what_came_of_it(gateway: Harness, logs: list[str]) -> None:
    """One line an operation: name, code, duration, Graph calls, ids; never a variable or a token."""
    await gateway.execute("query Who($id: ID!) { tenantTag(id: $id) { id } }", {"id": "a-variable"})
    [line] = [line for line in logs if line.startswith("{") and '"message":"operation"' in line]
    for told in (
        '"operation":"Who"',
        '"code":"OK"',
        '"graph_calls":1',
        '"graph_request_ids":[',
        '"verified":false',
    ):
        assert told in line
    assert "a-variable" not in line
