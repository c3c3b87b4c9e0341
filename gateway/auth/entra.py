"""The hop to Microsoft Entra: blocking HTTP, as MSAL makes it, in a few worker threads and under a deadline.

`HttpClient` is the seam. Throttling, outages and bodies that are no JSON end here: MSAL would have one person wait for
another's throttling, and log a broken body whole, tokens and all.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

import httpx
import orjson

from gateway.clock import Deadline
from gateway.errors import DeadlineExceededError, ThrottledError, UpstreamUnavailableError
from gateway.tls import build_ssl_context, to_reason

Json = Any
"""What `json` decodes to: the one place where a type is not known."""

T = TypeVar("T")

HTTP_SECONDS: Final = 10.0
"""For each HTTP call: a thread cannot be cancelled, so none may hang for longer."""

WORKERS: Final = 8
"""Exchanges that run at a time; more wait their turn until their deadline."""


class HttpResponse(Protocol):
    """What MSAL reads of a response."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class HttpClient(Protocol):
    """What MSAL needs of an HTTP client: https://msal-python.readthedocs.io/en/latest/#msal.ClientApplication."""

    def get(
        self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> HttpResponse: ...

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> HttpResponse: ...

    def close(self) -> None: ...


class HttpxClient:
    """`HttpClient` over httpx. Its answers are all JSON objects; whatever else comes is a `GatewayError`."""

    def __init__(self, *, ca_file: Path | None, transport: httpx.BaseTransport | None = None) -> None:
        transport = transport or httpx.HTTPTransport(verify=build_ssl_context(ca_file), retries=1)
        self._client = httpx.Client(
            transport=transport,
            timeout=HTTP_SECONDS,
            # What Entra tells of one person must never travel with another's exchange.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )

    def get(self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **_: Any) -> HttpResponse:
        return self._send(self._client.build_request("GET", url, params=params, headers=headers))

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> HttpResponse:
        """`data` is a dict with texts and bytes in it; httpx itself would send bytes by their repr."""
        form = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._send(self._client.build_request("POST", url, params=params, content=urlencode(data), headers=form))

    def close(self) -> None:
        self._client.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._client.send(request)
        except httpx.HTTPError as failure:
            raise UpstreamUnavailableError(
                f"Microsoft Entra cannot be reached ({to_reason(failure)}); nothing was sent to Graph.",
                hint="Check GATEWAY_ENTRA_URL, GATEWAY_CA_FILE, and the way from the gateway to there.",
            ) from failure
        if response.status_code == 429:
            wait = response.headers.get("retry-after", "")
            raise ThrottledError(
                "Microsoft Entra is throttling this gateway; nothing was sent to Graph.",
                retry_after_seconds=int(wait) if wait.isdecimal() and wait.isascii() else None,
            )
        if response.status_code >= 500 or not _is_json_object(response.content):
            raise UpstreamUnavailableError(
                f"Microsoft Entra answered {response.status_code} without a usable body; nothing was sent to Graph."
            )
        return response


def _is_json_object(content: bytes) -> bool:
    try:
        return isinstance(orjson.loads(content), dict)
    except orjson.JSONDecodeError:
        return False


class Entra:
    """Runs blocking calls to Entra. `close` lets running ones end by their own time-out."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="entra")

    async def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        """What the work returns; raises `GatewayError`, also when time is up."""
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        except TimeoutError:
            raise DeadlineExceededError(
                "Microsoft Entra did not answer within the time for the operation; nothing was sent to Graph."
            ) from None

    async def read(self, url: str, deadline: Deadline) -> tuple[int, dict[str, Json]]:
        """Status and JSON object at the URL."""
        response = await self.run(lambda: self.http.get(url, headers={"accept": "application/json"}), deadline)
        return response.status_code, orjson.loads(response.text)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.http.close()
