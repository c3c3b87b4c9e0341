"""One HTTP hop over real sockets, on the loop that processes run on: what each way to fail means for a create.

`NotSentError`: nothing can have happened, so a create is sent again. `LostError`: anything can, so it is not.
"""

import asyncio
import gzip
import resource
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.emulator.tokens import TokenIssuer
from gateway.graph.transport import (
    Answer,
    AnswerTooLargeError,
    HttpxTransport,
    LostError,
    NotSentError,
    TransportError,
    build_client,
)
from gateway.settings import Settings
from tests.clock import SteppingClock
from tests.system.sockets import CREATED, Peer, Server, Talk, serving, write_certificate

MOST = 1_000_000
TOKEN = TokenIssuer().issue(audience="https://graph.microsoft.com", scopes=["ManagedTenants.ReadWrite.All"])
CREATE = 'mutation { createTenantTag(input: { displayName: "New" }) { id } }'
HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def transport(ca_file: Path | None = None, connections: int = 2) -> AsyncIterator[HttpxTransport]:
    async with build_client(ca_file=ca_file, connections=connections) as client:
        yield HttpxTransport(client, max_answer_bytes=MOST)


async def post(hop: HttpxTransport, url: str, body: bytes = b"{}", seconds: float = 5) -> Answer:
    return await hop("POST", url, {"content-type": "application/json"}, body, seconds)


async def failure(url: str, *, seconds: float = 5, ca_file: Path | None = None) -> TransportError:
    async with transport(ca_file) as hop:
        with pytest.raises(TransportError) as raised:
            await post(hop, url, seconds=seconds)
    return raised.value


async def created(url: str, **settings: str) -> str | None:
    """The error code of a create that the whole gateway sends to the URL."""
    environ: Mapping[str, str] = {"GATEWAY_GRAPH_URL": url, "GATEWAY_MAX_ANSWER_BYTES": str(MOST), **settings}
    app = create_app(Settings.from_environ(environ), clock=SteppingClock(time=time.time()))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as caller,
    ):
        answer = (await caller.post("/graphql", json={"query": CREATE}, headers=headers)).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


def says(*pieces: bytes) -> Talk:
    """Takes the request, sends the pieces, and closes."""

    async def talk(peer: Peer) -> None:
        await peer.receive()
        for piece in pieces:
            await peer.send(piece)

    return talk


async def resets(peer: Peer) -> None:
    await peer.receive()
    peer.writer.transport.abort()


async def closes_at_once(peer: Peer) -> None:
    del peer


async def endless(peer: Peer) -> None:
    await peer.receive()
    await peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        await peer.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)), packer.flush()])
    return HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        pytest.param(says(), LostError, id="closed before a byte of the answer"),
        pytest.param(resets, LostError, id="reset before a byte of the answer"),
        pytest.param(closes_at_once, LostError, id="closed before the request was read"),
        pytest.param(says(b"HTTP/1.1 201 Cre"), LostError, id="closed in the status line"),
        pytest.param(says(HEAD), LostError, id="closed in the headers"),
        pytest.param(says(HEAD + b"content-length: 10\r\n\r\n{"), LostError, id="closed in the body"),
        pytest.param(says(HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{"), LostError, id="closed in a chunk"),
        pytest.param(says(HEAD + b"transfer-encoding: chunked\r\n\r\nwhat\r\n"), LostError, id="no chunk"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), LostError, id="no HTTP"),
        pytest.param(says(HEAD, *[b"x-filler: %s\r\n" % (b"x" * 1_000)] * 200), LostError, id="headers without end"),
        pytest.param(
            says(HEAD + b"content-length: 99999999\r\n\r\n", bytes(MOST + 1)), AnswerTooLargeError, id="large"
        ),
        pytest.param(endless, AnswerTooLargeError, id="a body without end"),
        pytest.param(says(bomb(20_000_000)), AnswerTooLargeError, id="a small body that unpacks to a large one"),
        pytest.param(
            says(HEAD + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nwhat"), LostError, id="not what was packed"
        ),
        pytest.param(
            says(HEAD + b"content-encoding: br\r\ncontent-length: 4\r\n\r\nwhat"), LostError, id="an unknown encoding"
        ),
    ],
)
async def test_a_create_that_may_have_arrived_is_not_sent_again(talk: Talk, kind: type[TransportError]) -> None:
    """No complete answer came: the outcome is unknown, and the server saw one request."""
    async with serving(talk) as server:
        assert type(await failure(f"http://127.0.0.1:{server.port}/")) is kind
    async with serving(talk) as server:
        assert await created(f"http://127.0.0.1:{server.port}") == "OUTCOME_UNKNOWN"
        assert server.connections == 1


async def test_a_server_that_is_not_there() -> None:
    """Nothing was sent, and the caller is told so."""
    async with serving(says()) as server:
        port = server.port
    error = await failure(f"http://127.0.0.1:{port}/")
    assert (type(error), str(error)) == (NotSentError, "ConnectError")
    assert await created(f"http://127.0.0.1:{port}") == "UPSTREAM_UNAVAILABLE"


async def test_memory_is_bounded_while_an_answer_is_unpacked() -> None:
    """Much in little costs what the limit says, not what it unpacks to."""
    async with serving(says(bomb(200_000_000))) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert type(await failure(f"http://127.0.0.1:{server.port}/")) is AnswerTooLargeError
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kilobytes < 20_000


async def test_a_packed_answer_is_read() -> None:
    """Also one that comes byte by byte."""
    packed = gzip.compress(b'{"id":"A"}')
    head = HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    async with serving(says(head, *[bytes([each]) for each in packed])) as server, transport() as hop:
        assert (await post(hop, f"http://127.0.0.1:{server.port}/")).body == b'{"id":"A"}'


async def silent(peer: Peer) -> None:
    await peer.receive()
    await peer.until_closed()


async def trickling(peer: Peer) -> None:
    await peer.receive()
    await peer.send(HEAD + b"content-length: 1000\r\n\r\n")
    while True:
        await peer.send(b" ")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("talk", [silent, trickling])
async def test_time_is_up_for_the_whole_answer(talk: Talk) -> None:
    """A byte now and then does not prolong it."""
    async with serving(talk) as server:
        error = await asyncio.wait_for(failure(f"http://127.0.0.1:{server.port}/", seconds=0.3), 1)
        assert type(error) is LostError
        url = f"http://127.0.0.1:{server.port}"
        assert await created(url, GATEWAY_DEADLINE_SECONDS="0.3") == "OUTCOME_UNKNOWN"
        assert server.connections == 2


async def test_time_is_up_before_the_handshake_is_done() -> None:
    """Nothing was sent to a server that does not get to TLS, and its connection is closed."""
    async with serving(Peer.until_closed) as server:
        assert type(await failure(f"https://127.0.0.1:{server.port}/", seconds=0.3)) is NotSentError


async def test_time_is_up_while_waiting_for_a_connection() -> None:
    """All are busy with other requests: this one was not sent."""
    async with serving(silent) as server, transport(connections=1) as hop:
        url = f"http://127.0.0.1:{server.port}/"
        first = asyncio.create_task(post(hop, url, seconds=1))
        await asyncio.sleep(0.1)
        with pytest.raises(NotSentError):
            await post(hop, url, seconds=0.2)
        with pytest.raises(LostError):
            await first
        assert server.connections == 1


async def test_a_redirect_is_not_followed() -> None:
    """It would carry the access token elsewhere."""
    async with serving(says(CREATED)) as elsewhere:
        location = b"http://127.0.0.1:%d/" % elsewhere.port
        redirect = b"HTTP/1.1 307 Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % location
        async with serving(says(redirect)) as server, transport() as hop:
            answer = await post(hop, f"http://127.0.0.1:{server.port}/")
        assert (answer.status, answer.headers["location"].encode()) == (307, location)
        assert elsewhere.connections == 0


async def test_an_answer_before_the_whole_body_was_sent_is_an_answer() -> None:
    """A server may refuse a large body from its head."""

    async def refuses(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await peer.until_closed()

    async with serving(refuses) as server, transport() as hop:
        assert (await post(hop, f"http://127.0.0.1:{server.port}/", bytes(5_000_000))).status == 413


async def answers_twice(peer: Peer) -> None:
    for _ in range(2):
        await peer.receive()
        await peer.send(CREATED)


async def answers_and_closes_later(peer: Peer) -> None:
    await peer.receive()
    await peer.send(CREATED)
    await asyncio.sleep(0.05)


async def takes_two_and_answers_one(peer: Peer) -> None:
    await peer.receive()
    await peer.send(CREATED)
    await peer.receive()


@pytest.fixture(params=["http", "https"])
async def scheme(request: pytest.FixtureRequest) -> str:
    scheme: str = request.param
    return scheme


@asynccontextmanager
async def over(scheme: str, talk: Talk, folder: Path) -> AsyncIterator[tuple[Server, HttpxTransport, str]]:
    """Server, transport that trusts it, and URL."""
    trusted, tls = write_certificate(folder, "localhost")
    async with serving(talk, tls=tls if scheme == "https" else None) as server, transport(trusted) as hop:
        yield server, hop, f"{scheme}://localhost:{server.port}/"


async def test_a_connection_is_used_again(scheme: str, tmp_path: Path) -> None:
    """Two requests, one handshake."""
    async with over(scheme, answers_twice, tmp_path) as (server, hop, url):
        assert [(await post(hop, url)).status for _ in range(2)] == [201, 201]
        assert (server.connections, server.methods) == (1, [b"POST", b"POST"])


async def test_a_connection_that_was_closed_meanwhile_is_replaced(scheme: str, tmp_path: Path) -> None:
    """The server closed between two requests: nothing of the second was sent to nobody, and it is sent once."""
    async with over(scheme, answers_and_closes_later, tmp_path) as (server, hop, url):
        assert (await post(hop, url)).status == 201
        await asyncio.sleep(0.2)
        assert (await post(hop, url)).status == 201
        assert (server.connections, server.methods) == (2, [b"POST", b"POST"])


async def test_a_connection_that_is_closed_over_the_second_request(scheme: str, tmp_path: Path) -> None:
    """The server had read it: nobody can tell what became of it."""
    async with over(scheme, takes_two_and_answers_one, tmp_path) as (server, hop, url):
        assert (await post(hop, url)).status == 201
        with pytest.raises(LostError):
            await post(hop, url)
        assert (server.connections, server.methods) == (1, [b"POST", b"POST"])


@pytest.mark.parametrize(
    ("named", "trusts"),
    [pytest.param("localhost", False, id="unknown authority"), pytest.param("graph.test", True, id="wrong host name")],
)
async def test_a_certificate_that_is_not_trusted(tmp_path: Path, named: str, trusts: bool) -> None:
    """No request leaves; the caller is told that nothing was sent."""
    trusted, tls = write_certificate(tmp_path, named)
    async with serving(says(CREATED), tls=tls) as server:
        url = f"https://localhost:{server.port}"
        error = await failure(url, ca_file=trusted if trusts else None)
        assert (type(error), str(error)) == (NotSentError, "ConnectError")
        settings = {"GATEWAY_CA_FILE": str(trusted)} if trusts else {}
        assert await created(url, **settings) == "UPSTREAM_UNAVAILABLE"
        assert server.received == []


async def test_a_certificate_of_an_authority_of_ones_own(tmp_path: Path) -> None:
    """`GATEWAY_CA_FILE` makes it trusted."""
    trusted, tls = write_certificate(tmp_path, "localhost")
    async with serving(says(CREATED), tls=tls) as server:
        code = await created(f"https://localhost:{server.port}", GATEWAY_CA_FILE=str(trusted))
        assert (code, server.methods) == (None, [b"POST"])


async def test_plain_http_where_tls_is_wanted(tmp_path: Path) -> None:
    """And the other way round: no request leaves, or no answer comes."""

    async def speaks_first(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.until_closed()

    async with serving(speaks_first) as server:
        assert type(await failure(f"https://localhost:{server.port}/")) is NotSentError
    _, tls = write_certificate(tmp_path, "localhost")
    async with serving(says(CREATED), tls=tls) as server:
        assert type(await failure(f"http://localhost:{server.port}/")) is LostError
