"""`Transport` over aiohttp: the one that serves."""

import asyncio
from asyncio import timeout
from collections.abc import Mapping
from http.cookiejar import CookieJar
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Final, Self
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from gateway.graph.transport import (
    GZIP,
    IDENTITY,
    KEEP_ALIVE_SECONDS,
    Answer,
    Body,
    LostError,
    NotSentError,
    TransportError,
    connect_seconds,
)
from gateway.tls import build_ssl_context

AS_IT_IS: Final = "%/:?#[]@!$&'()*+,;=~"
"""What a URL may consist of besides letters and digits, escapes included: https://www.rfc-editor.org/rfc/rfc3986#section-2"""


class AiohttpTransport:
    """`Transport` over one shared `aiohttp.ClientSession`, which is open within `async with`."""

    def __init__(self, *, ca_file: Path | None, connections: int, max_answer_bytes: int) -> None:
        self._ssl_context = build_ssl_context(ca_file)
        self._connections = connections
        self._max_answer_bytes = max_answer_bytes
        self._proxies = getproxies()

    async def __aenter__(self) -> Self:
        # https://docs.aiohttp.org/en/stable/tracing_reference.html: a connection is there, and the request leaves next.
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_leaves)
        trace.on_connection_reuseconn.append(_leaves)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=self._ssl_context, limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS
            ),
            # One caller's cookies must never travel with another caller's request.
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"accept": "*/*", "accept-encoding": GZIP},
            skip_auto_headers=["content-type"],
            auto_decompress=False,
            trace_configs=[trace],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> Answer:
        watch = _Watch()
        target = URL(quote(url, safe=AS_IT_IS), encoded=True)
        try:
            async with (
                timeout(timeout_seconds),
                self._session.request(
                    method,
                    target,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    proxy=self._find_proxy(target),
                    timeout=aiohttp.ClientTimeout(sock_connect=connect_seconds(timeout_seconds), ceil_threshold=inf),
                    middlewares=(watch.once,),
                    trace_request_ctx=watch,
                ) as response,
            ):
                return await self._read(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise watch.failure(error) from error

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        headers: dict[str, str] = {}
        for raw_name, raw_value in response.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        body = Body(headers.get("content-encoding", IDENTITY), most=self._max_answer_bytes)
        async for chunk in response.content.iter_any():
            body.add(chunk)
        return Answer(response.status, headers, bytes(body.content))

    def _find_proxy(self, url: URL) -> str | None:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        return None if proxy is None or proxy_bypass(url.host or "") else proxy


class _Watch:
    """One exchange."""

    sent = False

    def failure(self, error: Exception) -> TransportError:
        return (LostError if self.sent else NotSentError)(error.__class__.__name__)

    async def once(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """aiohttp sends GET, PUT and DELETE again when a connection that it kept breaks: not if it does not see that."""
        try:
            return await handler(request)
        except aiohttp.ClientError as error:
            raise self.failure(error) from error


async def _leaves(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.sent = True
