"""One HTTP hop: complete answers come back as they are, everything else says whether the request left."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.graph.httpx_transport import HttpxTransport, build_client
from gateway.graph.transport import Answer, AnswerTooLargeError, LostError, NotSentError, TransportError
from gateway.tls import build_ssl_context
from tests.wire import Scripted, Wire

URL = "https://graph.microsoft.com/v1.0/x"
MOST = 1_000


def transport(wire: httpx.AsyncBaseTransport) -> HttpxTransport:
    return HttpxTransport(build_client(ca_file=None, connections=2, transport=wire), max_answer_bytes=MOST)


async def send(answer: Scripted, *, leaves: bool = True) -> Answer:
    return await transport(Wire(answer, leaves=leaves))("GET", URL, {}, None, 30)


async def failure(answer: Scripted, *, leaves: bool = True) -> TransportError:
    with pytest.raises(TransportError) as raised:
        await send(answer, leaves=leaves)
    return raised.value


def compressed(content: bytes) -> httpx.Response:
    return httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(content))


async def test_a_request_is_sent_as_it_is() -> None:
    """Method, URL, headers and body; the time it may take bounds each step, connecting a little more."""
    wire = Wire(httpx.Response(200))
    await transport(wire)("POST", f"{URL}?a=%2F'b'", {"authorization": "Bearer t"}, b"{}", 7.5)
    [request] = wire.requests
    assert (request.method, str(request.url), request.content) == ("POST", f"{URL}?a=%2F'b'", b"{}")
    assert request.headers["authorization"] == "Bearer t"
    assert request.extensions["timeout"] == {"connect": 6.75, "read": 7.5, "write": 7.5, "pool": 7.5}


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 308, 400, 401, 429, 500, 503, 599])
async def test_any_status_is_an_answer(status: int) -> None:
    """What it means is decided elsewhere; a redirect is never followed, for it would carry the token away."""
    wire = Wire(httpx.Response(status, headers={"Location": "https://elsewhere.example/"}, content=b"body"))
    answer = await transport(wire)("GET", URL, {}, None, 30)
    assert (answer.status, answer.headers["location"], answer.body) == (status, "https://elsewhere.example/", b"body")
    assert wire.seen == [f"GET {URL}"]


async def test_a_body_comes_decompressed() -> None:
    """Nobody behind the transport needs to know how it travelled."""
    assert (await send(compressed(b"plain"))).body == b"plain"


@pytest.mark.parametrize(
    "pack", [lambda content: httpx.Response(200, content=content), compressed], ids=["plain", "gzip"]
)
async def test_a_body_is_read_up_to_a_limit(pack: Any) -> None:
    """What counts is its size decompressed; the limit itself is still read."""
    assert len((await send(pack(b"x" * MOST))).body) == MOST
    error = await failure(pack(b"x" * (MOST + 1)))
    assert (type(error), str(error)) == (AnswerTooLargeError, "more than 1000 bytes")


@pytest.mark.parametrize(
    ("beginning", "headers"),
    [(b"", {}), (gzip.compress(b"{}"), {"content-encoding": "gzip"})],
    ids=["plain", "behind packed data"],
)
async def test_reading_ends_with_the_limit(beginning: bytes, headers: dict[str, str]) -> None:
    """A body without end costs no more than the limit, and its connection is closed."""
    sizes: list[int] = []

    class Endless(httpx.AsyncByteStream):
        closed = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield beginning
            while sum(sizes) < 100 * MOST:
                sizes.append(100)
                yield b"x" * 100

        async def aclose(self) -> None:
            self.closed = True

    stream = Endless()
    assert type(await failure(httpx.Response(200, headers=headers, stream=stream))) is AnswerTooLargeError
    assert (sum(sizes) <= MOST + 100, stream.closed) == (True, True)


def leaves(root: type[httpx.TransportError] = httpx.TransportError) -> Iterator[type[httpx.TransportError]]:
    for each in root.__subclasses__():
        yield from leaves(each) if each.__subclasses__() else [each]


@pytest.mark.parametrize("kind", list(leaves()), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("left", "outcome"), [(False, NotSentError), (True, LostError)], ids=["stayed", "left"])
async def test_a_failure_says_whether_the_request_left(
    kind: type[httpx.TransportError], left: bool, outcome: type[TransportError]
) -> None:
    """Of each of httpx's failures, told by its name alone: its text can hold the URL."""
    error = await failure(kind(f"at {URL}"), leaves=left)
    assert (type(error), str(error)) == (outcome, kind.__name__)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_cannot_be_decompressed_is_lost(encoding: str) -> None:
    """The request left; what it did is not known from that."""
    error = await failure(
        httpx.Response(200, headers={"content-encoding": encoding}, stream=httpx.ByteStream(b"not compressed"))
    )
    assert (type(error), str(error)) == (LostError, "DecodingError")


async def test_a_connection_that_breaks_in_the_body_is_lost() -> None:
    """Half an answer is none."""

    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise httpx.RemoteProtocolError("peer closed connection")

    error = await failure(httpx.Response(200, content=half()))
    assert (type(error), str(error)) == (LostError, "RemoteProtocolError")


@pytest.mark.parametrize(("left", "outcome"), [(False, NotSentError), (True, LostError)], ids=["stayed", "left"])
async def test_time_is_up_for_the_whole_exchange(left: bool, outcome: type[TransportError]) -> None:
    """However its steps add up; an answer that trickles in does not extend it."""

    async def never(request: httpx.Request) -> httpx.Response:
        if left:
            await request.extensions["trace"]("http2.send_request_headers.started", {})
        return await asyncio.Future[httpx.Response]()

    with pytest.raises(outcome, match=r"^TimeoutError$"):
        await transport(httpx.MockTransport(never))("GET", URL, {}, None, 0.01)


async def test_cookies_are_never_kept() -> None:
    """Neither Graph's nor a proxy's in between: one caller's would travel with another's request."""
    cookie = {"set-cookie": "session=1; Path=/; Domain=graph.microsoft.com"}
    wire = Wire(httpx.Response(200, headers=cookie), httpx.Response(302, headers=cookie), httpx.Response(200))
    hop = transport(wire)
    for _ in range(3):
        await hop("GET", URL, {}, None, 30)
    assert [request.headers.get("cookie") for request in wire.requests] == [None] * 3


async def test_an_answer_does_not_show_its_body() -> None:
    """It holds what belongs to callers, and reprs end up in logs."""
    assert "secret" not in repr(await send(httpx.Response(200, content=b"secret")))


def test_certificates_are_trusted_besides_the_systems_own(tmp_path: Path) -> None:
    """A proxy's own authority does not shut out the real Graph."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "proxy")])
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 11, 24)  # noqa: DTZ001 - X.509 means UTC
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "ca.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    plain, besides = (build_ssl_context(each).get_ca_certs() for each in (None, path))
    assert [each for each in besides if each not in plain] == [
        each for each in besides if each["subject"] == ((("commonName", "proxy"),),)
    ]
    assert len(besides) == len(plain) + 1
