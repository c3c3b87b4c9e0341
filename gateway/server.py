"""The gateway as a process: uvicorn with our choices of loop and parser, no access log, a bounded drain.

Told to go by SIGINT or SIGTERM, it ends what is in flight and returns normally; a second signal kills it.
"""

import asyncio
import gc
import math
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Final

import uvicorn
import uvloop
from prometheus_client import CollectorRegistry, make_asgi_app

from gateway.app import create_app
from gateway.page import Start
from gateway.settings import Settings, SettingsError
from gateway.tracing import build_tracer_provider

SPARE_SECONDS: Final = 5
"""After the deadline of an operation, so that each in flight can end before the process goes."""

IDLE_SECONDS: Final = 75
"""How long a connection may wait for its next request. Proxies and clients keep theirs for 60 seconds or less: if they
are the ones who close it, no request meets a connection that is just being closed."""

COLLECT_AT: Final = (20_000, 20, 50)
"""So many objects, and collections of the younger generations. An operation makes hundreds of objects and hardly any
cycle, so Python's own 700 would look for what is not there every few operations."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def serve(
    settings: Settings, *, listener: socket.socket, host: str, start: Start | None, on_started: Callable[[str], None]
) -> None:
    """Serves on the listening socket until told to go; metrics on the host's admin port if there is one.

    `on_started` gets the endpoint's URL once connections are accepted. Raises `SettingsError`.
    """
    gc.disable()  # until all is there: nothing of it is garbage
    registry = CollectorRegistry()
    app = create_app(settings, registry=registry, start=start, tracer_provider=build_tracer_provider(os.environ))
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.deadline_seconds) + SPARE_SECONDS,
        lifespan="on",
    )
    async with AsyncExitStack() as stack:
        if settings.admin_port is not None:
            await stack.enter_async_context(_metrics(registry, host, settings.admin_port))
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}/graphql"
        await Server(config, lambda: on_started(url)).serve(sockets=[listener])


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket; port 0 finds a free one. Raises `SettingsError` that names the option to change."""
    try:
        return _listener(host, port)
    except OSError as error:
        fault = (
            f"{host}:{port} cannot be listened on ({_reason(error)}): choose another address with --host or {option}"
        )
        raise SettingsError([fault]) from None


def _listener(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def _reason(error: OSError) -> str:
    """Without the address, which Python adds in its own notation."""
    return str(error.strerror).partition(" (while")[0]


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


class Server(uvicorn.Server):
    """Says when it accepts connections, and leaves the exit code to whoever started it."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What exists now lives as long as the process: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(*COLLECT_AT)
        gc.enable()
        self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def go() -> None:
            self.should_exit = True

        with when_told(go):
            yield


@contextmanager
def when_told(go: Callable[[], None]) -> Iterator[None]:
    """Calls `go` at the first SIGINT or SIGTERM within the block. A second one kills the process."""
    loop = asyncio.get_running_loop()

    def release() -> None:
        for each in SIGNALS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    def first() -> None:
        release()
        go()

    for each in SIGNALS:
        loop.add_signal_handler(each, first)
    try:
        yield
    finally:
        release()


@asynccontextmanager
async def _metrics(registry: CollectorRegistry, host: str, port: int) -> AsyncIterator[None]:
    """Prometheus' `/metrics`, apart from the endpoint so that it need not be open to callers."""
    try:
        listener = _listener(host, port)
    except OSError as error:
        raise SettingsError([f"GATEWAY_ADMIN_PORT={port}: cannot be listened on ({_reason(error)})"]) from None
    config = uvicorn.Config(
        make_asgi_app(registry),
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SPARE_SECONDS,
        lifespan="off",
    )
    server = MetricsServer(config)
    with listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


class MetricsServer(uvicorn.Server):
    """Ends when it is told so, not by a signal."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
