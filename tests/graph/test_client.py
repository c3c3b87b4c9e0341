"""One request to Graph on a caller's behalf: what is sent, and what the caller is told when it fails."""

from base64 import b64encode
from collections.abc import Callable
from functools import partial
from uuid import UUID

import httpx
import pytest
from prometheus_client import CollectorRegistry

from gateway.clock import Deadline
from gateway.errors import ClaimsChallengeError, ForbiddenError, GatewayError, UnauthenticatedError
from gateway.graph.client import Errand, GraphClient, TokenSource
from gateway.graph.httpx_transport import HttpxTransport, build_client
from gateway.graph.request import GraphRequest
from gateway.telemetry import Operation, Telemetry
from tests.clock import SteppingClock
from tests.wire import Scripted, Wire

BASE = "https://graph.microsoft.com/v1.0"
PATH = "/tenantRelationships/managedTenants/tenantTags"
READ = GraphRequest("GET", f"{PATH}/A", "ManagedTenants.Read.All", (("$select", "id"),))
CREATE = GraphRequest("POST", PATH, "ManagedTenants.ReadWrite.All", body=b'{"displayName":"A"}')
DELETE = GraphRequest("DELETE", f"{PATH}/A", "ManagedTenants.ReadWrite.All")
CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
OUTCOME_HINT = "It may have been carried out. Read or list the object before you send it again."


def ok() -> httpx.Response:
    return httpx.Response(200, content=b'{"id": "A"}')


def challenge(claims: str = CLAIMS) -> httpx.Response:
    encoded = b64encode(claims.encode()).decode()
    header = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    return httpx.Response(401, headers={"www-authenticate": header})


class Tokens:
    """Hands out tokens in order and remembers the claims that each was asked for with; an exception is raised."""

    def __init__(self, *tokens: str | Exception) -> None:
        self._tokens = iter(tokens)
        self.claims: list[str | None] = []

    async def __call__(self, claims: str | None) -> str:
        self.claims.append(claims)
        token = next(self._tokens)
        if isinstance(token, Exception):
            raise token
        return token


class Station:
    """A client before a wire, and the errand of one operation."""

    def __init__(
        self,
        *answers: Scripted,
        token: TokenSource | None = None,
        seconds: float = 30,
        leaves: bool = True,
        most_bytes: int = 1_000,
    ) -> None:
        self.clock = SteppingClock()
        self.wire = Wire(*answers, leaves=leaves)
        self.operation = Operation(request_id="r-1")
        transport = HttpxTransport(
            build_client(ca_file=None, connections=2, transport=self.wire), max_answer_bytes=most_bytes
        )
        telemetry = Telemetry(self.clock, CollectorRegistry())
        self.client = GraphClient(transport, base_url=BASE, clock=self.clock, telemetry=telemetry)
        self.errand = Errand(token or Tokens("t-1"), Deadline.after(self.clock, seconds), self.operation)

    async def send(self, request: GraphRequest) -> object:
        """The content of a read, the body of a write's answer."""
        if request.is_write:
            return (await self.client.write(request, self.errand)).body
        return await self.client.read(request, self.errand, partial(self.client.call, errand=self.errand))

    async def failure(self, request: GraphRequest) -> GatewayError:
        with pytest.raises(GatewayError) as raised:
            await self.send(request)
        return raised.value

    @property
    def tokens_sent(self) -> list[str]:
        return [each.headers["authorization"] for each in self.wire.requests]


async def test_a_read_is_sent_with_the_callers_token() -> None:
    """And with what Graph's best practices ask for; no header of the caller's goes along."""
    station = Station(ok())
    assert await station.send(READ) == {"id": "A"}
    [request] = station.wire.requests
    ours = {name: value for name, value in request.headers.items() if name not in {"host", "connection", "user-agent"}}
    assert UUID(ours.pop("client-request-id")).version == 4
    assert ours == {
        "authorization": "Bearer t-1",
        "accept": "application/json",
        "accept-encoding": request.headers["accept-encoding"],
        "prefer": "include-unknown-enum-members",
    }
    assert station.wire.seen == [f"GET {BASE}{PATH}/A?$select=id"]


async def test_a_write_carries_its_body() -> None:
    """As JSON; a write without one says nothing of a type."""
    created = Station(httpx.Response(201, content=b"made"))
    assert await created.send(CREATE) == b"made"
    deleted = Station(httpx.Response(204))
    assert await deleted.send(DELETE) == b""
    [create], [delete] = created.wire.requests, deleted.wire.requests
    assert (create.content, create.headers["content-type"]) == (CREATE.body, "application/json")
    assert (delete.content, "content-type" in delete.headers) == (b"", False)


async def test_each_try_has_its_own_id_and_graphs_are_kept() -> None:
    """Graph's support finds every single call; an id cannot fill the log."""
    station = Station(
        httpx.Response(503, headers={"request-id": "g-1", "retry-after": "0"}),
        httpx.Response(429, headers={"retry-after": "0"}),
        httpx.Response(200, headers={"request-id": "x" * 1_000}, content=b"{}"),
    )
    assert await station.send(READ) == {}
    assert len({request.headers["client-request-id"] for request in station.wire.requests}) == 3
    assert (station.operation.graph_calls, station.operation.graph_request_ids) == (3, ["g-1", "x" * 64])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id":'], ids=["empty", "HTML", "a list", "half"])
async def test_a_read_whose_answer_is_broken_is_repeated(body: bytes) -> None:
    """A success is not one until its JSON is whole."""
    station = Station(httpx.Response(200, content=body), ok())
    assert (await station.send(READ), len(station.wire.requests)) == ({"id": "A"}, 2)


async def test_a_write_whose_answer_is_broken_is_not_repeated() -> None:
    """What it means that the body is broken is for those to say who know the operation."""
    station = Station(httpx.Response(201, content=b'{"id":'))
    assert (await station.send(CREATE), len(station.wire.requests)) == (b'{"id":', 1)


# Failures

CONNECT = httpx.ConnectError("no route to host")
READ_ERROR = httpx.ReadError("connection reset")
UNREACHABLE = ("UPSTREAM_UNAVAILABLE", "Microsoft Graph cannot be reached; nothing was sent.", None)
UNUSABLE = ("UPSTREAM_UNAVAILABLE", "Microsoft Graph gave no usable answer to a read; nothing was changed.", None)
UNKNOWN = (
    "OUTCOME_UNKNOWN",
    "The request was sent to Microsoft Graph and no complete answer came.",
    OUTCOME_HINT,
)
TOO_LARGE = (
    "UPSTREAM_UNSUPPORTED",
    "Microsoft Graph's answer is too large: more than 1000 bytes.",
    "Ask for fewer at a time with `first`. The limit is GATEWAY_MAX_ANSWER_BYTES.",
)


@pytest.mark.parametrize(
    ("build", "read", "write"),
    [
        pytest.param(lambda: Station(*[CONNECT] * 4, leaves=False), UNREACHABLE, UNREACHABLE, id="not sent"),
        pytest.param(lambda: Station(*[READ_ERROR] * 4), UNUSABLE, UNKNOWN, id="lost"),
        pytest.param(lambda: Station(httpx.Response(200, content=b"x" * 1_001)), TOO_LARGE, UNKNOWN, id="too large"),
    ],
)
async def test_a_failure_says_what_it_means_for_the_caller(
    build: Callable[[], Station], read: tuple[str, str, str | None], write: tuple[str, str, str | None]
) -> None:
    """Nothing was changed, or it is not known; no word of the connection's own error is told."""
    for request, expected in ((READ, read), (CREATE, write), (DELETE, write)):
        error = await build().failure(request)
        assert (error.code, error.message, error.hint) == expected


async def test_a_read_whose_answers_stay_broken_is_an_error() -> None:
    """Never an empty object."""
    station = Station(*[httpx.Response(200, content=b"<html>") for _ in range(4)])
    error = await station.failure(READ)
    assert (error.code, error.message, error.hint) == UNUSABLE
    assert len(station.wire.requests) == 4


@pytest.mark.parametrize("request_", [READ, CREATE, DELETE], ids=["read", "create", "delete"])
async def test_nothing_is_sent_once_the_time_is_up(request_: GraphRequest) -> None:
    """Getting the token may have taken all of it; that nothing was changed is certain."""
    station = Station(seconds=5)

    async def slow(_: str | None) -> str:
        station.clock.advance(5)
        return "t-1"

    station.errand = Errand(slow, station.errand.deadline, station.operation)
    error = await station.failure(request_)
    assert (error.code, error.message, error.retryable) == (
        "DEADLINE_EXCEEDED",
        "The time for the operation was up; nothing was changed.",
        True,
    )
    assert (station.wire.requests, station.operation.graph_calls) == ([], 0)


async def test_a_call_has_the_time_that_is_left() -> None:
    """A retry gets what the tries before it left over."""
    station = Station(httpx.Response(503, headers={"retry-after": "4"}), ok(), seconds=10)
    await station.send(READ)
    assert [request.extensions["timeout"]["read"] for request in station.wire.requests] == [10, 6]


async def test_a_refusal_tells_the_permission() -> None:
    """The least one for that operation."""
    for request in (READ, CREATE):
        error = await Station(httpx.Response(403)).failure(request)
        assert (type(error), error.permissions) == (ForbiddenError, (request.permission,))


# Claims challenges


@pytest.mark.parametrize("request_", [READ, CREATE], ids=["read", "write"])
async def test_a_challenge_is_answered_with_another_token_where_there_is_one(request_: GraphRequest) -> None:
    """Graph refused before any work, so the request is sent once more, a write too."""
    tokens = Tokens("t-1", "t-2")
    station = Station(challenge(), ok(), token=tokens)
    assert await station.send(request_) in ({"id": "A"}, b'{"id": "A"}')
    assert tokens.claims == [None, CLAIMS]
    assert station.tokens_sent == ["Bearer t-1", "Bearer t-2"]


async def test_a_second_challenge_is_told() -> None:
    """There is no loop: two tokens, two calls."""
    tokens = Tokens("t-1", "t-2", "t-3")
    station = Station(challenge(), challenge('{"b":2}'), ok(), token=tokens)
    error = await station.failure(READ)
    assert (type(error), error.claims, error.graph and error.graph.status) == (ClaimsChallengeError, '{"b":2}', 401)
    assert (len(tokens.claims), len(station.wire.requests)) == (2, 2)


async def test_graphs_own_challenge_is_told_where_there_is_no_other_token() -> None:
    """With what Graph said."""
    tokens = Tokens("t-1", ClaimsChallengeError("Sign in again.", claims=CLAIMS))
    station = Station(challenge(), token=tokens)
    error = await station.failure(READ)
    assert error.message == "Microsoft Graph answered 401."
    assert (error.claims, error.graph and error.graph.status) == (CLAIMS, 401)
    assert error.__cause__ is None


async def test_entras_challenge_is_told_where_it_asks_for_more() -> None:
    """Signing in with Graph's claims alone would not do."""
    tokens = Tokens("t-1", ClaimsChallengeError("Entra asks for more.", claims='{"more":1}'))
    error = await Station(challenge(), token=tokens).failure(READ)
    assert (error.message, error.claims, error.graph) == ("Entra asks for more.", '{"more":1}', None)


async def test_a_challenge_before_the_first_call_is_told_as_it_is() -> None:
    """Nothing was sent, and no second token is asked for."""
    tokens = Tokens(ClaimsChallengeError("Entra asks.", claims=CLAIMS), "t-2")
    station = Station(ok(), token=tokens)
    error = await station.failure(READ)
    assert (error.message, tokens.claims, station.wire.requests) == ("Entra asks.", [None], [])


async def test_a_plain_401_is_no_challenge() -> None:
    """Another token of the same kind would not help."""
    tokens = Tokens("t-1", "t-2")
    station = Station(httpx.Response(401), ok(), token=tokens)
    assert type(await station.failure(READ)) is UnauthenticatedError
    assert tokens.claims == [None]
