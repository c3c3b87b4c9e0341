"""What a hostile client can do with a socket: bytes that two servers read differently, and time and memory of ours.

That no token comes out is looked for in all that it is answered and in the whole log.
"""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final

import httpx
import pytest
import uvicorn

from gateway.protocol import MAX_FRAMING_BYTES, MAX_HEADERS, HttpProtocol
from gateway.server import IDLE_SECONDS, MetricsServer, listen
from tests.system.process import Emulation, Gateway, gateway_emulate, gateway_serve

WAIT_SECONDS: Final = 10
BODY: Final = b'{"query":"query Meant { __typename }"}'
SMUGGLED: Final = b'{"query":"query Smuggled { __typename }"}'
PIECE_BYTES: Final = 65_536


@pytest.fixture(scope="module")
def emulation() -> Iterator[Emulation]:
    with gateway_emulate() as emulation:
        yield emulation


@pytest.fixture(scope="module")
def gateway(emulation: Emulation) -> Iterator[Gateway]:
    forward = {name: value for name, value in emulation.settings.items() if "ENTRA" not in name}
    with gateway_serve({**forward, "GATEWAY_AUTH_MODE": "forward", "GATEWAY_LOG_FORMAT": "json"}) as gateway:
        yield gateway
        assert emulation.graph_token.rpartition(".")[2] not in gateway.program.errors


@pytest.fixture
def head(emulation: Emulation) -> bytes:
    """Of a request; what says how long its body is follows."""
    return (
        b"POST /graphql HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\n" % emulation.graph_token.encode()
    )


def whole(head: bytes, body: bytes, *more: bytes) -> bytes:
    lines = [*more, b"Content-Length: %d" % len(body)]
    return head + b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(body: bytes, *, first: bytes = b"", trailer: bytes = b"") -> bytes:
    size = first or b"%x" % len(body)
    return b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + body + b"\r\n0\r\n" + trailer + b"\r\n"


def answers(gateway: Gateway, sent: bytes) -> bytes:
    """All that the gateway says before it closes the connection."""
    with socket.create_connection(gateway.address, timeout=WAIT_SECONDS) as connection:
        connection.sendall(sent)
        said = b""
        while piece := connection.recv(PIECE_BYTES):
            said += piece
    assert b"eyJ" not in said
    return said


def statuses(said: bytes) -> list[str]:
    return re.findall(r"HTTP/1\.1 (\d+) ", said.decode())


def operations(gateway: Gateway) -> list[str]:
    """The names of those that were run."""
    return [line["operation"] for line in gateway.program.log_lines("operation") if "operation" in line]


# Request smuggling: a proxy before us may see one request where we see two

TWICE = b"Content-Length: %d\r\n" % len(BODY)


@pytest.mark.parametrize(
    ("framing", "replaced"),
    [
        pytest.param(TWICE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None, id="length and chunks"),
        pytest.param(b"Transfer-Encoding: chunked\r\n" + TWICE + b"\r\n0\r\n\r\n", None, id="chunks and length"),
        pytest.param(TWICE + b"Content-Length: 0\r\n\r\n", None, id="two lengths"),
        pytest.param(TWICE + TWICE + b"\r\n" + BODY, None, id="one length twice"),
        pytest.param(b"Content-Length: 0, 38\r\n\r\n" + BODY, None, id="a list of lengths"),
        pytest.param(b"Content-Length: +0\r\n\r\n", None, id="a length with a sign"),
        pytest.param(b"Content-Length: -1\r\n\r\n", None, id="a negative length"),
        pytest.param(b"Content-Length: 0x0\r\n\r\n", None, id="a length in another base"),
        pytest.param(b"Content-Length: 18446744073709551616\r\n\r\n", None, id="a length beyond 64 bits"),
        pytest.param(b"Content-Length : 0\r\n\r\n", None, id="a space before the colon"),
        pytest.param(b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", None, id="a tab before the colon"),
        pytest.param(b"X-A: b\r\n Content-Length: 0\r\n" + TWICE + b"\r\n", None, id="a folded line"),
        pytest.param(b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", None, id="a folded value"),
        pytest.param(b"X-A: b\nContent-Length: 0\r\n\r\n", None, id="a bare line feed"),
        pytest.param(b"X-A: b\rContent-Length: 0\r\n\r\n", None, id="a bare carriage return"),
        pytest.param(b"Content-Length: 0\n\n", (b"\r\n", b"\n"), id="line feeds only"),
        pytest.param(b"X-A: \0\r\nContent-Length: 0\r\n\r\n", None, id="NUL in a value"),
        pytest.param(b"Content\0-Length: 0\r\n\r\n", None, id="NUL in a name"),
        pytest.param(b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", None, id="a coding that looks alike"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", None, id="two codings"
        ),
        pytest.param(b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", None, id="chunked, but not last"),
        pytest.param(chunked(BODY, first=b"10000000000000026"), None, id="a chunk size that wraps around"),
        pytest.param(chunked(BODY, first=b"-26"), None, id="a negative chunk size"),
        pytest.param(chunked(BODY, first=b"0x26"), None, id="a chunk size in C"),
        pytest.param(chunked(BODY, first=b"26;a\n"), None, id="a line feed in a chunk extension"),
        pytest.param(chunked(BODY, first=b"26 "), None, id="a space behind a chunk size"),
        pytest.param(chunked(BODY + b"more", first=b"26"), None, id="a chunk longer than its size"),
        pytest.param(chunked(BODY).replace(b"\r\n0\r\n", b"\n0\n"), None, id="a line feed behind a chunk"),
        pytest.param(b"Content-Length: 0\r\n\r\n", (b"Host: gateway.test\r\n", b""), id="no host"),
        pytest.param(b"Host: other.test\r\nContent-Length: 0\r\n\r\n", None, id="two hosts"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(
    gateway: Gateway, head: bytes, framing: bytes, replaced: tuple[bytes, bytes] | None
) -> None:
    """It is refused and the connection closed: neither it nor what follows it reaches the application."""
    before = operations(gateway)
    hidden = whole(head, SMUGGLED)
    said = answers(gateway, (head.replace(*replaced) if replaced else head) + framing + hidden)
    assert (statuses(said), b"Invalid HTTP request received." in said) == (["400"], True)
    assert operations(gateway) == before


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(lambda hidden: whole(b"", hidden), id="a plain body"),
        pytest.param(lambda _: chunked(BODY, first=b'26;a="b";c=0'), id="chunk extensions"),
        pytest.param(chunked, id="a request in a chunk"),
        pytest.param(lambda hidden: whole(b"", hidden, b"Expect: 100-continue"), id="a request that is waited for"),
        pytest.param(lambda hidden: whole(b"", hidden, b"X-HTTP-Method-Override: GET"), id="another method"),
    ],
)
def test_a_request_within_a_body_is_a_body(gateway: Gateway, head: bytes, framing: Callable[[bytes], bytes]) -> None:
    """The next request on the connection is the one that follows it, and no other is run."""
    last = whole(head, BODY.replace(b"Meant", b"Last"), b"Connection: close")
    said = answers(gateway, head + framing(whole(head, SMUGGLED)) + last)
    assert len([each for each in statuses(said) if each != "100"]) == 2
    assert b'{"data":{"__typename":"Query"}}' in said.split(b"HTTP/1.1 ")[-1]
    assert "Smuggled" not in operations(gateway)


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_upgrade_is_ignored(gateway: Gateway, head: bytes, protocol: bytes, in_pieces: bool) -> None:
    """The body is the body, in the same piece or in one of its own: a request in it is not run."""
    hidden = whole(head, SMUGGLED)
    upgrade = [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + protocol, b"HTTP2-Settings: AA"]
    began = head + b"\r\n".join(upgrade) + b"\r\nContent-Length: %d\r\n\r\n" % len(hidden)
    last = whole(head, BODY, b"Connection: close", *upgrade)
    with socket.create_connection(gateway.address, timeout=WAIT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [began, hidden, last[:-5], last[-5:]] if in_pieces else [began + hidden + last]:
            connection.sendall(piece)
            time.sleep(0.05)
        said = b"".join(iter(lambda: connection.recv(PIECE_BYTES), b""))
    assert (statuses(said), b"not JSON in UTF-8" in said) == (["400", "200"], True)
    assert "Smuggled" not in operations(gateway)


@pytest.mark.parametrize("target", [b"evil.test:443", b"/graphql"])
def test_no_tunnel_is_made(gateway: Gateway, head: bytes, target: bytes) -> None:
    """`CONNECT` is refused."""
    said = answers(gateway, whole(head.replace(b"POST /graphql", b"CONNECT " + target), BODY))
    assert statuses(said) == ["400"]


def test_a_trailer_is_no_header(gateway: Gateway, emulation: Emulation) -> None:
    """A proxy that looks at headers has never seen it: no token is taken from there."""
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\nContent-Type: application/json\r\n"
    trailer = b"Authorization: Bearer %s\r\n" % emulation.graph_token.encode()
    assert statuses(answers(gateway, head + trailer + chunked(BODY))) == ["200"]
    assert statuses(answers(gateway, head + chunked(BODY, trailer=trailer))) == ["401"]


# Memory


def memory_bytes(gateway: Gateway) -> int:
    """The most that the process ever had."""
    status = Path(f"/proc/{gateway.program.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def pushed(gateway: Gateway, beginning: bytes, piece: Callable[[int], bytes], most_bytes: int) -> int:
    """How much is taken before the connection is closed."""
    sent = 0
    with socket.create_connection(gateway.address, timeout=WAIT_SECONDS) as connection:
        connection.sendall(beginning)
        try:
            while sent < most_bytes:
                data = piece(sent)
                connection.sendall(data)
                sent += len(data)
        except ConnectionError:
            pass
    return sent


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        pytest.param(b"", lambda n: b"X-%d: a\r\n" % n * 1_000, id="headers"),
        pytest.param(b"X-A: ", lambda _: b"a" * PIECE_BYTES, id="one header"),
        pytest.param(b"", lambda _: b"a" * PIECE_BYTES, id="the name of a header"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n1;", lambda _: b"a" * PIECE_BYTES, id="the extension of a chunk"
        ),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", lambda _: b"a" * PIECE_BYTES, id="a trailer"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", lambda _: b"1\r\na\r\n" * 10_000, id="chunks of one byte"),
    ],
)
def test_what_has_no_end_is_cut_off(
    gateway: Gateway, head: bytes, beginning: bytes, piece: Callable[[int], bytes]
) -> None:
    """Long before it costs anything; nobody needs a token for the attempt."""
    bare = head.partition(b"Authorization")[0] if b"1\r\n" not in piece(0) else head
    before = memory_bytes(gateway)
    # What the two sockets hold comes on top of what the gateway read.
    assert pushed(gateway, bare + beginning, piece, 100_000_000) < 20_000_000
    assert memory_bytes(gateway) - before < 10_000_000


def test_a_url_without_end_is_cut_off(gateway: Gateway) -> None:
    """The same."""
    assert pushed(gateway, b"GET /graphql?query=", lambda _: b"a" * PIECE_BYTES, 100_000_000) < 20_000_000


@pytest.mark.parametrize(("extra", "status"), [(0, "200"), (1, "400")])
def test_a_head_may_have_so_many_headers(gateway: Gateway, head: bytes, extra: int, status: str) -> None:
    """One more is refused."""
    given = head.count(b"\r\n") - 1 + len([b"Connection", b"Content-Length"])
    more = [b"X-%d: a" % n for n in range(MAX_HEADERS - given + extra)]
    assert statuses(answers(gateway, whole(head, BODY, b"Connection: close", *more))) == [status]


def test_a_large_head_that_is_allowed_works(gateway: Gateway, head: bytes) -> None:
    """In pieces, too."""
    padding = b"X-A: " + b"a" * (MAX_FRAMING_BYTES - len(head) - 200)
    assert statuses(answers(gateway, whole(head, BODY, b"Connection: close", padding))) == ["200"]


def test_a_caller_who_reads_no_answer_fills_no_memory(gateway: Gateway, emulation: Emulation, head: bytes) -> None:
    """Hundreds of large answers are asked for and none is read: few are made, and others are served meanwhile."""
    wanted = b'{"query":"{ __schema { types { name fields { name description } } } }"}'
    before, made = memory_bytes(gateway), len(gateway.program.log_lines("operation"))
    with socket.create_connection(gateway.address) as connection:
        connection.setblocking(False)
        request = memoryview(whole(head, wanted) * 300)
        end = time.monotonic() + 1
        while request and time.monotonic() < end:
            try:
                request = request[connection.send(request) :]
            except BlockingIOError:
                time.sleep(0.01)
        assert gateway.post("query Other { __typename }", token=emulation.graph_token).status_code == 200
        assert memory_bytes(gateway) - before < 50_000_000
        assert len(gateway.program.log_lines("operation")) - made < 100


# Time


def test_slow_bodies_hold_up_nobody(gateway: Gateway, emulation: Emulation, head: bytes) -> None:
    """Fifty callers never send the rest: another one is served at once, and they are told that their time is up."""
    started = whole(head, BODY, b"X-Deadline-Ms: 1500")[:-5]
    slow = [socket.create_connection(gateway.address, timeout=WAIT_SECONDS) for _ in range(50)]
    for each in slow:
        each.sendall(started)
    began = time.monotonic()
    assert gateway.post("query Other { __typename }", token=emulation.graph_token).status_code == 200
    assert time.monotonic() - began < 1.5
    for each in slow:
        with each:
            assert each.recv(PIECE_BYTES).startswith(b"HTTP/1.1 408 ")


@asynccontextmanager
async def serving_impatiently() -> AsyncIterator[int]:
    """The port of a server that waits for one second where the gateway waits for 75, and takes longer for `/slow`."""

    async def app(scope: Mapping[str, object], _: object, send: Callable[[object], object]) -> None:
        await asyncio.sleep(1.5 if scope["path"] == "/slow" else 0)
        start = {"type": "http.response.start", "status": 204, "headers": []}
        for message in (start, {"type": "http.response.body", "body": b""}):
            await send(message)  # type: ignore[misc]

    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            app, http=HttpProtocol, lifespan="off", log_config=None, timeout_keep_alive=1, timeout_graceful_shutdown=1
        )
        server = MetricsServer(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        yield int(listener.getsockname()[1])
        server.should_exit = True
        await running


async def lasted(port: int, beginning: bytes, dripping: bytes) -> float:
    """How long a connection was kept whose client sends the beginning and then, now and then, a byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(beginning)
    began = time.monotonic()

    async def drip() -> None:
        for each in count():
            await asyncio.sleep(0.1)
            writer.write(dripping[each % len(dripping) :][:1])

    dripper = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while await reader.read(PIECE_BYTES):
                pass
    except ConnectionError:
        pass
    finally:
        dripper.cancel()
        writer.close()
    return time.monotonic() - began


WAITED = b"POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 1000\r\n\r\n"


async def test_nobody_keeps_a_connection_by_dripping() -> None:
    """Whoever sends no request in time is cut off, however they drip: before the first, within one, after a refusal."""
    async with serving_impatiently() as port:
        drips = [(b"", b""), (b"GET /", b"a"), (b"GET / HTTP/1.1\r\n", b"A: b\r\n"), (WAITED, b"x")]
        times = await asyncio.gather(*(lasted(port, *each) for each in drips))
    assert [each for each in times if not 0.9 < each < 3] == []


async def test_a_connection_that_works_is_not_cut_off() -> None:
    """Each request begins its time anew."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving_impatiently())
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(writer.close)
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
            await asyncio.sleep(0.6)
        assert (await client.get("/")).status_code == 204


async def test_a_request_that_takes_longer_is_not_cut_off() -> None:
    """Its connection is idle only behind the answer, and then not for long."""
    async with serving_impatiently() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
        answered = time.monotonic()
        assert await asyncio.wait_for(reader.read(), WAIT_SECONDS) == b""
        writer.close()
    assert 0.9 < time.monotonic() - answered < 3


def test_idle_connections_are_kept_longer_than_clients_keep_them() -> None:
    """Nobody's request meets a connection that is just being closed."""
    assert IDLE_SECONDS > 60


def test_the_log_of_all_that_is_whole_lines(gateway: Gateway) -> None:
    """Each is one JSON object, whatever was sent above."""
    for line in gateway.program.errors.splitlines():
        assert isinstance(json.loads(line), dict)
