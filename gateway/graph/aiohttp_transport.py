"""`Transport` over aiohttp: the one that serves."""

import asyncio
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

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
    TransportError,
)
from gateway.tls import build_ssl_context

HEADERS: Final = {"accept": "*/*", "accept-encoding": GZIP}

NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError)
"""Raised only while a request has no connection yet.

https://docs.aiohttp.org/en/stable/client_reference.html#client-exceptions
"""

TURNS_TO_HEAR_OF_AN_END: Final = 2
"""So many turns of the loop after a server has closed a kept connection, also one with TLS, it is not used again."""

IN_A_URL: Final = "%/:?#[]@!$&'()*+,;=~"
"""Left as it is, like letters and digits: https://www.rfc-editor.org/rfc/rfc3986#section-2"""


class AiohttpTransport:
    """`Transport` over one shared `aiohttp.ClientSession`, which is open within `async with`."""

    def __init__(self, *, ca_file: Path | None, connections: int, max_answer_bytes: int) -> None:
        # Without a file aiohttp's own will do: it has read the system's certificates when it was loaded.
        self._ssl_context = True if ca_file is None else build_ssl_context(ca_file)
        self._connections = connections
        self._max_answer_bytes = max_answer_bytes
        self._proxies = {
            scheme: proxy if "://" in proxy else f"http://{proxy}" for scheme, proxy in getproxies().items()
        }

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=self._ssl_context, limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS
            ),
            # One caller's cookies must never travel with another caller's request.
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["content-type"],
            auto_decompress=False,
            middlewares=[_once],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> Answer:
        target = URL(quote(url, safe=IN_A_URL), encoded=True)
        # Whoever has no connection by then hears of it as such, before time is up for the whole exchange.
        connect = timeout_seconds * CONNECT_SHARE
        timeout = aiohttp.ClientTimeout(connect=connect, sock_connect=CONNECT_SECONDS, ceil_threshold=inf)
        for _ in range(TURNS_TO_HEAR_OF_AN_END):
            await asyncio.sleep(0)
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._session.request(
                    method,
                    target,
                    headers={**HEADERS, **headers},
                    data=body,
                    allow_redirects=False,
                    proxy=self._find_proxy(target),
                    timeout=timeout,
                ) as response,
            ):
                return await self._read(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _to_failure(error) from None

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
        """As the standard variables say; aiohttp's own search starts a thread for each request, and reads `.netrc`."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        return None if proxy is None or proxy_bypass(url.host or "") else proxy


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """No request is sent twice.

    aiohttp sends GET, PUT and DELETE again when it sees that a connection broke which had been used before.
    """
    try:
        return await handler(request)
    except aiohttp.ClientError as error:
        raise _to_failure(error) from None


def _to_failure(error: Exception) -> TransportError:
    """Says the class alone, and goes without a cause: aiohttp's errors hold the URL and the request's headers."""
    kind = NotSentError if isinstance(error, NOT_SENT) else LostError
    return kind(error.__class__.__name__)
