"""Two gateways behind nginx are restarted one after the other under load, and no caller notices."""

import asyncio
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import httpx

from tests.system.process import START_SECONDS, Program, gateway_emulate, program, until

CONFIGURATION = Path(__file__).parents[2] / "deploy/nginx/gateway.conf"

MAIN = """
error_log {folder}/error.log;
pid {folder}/nginx.pid;
daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/gateway.conf;
}}
"""

DRAIN_SECONDS = "5"
"""The default, for which the configuration is written."""

CONNECTIONS = 16
"""Each with one request at a time; every other one creates."""

CREATE = "mutation ($name: String!) { createTenantTag(input: { displayName: $name }) { id displayName } }"
READ = '{ tenantTag(id: "nobody") { id } }'


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


@contextmanager
def nginx(folder: Path, port: int, replicas: list[int]) -> Iterator[str]:
    """The file that operators copy, with other ports: the URL at which it listens."""
    ports = {"8000": port, "8001": replicas[0], "8002": replicas[1]}
    text = re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda match: str(ports[match[0]]), CONFIGURATION.read_text("utf-8"))
    (folder / "gateway.conf").write_text(text, encoding="utf-8")
    main = MAIN.format(folder=folder) + ("user root;\n" if os.geteuid() == 0 else "")
    (folder / "nginx.conf").write_text(main, encoding="utf-8")
    errors = folder / "error.log"
    process = subprocess.Popen(
        ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(errors)],
        env={"PATH": f"{os.environ['PATH']}:/usr/sbin"},  # Debian does not have it on everybody's
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _answers(f"{url}/health/live"))
        assert process.poll() is None, errors.read_text("utf-8")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def replica(port: int, settings: Mapping[str, str]) -> Iterator[Program]:
    with program("serve", "--port", str(port), settings=settings) as running:
        running.wait_for('("listening")')
        yield running


@dataclass
class Load:
    """What callers sent, and what they were told."""

    url: str
    token: str
    created: list[str] = field(default_factory=list)
    reads: int = 0
    failures: list[str] = field(default_factory=list)
    is_over: bool = False

    async def run(self) -> None:
        """Until it is over: as many requests as are answered."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        headers = {"authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
            await asyncio.gather(*(self._caller(http, number) for number in range(CONNECTIONS)))

    async def _caller(self, http: aiohttp.ClientSession, number: int) -> None:
        count = 0
        while not self.is_over:
            count += 1
            if number % 2:
                self.reads += await self._ask(http, {"query": READ}, '{"data":{"tenantTag":null}}')
            else:
                name = f"{number}-{count}"
                await self._ask(http, {"query": CREATE, "variables": {"name": name}}, f'"displayName":"{name}"')
                self.created.append(name)

    async def _ask(self, http: aiohttp.ClientSession, body: Mapping[str, object], expected: str) -> bool:
        try:
            async with http.post(self.url, json=body) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            text = repr(error)
        if expected not in text:
            self.failures.append(text)
        return expected in text


async def test_no_request_fails_while_replicas_are_restarted(tmp_path: Path) -> None:
    """Each create happens once, whichever replica it met, with the configuration that operators copy."""
    [port, *replicas] = free_ports(3)
    with gateway_emulate() as emulation, ExitStack() as stack:
        settings = {**emulation.settings, "GATEWAY_DRAIN_SECONDS": DRAIN_SECONDS}
        programs = [stack.enter_context(replica(each, settings)) for each in replicas]
        load = Load(stack.enter_context(nginx(tmp_path, port, replicas)) + "/graphql", emulation.graph_token)

        def restart(replica_port: int, before: Program) -> None:
            before.process.send_signal(signal.SIGTERM)
            assert before.process.wait(timeout=START_SECONDS) == 0
            after = stack.enter_context(replica(replica_port, settings))
            until(lambda: len(after.log_lines("operation")) > CONNECTIONS)

        callers = asyncio.create_task(load.run())
        try:
            for replica_port, before in zip(replicas, programs, strict=True):
                await asyncio.to_thread(restart, replica_port, before)
        finally:
            load.is_over = True
            await callers
        assert load.failures == []
        sent = [each["body"]["displayName"] for each in emulation.journal() if each["method"] == "POST"]
        assert sorted(sent) == sorted(load.created)
        assert load.reads > CONNECTIONS
