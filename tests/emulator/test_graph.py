"""HTTP around the emulated service: headers, compression, broken requests."""

import gzip
from contextlib import suppress
from uuid import UUID

import pytest
from starlette.types import Message

from gateway.emulator.faults import ConnectionDroppedError, FaultRule, TruncatedBody
from gateway.emulator.graph import GZIP_FROM_BYTES
from gateway.emulator.messages import DIAGNOSTIC
from tests.clock import SteppingClock
from tests.emulator.client import CONNECTIONS, TAGS, Client


async def messages(graph: Client, received: Message) -> list[Message]:
    """What the application itself sends for one GET, up to where it drops the connection."""
    sent: list[Message] = []

    async def receive() -> Message:
        return received

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "server": ("graph.microsoft.com", 443),
        "path": "/beta/$metadata",
        "raw_path": b"/beta/$metadata",
        "query_string": b"",
        "headers": [],
    }
    with suppress(ConnectionDroppedError):
        await graph.emulator.graph(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", TAGS, 200, id="success"),
        pytest.param("DELETE", f"{CONNECTIONS}/d11c82e6-195b-4abb-a933-7a686d75119d", 204, id="no content"),
        pytest.param("GET", "/beta/$metadata", 200, id="metadata"),
        pytest.param("GET", f"{TAGS}/$count", 200, id="a count"),
        pytest.param("GET", "/beta/me", 400, id="refusal"),
    ],
)
async def test_every_answer_can_be_traced(
    graph: Client, clock: SteppingClock, method: str, path: str, status: int
) -> None:
    """The ids that Microsoft's support asks for, and the date by the emulator's own clock, in every answer."""
    clock.advance(61)
    response = await graph.send(method, path, headers={"client-request-id": "mine"})
    headers = response.headers
    assert response.status_code == status
    assert UUID(headers["request-id"]).version == 4
    assert {name: headers[name] for name in headers if name not in {"request-id", "content-length", "vary"}} == {
        "date": "Fri, 15 Jan 2027 08:01:01 GMT",
        "cache-control": "no-cache",
        "strict-transport-security": "max-age=31536000",
        "client-request-id": "mine",
        "x-ms-ags-diagnostic": DIAGNOSTIC,
        **{name: headers[name] for name in ("content-type", "odata-version", "content-encoding") if name in headers},
    }


async def test_requests_have_ids_of_their_own(graph: Client) -> None:
    """Without an id of the client's, Graph's own stands for it; no two requests share one."""
    one, other = [(await graph.get(TAGS)).headers for _ in range(2)]
    assert one["client-request-id"] == one["request-id"]
    assert one["request-id"] != other["request-id"]


@pytest.mark.parametrize(
    ("path", "accepted", "encoding"),
    [
        pytest.param(CONNECTIONS, "br, gzip", "gzip", id="a long answer"),
        pytest.param(f"{TAGS}?$top=0", "gzip", None, id="a short answer"),
        pytest.param(CONNECTIONS, "identity", None, id="not asked for"),
    ],
)
async def test_long_answers_are_compressed_if_the_client_wants_it(
    graph: Client, path: str, accepted: str, encoding: str | None
) -> None:
    """The length is that of what is sent, and caches are told what it depends on."""
    response = await graph.send("GET", path, headers={"accept-encoding": accepted})
    raw = gzip.compress(response.content, 1, mtime=0) if encoding else response.content
    assert response.headers.get("content-encoding") == encoding
    assert response.headers["content-length"] == str(len(raw))
    assert response.headers.get("vary") == ("Accept-Encoding" if "gzip" in accepted else None)
    assert (len(response.content) >= GZIP_FROM_BYTES) is (path == CONNECTIONS)


async def test_a_plus_sign_in_the_query_is_a_space(graph: Client) -> None:
    """As on the real service: whoever means a plus sign must encode it."""
    one, other = [await graph.get(f"{TAGS}?$filter=displayName{sign}eq{sign}'x'") for sign in ("+", "%2B")]
    assert (one.status_code, other.status_code) == (200, 400)


async def test_an_encoded_slash_separates_nothing(graph: Client) -> None:
    """A key is one segment, whatever is in it."""
    response = await graph.get(f"{TAGS}/a%2Fb%20c")
    assert response.json()["error"]["message"] == "Resource 'a/b c' does not exist."
    assert graph.emulator.journal[0].path == f"{TAGS}/a%2Fb%20c"


async def test_a_client_that_hangs_up_early_has_sent_nothing(graph: Client) -> None:
    """A request whose body never came is neither answered nor entered."""
    assert await messages(graph, {"type": "http.disconnect"}) == []
    assert len(graph.emulator.journal) == 0


async def test_a_connection_that_is_cut_within_the_body_announced_all_of_it(graph: Client) -> None:
    """Half of the bytes arrive, and more were to follow: that is how a client can tell."""
    whole = (await graph.get("/beta/$metadata")).content
    graph.emulator.faults.add(FaultRule(fault=TruncatedBody()))
    start, body = await messages(graph, {"type": "http.request"})
    assert dict(start["headers"])[b"content-length"] == str(len(whole)).encode()
    assert body == {"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True}
