"""Each command that runs until it is told to go: it starts, answers, and goes in good order."""

import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from gateway.server import hold_off, listen
from tests.system.process import (
    END_SECONDS,
    Emulation,
    Gateway,
    Program,
    gateway_emulate,
    gateway_run,
    gateway_serve,
    until,
)

CREATE = 'mutation { createTenantTag(input: { displayName: "New" }) { displayName } }'
CREATED = {"data": {"createTenantTag": {"displayName": "New"}}}

SIGNALS = pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)


@contextmanager
def started(command: str) -> Iterator[tuple[Program, str]]:
    """The running command, and a URL at which it says that it is there."""
    if command == "emulate":
        with gateway_emulate() as emulation:
            yield emulation.program, f"{emulation.graph_url}/v1.0/$metadata"
    elif command == "run":
        with gateway_run() as running:
            yield running.program, running.url.replace("/graphql", "/health/ready")
    else:
        with gateway_serve() as gateway:
            yield gateway.program, gateway.url.replace("/graphql", "/health/ready")


def ask(connection: HTTPConnection, path: str) -> tuple[int, str | None]:
    """Status, and what becomes of the connection."""
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status, response.getheader("connection")


@contextmanager
def in_flight(gateway: Gateway, emulation: Emulation, delay_seconds: float) -> Iterator[Future[httpx.Response]]:
    """A create that Graph has received and answers only after the delay."""
    emulation.fail({"kind": "Delay", "seconds": delay_seconds})
    with ThreadPoolExecutor(1) as caller:
        answer = caller.submit(gateway.post, CREATE, token=emulation.graph_token)
        emulation.wait_for_calls(1)
        yield answer


@SIGNALS
@pytest.mark.parametrize("command", ["serve", "emulate", "run"])
def test_one_signal_ends_it(command: str, told: signal.Signals) -> None:
    """Exit code 0 within five seconds and no trace, even while a caller keeps its connection open."""
    with started(command) as (program, url), httpx.Client() as caller:
        assert caller.get(url).status_code == 200
        program.end(told)


def test_a_connection_waits_for_its_next_request() -> None:
    """Longer than the servers' usual five seconds, after which proxies would send requests into closed connections."""
    with gateway_serve() as gateway, closing(HTTPConnection(*gateway.address, timeout=END_SECONDS)) as caller:
        for pause_seconds in (0, 6):
            time.sleep(pause_seconds)
            caller.request("GET", "/health/live")
            assert caller.getresponse().read() == b'{"status":"live"}'


@SIGNALS
def test_a_write_in_flight_gets_its_answer(told: signal.Signals) -> None:
    """The process goes only after it; the create was sent once."""
    with gateway_emulate() as emulation, gateway_serve(emulation.settings) as gateway:
        with in_flight(gateway, emulation, 1) as answer:
            gateway.program.end(told)
            assert answer.result().json() == CREATED
        assert [(each["method"], each["status"]) for each in emulation.journal()] == [("POST", 201)]


def test_a_gateway_that_leaves_serves_on_until_proxies_have_gone() -> None:
    """From SIGTERM on it is not ready, takes connections still, and ends each with its next response."""
    drain_seconds = 2
    settings = {"GATEWAY_DRAIN_SECONDS": str(drain_seconds)}
    with gateway_serve(settings) as gateway, closing(HTTPConnection(*gateway.address, timeout=END_SECONDS)) as kept:
        assert ask(kept, "/health/ready") == (200, None)
        told = time.monotonic()
        gateway.program.process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(gateway.url.replace("/graphql", "/health/ready")).status_code == 503)
        assert ask(kept, "/health/live") == (200, "close")
        for path, status in (("/health/ready", 503), ("/graphql", 401)):
            with closing(HTTPConnection(*gateway.address, timeout=END_SECONDS)) as later:
                assert ask(later, path) == (status, "close")
        assert gateway.program.process.wait(timeout=END_SECONDS) == 0
        assert drain_seconds < time.monotonic() - told < drain_seconds + 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such filter")
def test_a_connection_begins_before_the_end_or_not_at_all() -> None:
    """One that waits to be accepted is, with what it has sent; a later one gets no answer, so its sender may go on."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as waiting:
        hold_off(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.2)
        waiting.sendall(b"POST")
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(4) == b"POST"


def test_ctrl_c_does_not_wait_for_proxies() -> None:
    """SIGINT comes from a person; a second signal of either kind ends a drain as well."""
    settings = {"GATEWAY_DRAIN_SECONDS": "300"}
    with gateway_serve(settings) as gateway:
        gateway.program.end(signal.SIGINT)
    with gateway_serve(settings) as gateway:
        gateway.program.process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(gateway.url.replace("/graphql", "/health/ready")).status_code == 503)
        gateway.program.process.send_signal(signal.SIGINT)
        assert gateway.program.process.wait(timeout=1) == -signal.SIGINT


@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_request_that_is_still_arriving_is_answered(command: str) -> None:
    """Its connection is closed with the answer."""
    with started(command) as (program, url):
        address = httpx.URL(url)
        assert address.port is not None
        with socket.create_connection((address.host, address.port), timeout=END_SECONDS) as caller:
            caller.sendall(b"POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-length: 2\r\n\r\n{")
            # A process that is going takes no more connections: then it has heard the signal.
            program.process.send_signal(signal.SIGTERM)
            _wait_until_closed((address.host, address.port))
            caller.sendall(b"}")
            answer = b"".join(iter(lambda: caller.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert program.process.wait(timeout=END_SECONDS) == 0


def test_the_emulator_ends_a_call_in_flight() -> None:
    """It answers if that is soon, or else drops the call: a fault may keep one waiting for an hour."""
    headers = {"content-type": "application/json"}
    for delay_seconds in (1, 60):
        with gateway_emulate() as emulation, ThreadPoolExecutor(1) as caller:
            emulation.fail({"kind": "Delay", "seconds": delay_seconds}, method="POST")
            url = f"{emulation.graph_url}/v1.0/tenantRelationships/managedTenants/tenantTags"
            answer = caller.submit(httpx.post, url, headers=headers, content=b"{}", timeout=20)
            emulation.wait_for_calls(1)
            emulation.program.end()
            if delay_seconds == 1:
                assert answer.result().status_code == 401
            else:
                assert isinstance(answer.exception(), httpx.RemoteProtocolError | httpx.ReadError)


def test_a_second_signal_kills() -> None:
    """Until what was in flight has ended, new callers are refused; whoever does not want to wait need not."""
    with (
        gateway_emulate() as emulation,
        gateway_serve(emulation.settings) as gateway,
        in_flight(gateway, emulation, 2) as answer,
    ):
        process = gateway.program.process
        process.send_signal(signal.SIGTERM)
        _wait_until_closed(gateway.address)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=1) == -signal.SIGTERM
        assert isinstance(answer.exception(), httpx.TransportError)


def test_metrics_have_a_port_of_their_own() -> None:
    """`GATEWAY_ADMIN_PORT` serves them to Prometheus; callers' port does not."""
    port = _free_port()
    with gateway_emulate() as emulation, gateway_serve({**emulation.settings, "GATEWAY_ADMIN_PORT": port}) as gateway:
        assert gateway.post(CREATE, token=emulation.graph_token).json() == CREATED
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'gateway_operations_total{code="OK",kind="mutation"} 1.0' in metrics
        assert 'gateway_graph_calls_total{method="POST",status="201"} 1.0' in metrics
        assert httpx.get(gateway.url.replace("/graphql", "/metrics")).status_code == 404


def test_a_log_line_of_a_process_has_no_token() -> None:
    """One JSON object a line, on standard error, and nothing on standard output."""
    with gateway_emulate() as emulation, gateway_serve(emulation.settings) as gateway:
        gateway.post(CREATE, token=emulation.graph_token, headers={"x-request-id": "nightly-report-42"})
        gateway.program.end()
        [line] = gateway.program.log_lines("operation")
        assert (line["request_id"], line["kind"], line["code"], line["graph_calls"]) == (
            "nightly-report-42",
            "mutation",
            "OK",
            1,
        )
        assert emulation.graph_token.rpartition(".")[2] not in gateway.program.errors
        assert gateway.program.output == ""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_an_idle_gateway_is_small() -> None:
    """Less than 100 MB of memory, so that a replica costs little."""
    with gateway_serve() as gateway:
        status = Path(f"/proc/{gateway.program.process.pid}/status").read_text(encoding="utf-8")
        [kilobytes] = re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert int(kilobytes) < 100_000


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def _wait_until_closed(address: tuple[str, int]) -> None:
    def is_closed() -> bool:
        try:
            socket.create_connection(address, timeout=1).close()
        except ConnectionRefusedError:
            return True
        return False

    until(is_closed)
