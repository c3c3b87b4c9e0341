"""The gateway as a process: uvicorn with our choices of loop and parser, no access log, a bounded drain.

Told to go by SIGTERM, it first serves on for a while and says that it is leaving, so that proxies go elsewhere; SIGINT,
a person's Ctrl-C, skips this. Then it takes no more connections, ends what is in flight and returns normally. A second
signal kills it.
"""

import asyncio
import ctypes
import gc
import math
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import uvicorn
import uvloop
from prometheus_client import CollectorRegistry, make_asgi_app

from gateway.app import create_app
from gateway.page import Start
from gateway.protocol import HttpProtocol
from gateway.settings import Settings, SettingsError
from gateway.tracing import build_tracer_provider

SPARE_SECONDS: Final = 5
"""After the deadline of an operation, so that each in flight can end before the process goes."""

LAST_SECONDS: Final = 0.5
"""After a drain, for requests that are on their way on connections that have begun."""

IDLE_SECONDS: Final = 75
"""How long a connection may wait for the head of a request. Proxies and clients keep theirs for 60 seconds or less: if
they are the ones who close it, no request meets a connection that is just being closed."""

COLLECT_AT: Final = (20_000, 20, 50)
"""So many objects, and collections of the younger generations. An operation makes hundreds of objects and hardly any
cycle, so Python's own 700 would look for what is not there every few operations."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

SO_ATTACH_FILTER: Final = 26

DROP_SYN: Final = (
    (0x30, 0, 0, 13),  # load the byte with TCP's flags
    (0x45, 0, 1, 0x02),  # is SYN among them?
    (0x06, 0, 0, 0),  # yes: drop the packet
    (0x06, 0, 0, 0xFFFF_FFFF),  # no: let it through
)
"""As the kernel's `struct sock_filter`: operation, jumps if true and if false, operand."""


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
        http=HttpProtocol,
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
        server = Server(
            config,
            drain_seconds=settings.drain_seconds,
            on_started=lambda: on_started(url),
            on_told=app.health.leave,
        )
        await server.serve(sockets=[listener])


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
    """Says when it accepts connections and when it is told to go, drains, and leaves the exit code to its starter."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        drain_seconds: float,
        on_started: Callable[[], None],
        on_told: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._on_started = on_started
        self._on_told = on_told
        self._drains = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What exists now lives as long as the process: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(*COLLECT_AT)
        gc.enable()
        self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def go(told: signal.Signals) -> None:
            self._on_told()
            self._drains = told is signal.SIGTERM and self._drain_seconds > 0
            asyncio.get_running_loop().call_later(self._drain_seconds if self._drains else 0, self._end)

        with when_told(go):
            yield

    def _end(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._drains:
            for listener in sockets or ():
                hold_off(listener)
            await asyncio.sleep(LAST_SECONDS)
        await super().shutdown(sockets)


def hold_off(listener: socket.socket) -> None:
    """Lets no connection begin any more; those that have begun are still accepted. On Linux only.

    A listener that is closed resets the connections that it has not accepted yet, and no proxy may send a create twice.
    So before that a filter drops SYN packets: who sent them tries again, is refused, and goes elsewhere with nothing
    sent. https://docs.kernel.org/networking/filter.html
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in DROP_SYN))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(DROP_SYN), ctypes.addressof(program))
        )


@contextmanager
def when_told(go: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Calls `go` with the first SIGINT or SIGTERM within the block. A second one kills the process."""
    loop = asyncio.get_running_loop()

    def release() -> None:
        for each in SIGNALS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    def first(told: signal.Signals) -> None:
        release()
        go(told)

    for each in SIGNALS:
        loop.add_signal_handler(each, first, each)
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
        http=HttpProtocol,
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
