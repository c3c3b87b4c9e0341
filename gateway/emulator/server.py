"""The emulator on real sockets. A dropped connection is dropped here: the client sees it end without an answer."""

import asyncio
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


class QuietServer(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(emulator: Emulator, *, host: str, port: int = 0, entra_port: int = 0) -> AsyncIterator[Served]:
    """Serves Graph over HTTP and Entra over HTTPS while the block runs. Port 0 finds a free one."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="gateway-emulator-")))
        ca_file, server_file = await asyncio.to_thread(write_certificates, folder, host)
        graph_port = await stack.enter_async_context(_listening(emulator.graph, host=host, port=port))
        entra_port = await stack.enter_async_context(
            _listening(emulator.entra, host=host, port=entra_port, ssl_certfile=server_file)
        )
        shown = f"[{host}]" if ":" in host else host
        emulator.issuer.entra_url = f"https://{shown}:{entra_port}"
        yield Served(f"http://{shown}:{graph_port}", emulator.issuer.entra_url, ca_file)


@asynccontextmanager
async def _listening(app: ASGIApp, *, host: str, port: int, **options: Any) -> AsyncIterator[int]:
    """Serves one application; the value is its port."""
    config = uvicorn.Config(
        Cutting(app),
        host=host,
        port=port,
        http=CuttableProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        **options,
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
