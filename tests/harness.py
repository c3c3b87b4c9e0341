"""The real application over the emulator, in one process: what tests send, and what Microsoft Graph received.

Every token and every secret that a test plants is a canary: no response and no log line of the suite may show one.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.app import Gateway, create_app
from gateway.auth.httpx_client import HttpxClient
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP
from gateway.emulator.faults import ConnectionDroppedError
from gateway.emulator.tokens import TokenIssuer
from gateway.graph.httpx_transport import HttpxTransport, build_client
from gateway.logs import JsonFormatter, TextFormatter
from gateway.resources.catalog import CATALOG, all_permissions
from gateway.settings import Settings

GRAPH_URL = "https://graph.microsoft.com"
SCOPES = tuple(sorted(all_permissions(CATALOG)))


ISSUER = TokenIssuer()
"""Shared by all tests: making a signing key takes a tenth of a second."""

COMPILED = os.environ.get("TESTS_COMPILED", "true")
"""Whether operations are compiled; the whole suite holds either way."""

CANARIES: set[str] = set()
"""Texts that must never come out. Tokens count by their signature, so that a part of one is found too."""


def planted(secret: str) -> str:
    """The secret, from now on looked for in everything that comes out."""
    CANARIES.add(secret.rpartition(".")[2] or secret)
    return secret


def assert_no_canary(text: str) -> None:
    assert not [canary for canary in CANARIES if canary in text]


class CanaryWatch(logging.Handler):
    """Looks for canaries in all that is logged, in both formats and with traces."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [JsonFormatter().format(record), TextFormatter().format(record)]


class InProcess(httpx.AsyncBaseTransport):
    """Hands requests to an ASGI application as httpcore would: it tells when a request leaves."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if trace := request.extensions.get("trace"):
            await trace("http11.send_request_headers.started", {})
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionDroppedError as error:
            raise httpx.ReadError("the connection was closed", request=request) from error


class BlockingInProcess(httpx.BaseTransport):
    """The same for a caller in a worker thread, as MSAL is."""

    def __init__(self, app: Any) -> None:
        self._inner = InProcess(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answered() -> httpx.Response:
            response = await self._inner.handle_async_request(request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            content = b"".join([chunk async for chunk in response.stream])
            return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(content))

        return asyncio.run(answered())


class Harness:
    """One gateway before one emulator."""

    def __init__(self, app: Gateway, emulator: Emulator) -> None:
        self.app = app
        self.emulator = emulator
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://gateway.test",
            event_hooks={"response": [_check_response]},
        )
        self.token = self.graph_token()

    def gateway_token(self, **claims: Any) -> str:
        """A delegated token for the gateway itself, as `on-behalf-of` wants it."""
        return planted(self.emulator.issuer.issue(**{"audience": GATEWAY_APP, "scopes": ["access_as_user"], **claims}))

    def graph_token(self, *scopes: str, **claims: Any) -> str:
        """A delegated token for Graph; without scopes named, one that may do everything."""
        return planted(self.emulator.issuer.issue(audience=GRAPH_URL, scopes=scopes or SCOPES, **claims))

    async def post(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> httpx.Response:
        """The HTTP response to a GraphQL request, sent with the token `as_`."""
        return await self.http.post(
            "/graphql",
            json={"query": document, "variables": dict(variables or {}), **members},
            headers={
                "accept": "application/graphql-response+json",
                "authorization": f"Bearer {as_ or self.token}",
                **(headers or {}),
            },
        )

    async def execute(self, document: str, variables: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """The decoded body of the response."""
        return (await self.post(document, variables, **options)).json()

    @property
    def sent(self) -> list[str]:
        """Method and path of every request that Graph received, in order; a batch is followed by its items."""
        return [f"{entry.method} {entry.path}" for entry in self.emulator.journal]

    @property
    def calls(self) -> list[str]:
        """The same of HTTP calls alone."""
        return [f"{entry.method} {entry.path}" for entry in self.emulator.journal if entry.item is None]


async def _check_response(response: httpx.Response) -> None:
    assert_no_canary(f"{response.headers} {(await response.aread()).decode(errors='replace')}")


@asynccontextmanager
async def running(
    environ: Mapping[str, str] | None = None,
    *,
    emulator: Emulator | None = None,
    wire: httpx.AsyncBaseTransport | None = None,
    **seams: Any,
) -> AsyncIterator[Harness]:
    """A gateway with the given `GATEWAY_…` variables. `wire` is what answers in the emulator's place."""
    # Budgets would hold back what many tests do at once; those about budgets ask for them.
    usual = {"GATEWAY_COMPILED": COMPILED, "GATEWAY_GRAPH_BUDGETS": "false"}
    settings = Settings.from_environ(usual | dict(environ or {}))
    emulator = emulator or Emulator(issuer=ISSUER)
    client = build_client(ca_file=None, connections=10, transport=wire or InProcess(emulator.graph))
    transport = HttpxTransport(client, max_answer_bytes=settings.max_answer_bytes)
    entra_http = HttpxClient(ca_file=None, transport=BlockingInProcess(emulator.entra))
    app = create_app(settings, transport=transport, entra_http=entra_http, **seams)
    harness = Harness(app, emulator)
    async with app.starlette.router.lifespan_context(app.starlette), harness.http, client:
        yield harness
