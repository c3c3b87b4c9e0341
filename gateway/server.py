"""The gateway as a process: uvicorn with our choices of loop and parser, no access log, a bounded drain.

Told to go by SIGINT or SIGTERM, it ends what is in flight and returns normally; a second signal ends it at once.
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import uvicorn
import uvloop
from prometheus_client import CollectorRegistry, start_http_server

from gateway.app import create_app
from gateway.page import Start
from gateway.settings import Settings, SettingsError
from gateway.tracing import configure_tracing

DRAIN_SECONDS: Final = 35
"""A little more than the default deadline, so that requests in flight can end."""


async def serve(
    settings: Settings, *, host: str, port: int, start: Start | None, on_started: Callable[[str], None]
) -> None:
    """Serves until told to go; metrics on the admin port if there is one.

    `on_started` gets the endpoint's URL once connections are accepted. Raises `SettingsError`.
    """
    registry = CollectorRegistry()
    configure_tracing(os.environ)
    app = create_app(settings, registry=registry, start=start)
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
    with ExitStack() as stack:
        if settings.admin_port is not None:
            stack.enter_context(_metrics(registry, host, settings.admin_port))
        await Server(config, on_started).serve()


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


class Server(uvicorn.Server):
    """Says when it accepts connections, and leaves the exit code to whoever started it."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What exists now lives as long as the process: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            port = self.servers[0].sockets[0].getsockname()[1]
            self._on_started(f"http://{host}:{port}/graphql")

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


@contextmanager
def _metrics(registry: CollectorRegistry, host: str, port: int) -> Iterator[None]:
    """Prometheus' `/metrics`, apart from the endpoint so that it need not be open to callers."""
    try:
        metrics, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise SettingsError([f"GATEWAY_ADMIN_PORT={port}: cannot be listened on ({error.strerror})"]) from None
    try:
        yield
    finally:
        metrics.shutdown()
        metrics.server_close()
        thread.join()
