"""The emulator on real sockets. A dropped connection is dropped here: the client sees it end without an answer."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.emulator.app import Emulator
from gateway.emulator.authority import write_certificates
from gateway.emulator.faults import ConnectionDroppedError

TRANSPORT: Final = "gateway.emulator.transport"
DRAIN_SECONDS: Final = 3
"""For calls in flight when the emulator goes: a fault may keep one waiting much longer."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where the emulator is. `ca_file` has the authority that signed Entra's certificate; it goes with the emulator."""

    graph_url: str
    entra_url: str
    ca_file: Path


class CuttableProtocol(HttpToolsProtocol):
    """Lets the application at the transport, so that it can cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[typeddict-unknown-key]


class Cutting:
    """Turns `ConnectionDroppedError` into the end of the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ConnectionDroppedError:
            transport: asyncio.Transport = scope[TRANSPORT]
            # What was sent so far still arrives; nothing follows it.
            transport.close()
            # Uvicorn answers 500 to a call without an answer, unless it knows that nobody is there any more. The
            # request was read, so what comes next is its caller's going.
            await receive()
        except asyncio.CancelledError:
            # The emulator goes. Uvicorn would log a trace.
            scope[TRANSPORT].abort()


class QuietServer(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    emulator: Emulator, *, host: str, graph: socket.socket, entra: socket.socket
) -> AsyncIterator[Served]:
    """Serves Graph over HTTP and Entra over HTTPS on the two listening sockets while the block runs."""
    shown = f"[{host}]" if ":" in host else host
    graph_url, entra_url = f"http://{shown}:{graph.getsockname()[1]}", f"https://{shown}:{entra.getsockname()[1]}"
    emulator.issuer.entra_url = entra_url
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="gateway-emulator-")))
        ca_file, server_file = await asyncio.to_thread(write_certificates, folder, host)
        await stack.enter_async_context(_serving(emulator.graph, graph))
        await stack.enter_async_context(_serving(emulator.entra, entra, ssl_certfile=server_file))
        yield Served(graph_url, entra_url, ca_file)


@asynccontextmanager
async def _serving(app: ASGIApp, listener: socket.socket, **options: Any) -> AsyncIterator[None]:
    """Serves one application. Who calls before it has started waits in the socket's queue."""
    config = uvicorn.Config(
        Cutting(app),
        http=CuttableProtocol,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        **options,
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
