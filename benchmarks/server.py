"""A process that serves: found a port, started on a core, waited for, asked, stopped."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.002


class ServerError(Exception):
    """It does not start, or does not answer as it must."""


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int
    start_seconds: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"


NUMBER: Final = "@number@"
"""Stands in a body for a number that no two requests have in common."""


@dataclass(frozen=True, slots=True)
class Post:
    """A request as all get it."""

    headers: Mapping[str, str]
    body: bytes

    def numbered(self, number: int) -> bytes:
        return self.body.replace(NUMBER.encode(), str(number).encode())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], environ: Mapping[str, str], core: int, port: int, first: Post) -> Iterator[Server]:
    """The command, pinned to the core, from its first success on. What it prints goes nowhere, as fast as can be."""
    pinned = ["taskset", "--cpu-list", str(core), *command]
    started = time.monotonic()
    with subprocess.Popen(pinned, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            if not _wait_until_answering(process, port, first):
                stop(process)
                raise ServerError(_last_words(pinned, environ))
            yield Server(process.pid, port, time.monotonic() - started)
        finally:
            stop(process)


def ask(port: int, post: Post) -> tuple[int, bytes]:
    """Status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("POST", "/graphql", post.numbered(0), dict(post.headers))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def to_post(document: str, variables: Mapping[str, Any], operation_name: str, token: str) -> Post:
    body = {"query": document, "variables": variables, "operationName": operation_name}
    headers = {
        "accept": "application/json",
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
    }
    return Post(headers, json.dumps(body, separators=(",", ":")).encode())


def wait_until_open(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether connections are accepted; False if the process ends first, or takes too long."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(PAUSE_SECONDS)
        else:
            return True
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_answering(process: subprocess.Popen[bytes], port: int, post: Post) -> bool:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if ask(port, post)[0] == 200:
                return True
        except (OSError, HTTPException):
            pass
        time.sleep(PAUSE_SECONDS)
    return False


def _last_words(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Why it does not start: it is started once more, to be listened to."""
    try:
        said = subprocess.run(command, env=environ, capture_output=True, timeout=3, check=False)
    except subprocess.TimeoutExpired as late:
        words = (late.stdout or b"") + (late.stderr or b"")
    else:
        words = said.stdout + said.stderr
    said_last = " ".join(words.decode(errors="replace").split())[-300:]
    return f"does not answer, and says: {said_last or 'nothing'}"
