"""`Transport` over httpx: the one of `gateway check`, and the measure of the one that serves."""

import asyncio
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx

from gateway.graph.transport import (
    CONNECT_SECONDS,
    CONNECT_SHARE,
    GZIP,
    IDENTITY,
    KEEP_ALIVE_SECONDS,
    Answer,
    Body,
    LostError,
    NotSentError,
)
from gateway.tls import build_ssl_context


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
