"""uvicorn with our choices: fast loop and parser, no access log, a bounded drain, exit code 0 when told to go."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

DRAIN_SECONDS = 35
"""A little more than the default deadline, so that requests in flight can end."""


class Server(uvicorn.Server):
    """Says when it accepts connections, and ends normally on SIGINT and SIGTERM; a second signal ends it at once."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[int], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What exists now lives as long as the process: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            self._on_started(self.servers[0].sockets[0].getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for each in signals:
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in signals:
                loop.remove_signal_handler(each)


def build_server(app: ASGIApp, *, host: str, port: int, on_started: Callable[[int], None]) -> Server:
    """`on_started` gets the port once connections are accepted: the given one, or the one found for port 0."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        lifespan="on",
    )
    return Server(config, on_started)


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
