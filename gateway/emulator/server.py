"""The emulator on a real socket. A dropped connection is dropped here: the client sees it end without an answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.emulator.app import Emulator
from gateway.emulator.faults import ConnectionDroppedError

TRANSPORT: Final = "gateway.emulator.transport"


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
async def serving(emulator: Emulator, *, host: str, port: int) -> AsyncIterator[str]:
    """Serves the emulated Graph while the block runs; the value is its root URL. Port 0 finds a free one."""
    config = uvicorn.Config(
        Cutting(emulator.graph),
        host=host,
        port=port,
        http=CuttableProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    try:
        yield f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
