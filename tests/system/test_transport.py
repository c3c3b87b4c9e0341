"""One HTTP hop over real sockets, on the loop that processes run on: what each way to fail means for a create.

`NotSentError`: nothing can have happened, so a create is sent again. `LostError`: anything can, so it is not.
"""

import asyncio
import gzip
import resource
import zlib
from collections.abc import Mapping

import pytest

from gateway.graph.transport import AnswerTooLargeError, LostError, TransportError
from tests.system.hop import HEAD, MOST, Opener, created, failure, post, says, silent
from tests.system.sockets import CREATED, Peer, Talk, serving


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
async def test_a_create_that_may_have_arrived_is_not_sent_again(
    transport: Opener, talk: Talk, kind: type[TransportError]
) -> None:
    """No complete answer came: the outcome is unknown, and the server saw one request."""
    async with serving(talk) as server:
        assert type(await failure(transport, f"http://127.0.0.1:{server.port}/")) is kind
    async with serving(talk) as server:
        assert await created(f"http://127.0.0.1:{server.port}") == "OUTCOME_UNKNOWN"
        assert server.connections == 1


async def test_memory_is_bounded_while_an_answer_is_unpacked(transport: Opener) -> None:
    """Much in little costs what the limit says, not what it unpacks to."""
    async with serving(says(bomb(200_000_000))) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert type(await failure(transport, f"http://127.0.0.1:{server.port}/")) is AnswerTooLargeError
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kilobytes < 20_000


async def test_a_packed_answer_is_read(transport: Opener) -> None:
    """Also one that comes byte by byte."""
    packed = gzip.compress(b'{"id":"A"}')
    head = HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    async with serving(says(head, *[bytes([each]) for each in packed])) as server, transport() as hop:
        assert (await post(hop, f"http://127.0.0.1:{server.port}/")).body == b'{"id":"A"}'


async def trickling(peer: Peer) -> None:
    await peer.receive()
    await peer.send(HEAD + b"content-length: 1000\r\n\r\n")
    while True:
        await peer.send(b" ")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("talk", [silent, trickling])
async def test_time_is_up_for_the_whole_answer(transport: Opener, talk: Talk) -> None:
    """A byte now and then does not prolong it."""
    async with serving(talk) as server:
        error = await asyncio.wait_for(failure(transport, f"http://127.0.0.1:{server.port}/", seconds=0.3), 1)
        assert type(error) is LostError
        url = f"http://127.0.0.1:{server.port}"
        assert await created(url, GATEWAY_DEADLINE_SECONDS="0.3") == "OUTCOME_UNKNOWN"
        assert server.connections == 2


async def test_a_redirect_is_not_followed(transport: Opener) -> None:
    """It would carry the access token elsewhere."""
    async with serving(says(CREATED)) as elsewhere:
        location = b"http://127.0.0.1:%d/" % elsewhere.port
        redirect = b"HTTP/1.1 307 Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % location
        async with serving(says(redirect)) as server, transport() as hop:
            answer = await post(hop, f"http://127.0.0.1:{server.port}/")
        assert (answer.status, answer.headers["location"].encode()) == (307, location)
        assert elsewhere.connections == 0


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiohttp means that one write takes long
async def test_an_answer_before_the_whole_body_was_sent_is_an_answer(transport: Opener) -> None:
    """A server may refuse a large body from its head."""

    async def refuses(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await peer.until_closed()

    async with serving(refuses) as server, transport() as hop:
        assert (await post(hop, f"http://127.0.0.1:{server.port}/", bytes(5_000_000))).status == 413


async def test_headers_are_named_in_lower_case(transport: Opener) -> None:
    """One that is repeated becomes a list; text that is not ASCII is read."""
    head = HEAD + b"Vary: Accept\r\nX-Place: M\xfcnchen\r\nvary: Prefer\r\ncontent-length: 0\r\n\r\n"
    async with serving(says(head)) as server, transport() as hop:
        answer = await post(hop, f"http://127.0.0.1:{server.port}/")
    assert dict(answer.headers) == {
        "content-type": "application/json",
        "vary": "Accept, Prefer",
        "x-place": "München",
        "content-length": "0",
    }


@pytest.mark.parametrize(
    ("method", "body", "more"),
    [
        pytest.param("GET", None, {}, id="read"),
        pytest.param("POST", b"{}", {"content-type": "application/json", "content-length": "2"}, id="write"),
        pytest.param("POST", None, {"content-length": "0"}, id="write without a body"),
    ],
)
async def test_a_request_is_sent_as_it_is(
    transport: Opener, method: str, body: bytes | None, more: Mapping[str, str]
) -> None:
    """Escapes stay; what no URL may hold is escaped. Only gzip is asked for, and a cookie is never kept."""

    async def talk(peer: Peer) -> None:
        for _ in range(2):
            await peer.receive()
            await peer.send(HEAD + b"set-cookie: a=b\r\ncontent-length: 0\r\n\r\n")

    headers = {"authorization": "Bearer t"} | ({"content-type": "application/json"} if body else {})
    async with serving(talk) as server, transport() as hop:
        for _ in range(2):
            await hop(method, f"http://127.0.0.1:{server.port}/a%2Fb('%27')?$filter=a eq 'é'", headers, body, 5)
        expected = {"host": f"127.0.0.1:{server.port}", "accept-encoding": "gzip", "accept": "*/*", **headers, **more}
    for request in server.received:
        first, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        assert first == f"{method} /a%2Fb('%27')?$filter=a%20eq%20'%C3%A9' HTTP/1.1"
        sent = {name.lower(): value for name, value in (line.split(": ") for line in lines)}
        assert {name: value for name, value in sent.items() if name not in {"connection", "user-agent"}} == expected
