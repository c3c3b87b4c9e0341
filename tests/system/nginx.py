"""A real nginx before two gateways, with the configuration that operators copy."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.system.process import START_SECONDS, Program, program, until

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
