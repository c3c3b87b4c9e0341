"""Connections to Graph over real sockets: made, trusted, used again, lost between two requests."""

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.graph.transport import LostError, NotSentError, Transport
from tests.system.hop import Opener, created, failure, over_aiohttp, post, says, silent
from tests.system.sockets import CREATED, Peer, Server, Talk, serving, write_certificate


async def test_a_server_that_is_not_there(transport: Opener) -> None:
    """Nothing was sent, and the caller is told so."""
    async with serving(says()) as server:
        port = server.port
    assert type(await failure(transport, f"http://127.0.0.1:{port}/")) is NotSentError
    assert await created(f"http://127.0.0.1:{port}") == "UPSTREAM_UNAVAILABLE"


async def test_time_is_up_before_the_handshake_is_done(transport: Opener) -> None:
    """Nothing was sent to a server that does not get to TLS, and its connection is closed."""
    async with serving(Peer.until_closed) as server:
        assert type(await failure(transport, f"https://127.0.0.1:{server.port}/", seconds=0.3)) is NotSentError


async def test_time_is_up_while_waiting_for_a_connection(transport: Opener) -> None:
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
async def over(
    transport: Opener, scheme: str, talk: Talk, folder: Path
) -> AsyncIterator[tuple[Server, Transport, str]]:
    """Server, transport that trusts it, and URL."""
    trusted, tls = write_certificate(folder, "localhost")
    async with serving(talk, tls=tls if scheme == "https" else None) as server, transport(trusted) as hop:
        yield server, hop, f"{scheme}://localhost:{server.port}/"


async def test_a_connection_is_used_again(transport: Opener, scheme: str, tmp_path: Path) -> None:
    """Two requests, one handshake."""
    async with over(transport, scheme, answers_twice, tmp_path) as (server, hop, url):
        assert [(await post(hop, url)).status for _ in range(2)] == [201, 201]
        assert (server.connections, server.methods) == (1, [b"POST", b"POST"])


async def test_a_connection_that_was_closed_meanwhile_is_replaced(
    transport: Opener, scheme: str, tmp_path: Path
) -> None:
    """The server closed between two requests: nothing of the second was sent to nobody, and it is sent once."""
    async with over(transport, scheme, answers_and_closes_later, tmp_path) as (server, hop, url):
        assert (await post(hop, url)).status == 201
        await asyncio.sleep(0.2)
        assert (await post(hop, url)).status == 201
        assert (server.connections, server.methods) == (2, [b"POST", b"POST"])


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "GET"])
async def test_a_connection_that_is_closed_over_the_second_request(
    transport: Opener, scheme: str, method: str, tmp_path: Path
) -> None:
    """The server had read it: nobody can tell what became of it, and nobody sends it again."""
    async with over(transport, scheme, takes_two_and_answers_one, tmp_path) as (server, hop, url):
        assert (await post(hop, url)).status == 201
        with pytest.raises(LostError):
            await hop(method, url, {}, None, 5)
        assert (server.connections, server.methods) == (1, [b"POST", method.encode()])


async def test_a_connection_that_was_closed_while_the_loop_was_busy(
    transport: Opener, scheme: str, tmp_path: Path
) -> None:
    """It is replaced as well, although nobody had the time to hear of its end."""
    trusted, tls = write_certificate(tmp_path, "localhost")
    closed = threading.Event()

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            accepted, _ = listener.accept()
            with tls.wrap_socket(accepted, server_side=True) if scheme == "https" else accepted as connection:
                connection.recv(65_536)
                connection.sendall(CREATED)
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        listener.settimeout(2)
        served = pool.submit(serve, listener)
        async with transport(trusted) as hop:
            url = f"{scheme}://localhost:{listener.getsockname()[1]}/"
            assert (await post(hop, url)).status == 201
            assert closed.wait(5)
            assert (await post(hop, url)).status == 201
        served.result()


async def test_a_caller_who_gives_up_frees_the_connection(transport: Opener) -> None:
    """It is closed, for its answer may still come; the only place there is goes to the next request."""
    closed = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.receive()
        if peer.server.connections == 1:
            await peer.until_closed()
            closed.set()
        await peer.send(CREATED)

    async with serving(talk) as server, transport(connections=1) as hop:
        url = f"http://127.0.0.1:{server.port}/"
        first, second = (asyncio.create_task(post(hop, url)) for _ in range(2))
        await asyncio.sleep(0.1)
        second.cancel()
        await asyncio.sleep(0)
        first.cancel()
        assert (await post(hop, url)).status == 201
        await asyncio.wait_for(closed.wait(), 1)
        assert (server.connections, len(server.received)) == (2, 2)


@pytest.mark.parametrize("seconds", [0.2, 5])
async def test_a_handshake_that_is_given_up(seconds: float) -> None:
    """Because time is up, or by the caller: the server hears of it."""
    closed = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.until_closed()
        closed.set()

    async with serving(talk) as server, over_aiohttp() as hop:
        with pytest.raises((NotSentError, TimeoutError)):
            await asyncio.wait_for(post(hop, f"https://127.0.0.1:{server.port}/", seconds=seconds), 0.4)
        await asyncio.wait_for(closed.wait(), 1)


@pytest.mark.parametrize(
    ("named", "trusts"),
    [pytest.param("localhost", False, id="unknown authority"), pytest.param("graph.test", True, id="wrong host name")],
)
async def test_a_certificate_that_is_not_trusted(transport: Opener, tmp_path: Path, named: str, trusts: bool) -> None:
    """No request leaves; the caller is told that nothing was sent."""
    trusted, tls = write_certificate(tmp_path, named)
    async with serving(says(CREATED), tls=tls) as server:
        url = f"https://localhost:{server.port}"
        error = await failure(transport, url, ca_file=trusted if trusts else None)
        assert type(error) is NotSentError
        settings = {"GATEWAY_CA_FILE": str(trusted)} if trusts else {}
        assert await created(url, **settings) == "UPSTREAM_UNAVAILABLE"
        assert server.received == []


async def test_a_certificate_of_an_authority_of_ones_own(tmp_path: Path) -> None:
    """`GATEWAY_CA_FILE` makes it trusted."""
    trusted, tls = write_certificate(tmp_path, "localhost")
    async with serving(says(CREATED), tls=tls) as server:
        code = await created(f"https://localhost:{server.port}", GATEWAY_CA_FILE=str(trusted))
        assert (code, server.methods) == (None, [b"POST"])


async def test_plain_http_where_tls_is_wanted(transport: Opener, tmp_path: Path) -> None:
    """And the other way round: no request leaves, or no answer comes."""

    async def speaks_first(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.until_closed()

    async with serving(speaks_first) as server:
        assert type(await failure(transport, f"https://localhost:{server.port}/")) is NotSentError
    _, tls = write_certificate(tmp_path, "localhost")
    async with serving(says(CREATED), tls=tls) as server:
        assert type(await failure(transport, f"http://localhost:{server.port}/")) is LostError


class Proxy:
    """Takes a request to the server behind it, or makes a tunnel; `asked` has the first line and who asks."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes | None]] = []

    async def __call__(self, peer: Peer) -> None:
        request = await peer.receive()
        first, *headers = request.split(b"\r\n")
        person = [line.partition(b" ")[2] for line in headers if line.lower().startswith(b"proxy-authorization")]
        self.asked.append((first, person[0] if person else None))
        port = int(re.findall(rb"localhost:(\d+)", first)[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if first.startswith(b"CONNECT"):
            await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            writer.write(request)
        outward = asyncio.create_task(peer.until_closed(writer.write))
        try:
            while data := await reader.read(65_536):
                await peer.send(data)
        finally:
            outward.cancel()
            writer.close()


async def test_a_proxy_is_used_where_the_standard_variables_say_so(
    transport: Opener, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hears who asks."""
    proxy = Proxy()
    async with serving(proxy) as between:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://me:secret@127.0.0.1:{between.port}")
        async with over(transport, scheme, answers_twice, tmp_path) as (server, hop, url):
            assert [(await post(hop, url)).status for _ in range(2)] == [201, 201]
        asked = f"CONNECT localhost:{server.port} HTTP/1.1" if scheme == "https" else f"POST {url} HTTP/1.1"
        assert proxy.asked == [(asked.encode(), b"Basic bWU6c2VjcmV0")]
        assert (server.connections, server.methods) == (1, [b"POST", b"POST"])


async def test_no_proxy_is_used_for_what_is_excepted(
    transport: Opener, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`NO_PROXY` has the last word."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "graph.test, localhost")
    async with over(transport, scheme, answers_twice, tmp_path) as (_, hop, url):
        assert (await post(hop, url)).status == 201


async def test_a_proxy_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent to the server. httpx cannot say so: it takes the request for the tunnel for ours."""
    async with serving(says(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")) as between:
        monkeypatch.setenv("ALL_PROXY", f"127.0.0.1:{between.port}")
        async with over(over_aiohttp, "https", says(), tmp_path) as (server, hop, url):
            with pytest.raises(NotSentError):
                await post(hop, url)
        assert (server.connections, between.connections) == (0, 1)
