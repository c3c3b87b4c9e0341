"""`HttpClient` over httpx, for MSAL and for Entra's metadata.

Throttling, outages and bodies that are no JSON end here: MSAL would have one person wait for another's throttling, and
log a broken body whole, tokens and all.
"""

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import orjson

from gateway.auth.entra import HttpResponse
from gateway.errors import ThrottledError, UpstreamUnavailableError
from gateway.tls import build_ssl_context, to_reason

HTTP_SECONDS: Final = 10.0
"""For each HTTP call: a thread cannot be cancelled, so none may hang for longer."""


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
