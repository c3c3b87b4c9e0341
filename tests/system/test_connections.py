"""Connections to Graph over real sockets: made, trusted, used again, lost between two requests."""

import asyncio
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


async def test_a_connection_that_was_closed_while_the_loop_was_busy(transport: Opener) -> None:
    """It is replaced as well, although nobody had the time to hear of its end."""
    closed = threading.Event()

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(CREATED)
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        listener.settimeout(2)
        served = pool.submit(serve, listener)
        async with transport() as hop:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            assert (await post(hop, url)).status == 201
            assert closed.wait(5)
            assert (await post(hop, url)).status == 201
        served.result(5)


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
