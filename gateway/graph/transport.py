"""The HTTP hop: method, URL, headers, bytes, seconds → status, headers, bytes. Nothing here knows Microsoft Graph.

A failure says the one thing that matters to a write: was the request surely not sent (`NotSentError`), or may it have
arrived (`LostError`)? Redirects are never followed: they would carry the access token elsewhere.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Protocol

import httpx

from gateway.tls import build_ssl_context


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
    """`Transport` over one shared `httpx.AsyncClient`."""

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

        request = self._client.build_request(
            method, url, headers=headers, content=body, timeout=timeout_seconds, extensions={"trace": watch}
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._exchange(request)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            kind = LostError if sent else NotSentError
            raise kind(error.__class__.__name__) from error

    async def _exchange(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            chunks, size = [], 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._max_answer_bytes:
                    raise AnswerTooLargeError(f"more than {self._max_answer_bytes} bytes")
                chunks.append(chunk)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, b"".join(chunks))


def build_client(
    *, ca_file: Path | None, connections: int, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """The shared client.

    Keep-alive and connection limits are equal, because httpcore compares the former with all connections and would
    close and reopen the surplus all the time (encode/httpcore#1035).
    """
    return httpx.AsyncClient(
        verify=build_ssl_context(ca_file),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30),
        # One caller's cookies must never travel with another caller's request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        transport=transport,
    )
