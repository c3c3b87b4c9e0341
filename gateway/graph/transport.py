"""The HTTP hop: method, URL, headers, bytes, seconds → status, headers, bytes. Nothing here knows Microsoft Graph.

A failure says the one thing that matters to a write: was the request surely not sent (`NotSentError`), or may it have
arrived (`LostError`)? Redirects are never followed: they would carry the access token elsewhere.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from gateway.tls import build_ssl_context

CONNECT_SECONDS: Final = 10.0
CONNECT_SHARE: Final = 0.9
"""A connection that takes longer is given up while there may be time for another: nothing has been sent yet.

Also, time must not be up within the handshake: cancelled there, httpcore does not close the socket.
"""

KEEP_ALIVE_SECONDS: Final = 30

IDENTITY: Final = "identity"
GZIP: Final = "gzip"
"""With `identity`, which stands for none, the encodings that are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP response; the body is decompressed, header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class TransportError(Exception):
    """No complete answer came."""


class NotSentError(TransportError):
    """The request did not leave: nothing can have happened."""


class LostError(TransportError):
    """The request left, at least in part, and no complete answer came: anything can have happened."""


class AnswerTooLargeError(LostError):
    """More came than is read; asking again would bring the same."""


class Transport(Protocol):
    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> Answer: ...


class HttpxTransport:
    """`Transport` over one shared `httpx.AsyncClient`: the one of `gateway check`, whose behaviour is the measure."""

    def __init__(self, client: httpx.AsyncClient, *, max_answer_bytes: int) -> None:
        self._client = client
        self._max_answer_bytes = max_answer_bytes

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> Answer:
        sent = False

        async def watch(event: str, _: Mapping[str, Any]) -> None:
            # https://www.python-httpx.org/advanced/extensions/#trace
            nonlocal sent
            sent = sent or event.endswith("send_request_headers.started")

        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds * CONNECT_SHARE, CONNECT_SECONDS))
        request = self._client.build_request(
            method, url, headers=headers, content=body, timeout=timeout, extensions={"trace": watch}
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._exchange(request)
        except (httpx.TransportError, TimeoutError) as error:
            kind = LostError if sent else NotSentError
            raise kind(error.__class__.__name__) from error

    async def _exchange(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            body = Body(response.headers.get("content-encoding", IDENTITY), most=self._max_answer_bytes)
            async for chunk in response.aiter_raw():
                body.add(chunk)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, bytes(body.content))


class Body:
    """What comes of a body, decompressed. However well it was packed, no more than the limit is ever in memory."""

    def __init__(self, encoding: str, *, most: int) -> None:
        if encoding.lower() not in {IDENTITY, GZIP}:
            raise LostError("DecodingError")
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress if encoding.lower() == GZIP else None
        self._most = most
        self.content = bytearray()

    def add(self, chunk: bytes) -> None:
        room = self._most + 1 - len(self.content)
        try:
            self.content += self._unpack(chunk, room) if self._unpack else chunk
        except zlib.error:
            raise LostError("DecodingError") from None
        if len(self.content) > self._most:
            raise AnswerTooLargeError(f"more than {self._most} bytes")


def build_client(
    *, ca_file: Path | None, connections: int, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """The shared client.

    Keep-alive and connection limits are equal, because httpcore compares the former with all connections and would
    close and reopen the surplus all the time (encode/httpcore#1035).
    """
    return httpx.AsyncClient(
        verify=build_ssl_context(ca_file),
        limits=httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEEP_ALIVE_SECONDS
        ),
        # One caller's cookies must never travel with another caller's request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        headers={"accept-encoding": GZIP},
        transport=transport,
    )
