"""`gateway run` as a process of its own, on a port that is free."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Running:
    url: str
    curl: list[str]
    process: subprocess.Popen[str]

    @property
    def token(self) -> str:
        header = next(each for each in self.curl if each.startswith("authorization: "))
        return header.removeprefix("authorization: Bearer ")


@contextmanager
def gateway_run() -> Iterator[Running]:
    """The running gateway; it must end with exit code 0 when it is interrupted."""
    command = [sys.executable, "-m", "gateway", "run", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, "it ended before it was ready"
        said += line
    url = re.search(r"Open (\S+)", said)
    curl = re.search(r"^curl .*$", said, re.MULTILINE)
    assert url is not None
    assert curl is not None
    try:
        yield Running(url[1], shlex.split(curl[0]), process)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)
        process.stdout.close()
    assert code == 0
