"""`gateway …` commands as processes of their own, on ports that are free, and what the tests say to them."""

import json
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import httpx

START_SECONDS: Final = 20
END_SECONDS: Final = 5
"""A process that was told to go has gone after this time."""

T = TypeVar("T")

PUBLIC_APP: Final = "b7c1d0ce-95f8-4d5e-8f27-2f0a6c1e7d21"
"""The app that people sign in with at the emulator."""

COMMAND: Final = (sys.executable, "-m", "gateway")


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's own without settings of a gateway, and those given. No proxy is there that needs time to go."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return own | {"GATEWAY_DRAIN_SECONDS": "0"} | dict(settings or {})


def gateway(
    *arguments: str, settings: Mapping[str, str] | None = None, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command that ends by itself."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(settings),
        input=text,
        capture_output=True,
        check=False,
        text=True,
        timeout=START_SECONDS,
    )


def until(found: Callable[[], T | None]) -> T:
    """What the function finds, as soon as it finds something."""
    end = time.monotonic() + START_SECONDS
    while not (result := found()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
    return result


@dataclass(frozen=True)
class Program:
    """A command that runs until it is told to go."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(encoding="utf-8")

    @property
    def errors(self) -> str:
        return (self.folder / "errors").read_text(encoding="utf-8")

    def wait_for(self, pattern: str) -> str:
        """What the pattern's group finds in what the process says."""

        def found() -> str | None:
            assert self.process.poll() is None, self.errors
            match = re.search(pattern, self.output + self.errors, re.MULTILINE)
            return match and match[1]

        return until(found)

    def log_lines(self, message: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.errors.splitlines() if line.startswith("{")]
        return [line for line in lines if line["message"] == message]

    def end(self, told: signal.Signals = signal.SIGINT) -> None:
        """Tells the process to go, and sees that it does so in time, well and quietly."""
        self.process.send_signal(told)
        assert self.process.wait(timeout=END_SECONDS) == 0
        assert "Traceback" not in self.errors, self.errors


@contextmanager
def program(*arguments: str, settings: Mapping[str, str] | None = None) -> Iterator[Program]:
    """The running command, ended with the block if it has not ended before."""
    with TemporaryDirectory(prefix="gateway-tests-") as name:
        folder = Path(name)
        with (folder / "output").open("wb") as output, (folder / "errors").open("wb") as errors:
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                env=environment(settings),
                stdout=output,
                stderr=errors,
                stdin=subprocess.DEVNULL,
            )
        try:
            running = Program(process, folder)
            yield running
            if process.poll() is None:
                running.end()
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Gateway:
    """`gateway serve`; `url` is that of its endpoint."""

    program: Program
    url: str

    def post(
        self, document: str, variables: Mapping[str, Any] | None = None, *, token: str, **options: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", **options.pop("headers", {})}
        body = {"query": document, "variables": dict(variables or {})}
        return httpx.post(self.url, json=body, headers=headers, timeout=START_SECONDS, **options)

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.url)
        assert url.port is not None
        return url.host, url.port


@contextmanager
def gateway_serve(settings: Mapping[str, str] | None = None) -> Iterator[Gateway]:
    with program("serve", "--port", "0", settings=settings) as running:
        yield Gateway(running, running.wait_for(r'"listening","url":"([^"]+)"'))


@dataclass(frozen=True)
class Emulation:
    """`gateway emulate`, and what it tells: the settings of a gateway before it, and tokens for either mode."""

    program: Program
    settings: Mapping[str, str]
    graph_token: str
    gateway_token: str

    def app_id(self, role: str) -> str:
        """Of the app that has the role at the gateway."""
        return self._app(role)[0]

    def _app(self, role: str) -> tuple[str, str]:
        found = re.search(rf"^{re.escape(role)}: (\S+) (\S+)$", self.program.output, re.MULTILINE)
        assert found is not None
        return found[1], found[2]

    def app_token(self, role: str) -> str:
        """By client credentials, of the app that has the role at the gateway."""
        client_id, secret = self._app(role)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"api://{self.settings['GATEWAY_ENTRA_CLIENT_ID']}/.default",
        }
        url = f"{self.settings['GATEWAY_ENTRA_URL']}/{self.settings['GATEWAY_ENTRA_TENANT_ID']}/oauth2/v2.0/token"
        token: str = httpx.post(url, data=form, verify=self.trust).json()["access_token"]
        return token

    @property
    def trust(self) -> ssl.SSLContext:
        """Trusts the emulated Entra's certificate."""
        return ssl.create_default_context(cafile=self.settings["GATEWAY_CA_FILE"])

    @property
    def graph_url(self) -> str:
        return self.settings["GATEWAY_GRAPH_URL"]

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = httpx.get(f"{self.graph_url}/_emulator/journal").json()["value"]
        return entries

    def wait_for_calls(self, count: int) -> None:
        """Until so many calls have come."""
        until(lambda: len(self.journal()) >= count)

    def fail(self, *faults: Mapping[str, Any], method: str = "POST", times: int | None = 1) -> None:
        """The next calls of the method meet the faults, one after another."""
        rules = [{"method": method, "times": times, "fault": fault} for fault in faults]
        assert httpx.post(f"{self.graph_url}/_emulator/faults", json=rules).status_code == 201

    def revoke(self) -> None:
        """Whoever is signed in is so no more."""
        assert httpx.post(f"{self.graph_url}/_emulator/revoke").status_code == 204

    def reset(self) -> None:
        assert httpx.post(f"{self.graph_url}/_emulator/reset").status_code == 204


def browser(emulation: Emulation) -> str:
    """For the variable BROWSER: a person who signs in at the emulator's page at once."""
    script = [sys.executable, str(Path(__file__).with_name("browser.py")), emulation.settings["GATEWAY_CA_FILE"]]
    return f"{shlex.join(script)} %s &"


@contextmanager
def gateway_emulate(*options: str) -> Iterator[Emulation]:
    with program("emulate", "--port", "0", "--entra-port", "0", *options) as running:
        running.wait_for(r"(Ctrl-C stops)")
        exports = re.findall(r"^export (\w+)=(.*)$", running.output, re.MULTILINE)
        graph_token, gateway_token = re.findall(r"^(eyJ\S+)$", running.output, re.MULTILINE)
        settings = {name: shlex.split(value)[0] for name, value in exports}
        yield Emulation(running, settings, graph_token, gateway_token)


@dataclass(frozen=True)
class Running:
    """`gateway run`, and the `curl` line that it prints."""

    url: str
    curl: list[str]
    program: Program

    @property
    def token(self) -> str:
        header = next(each for each in self.curl if each.startswith("authorization: "))
        return header.removeprefix("authorization: Bearer ")


@contextmanager
def gateway_run(settings: Mapping[str, str] | None = None) -> Iterator[Running]:
    with program("run", "--port", "0", settings=settings) as running:
        running.wait_for("(Ctrl-C)")
        curl = running.wait_for("^(curl .*)$")
        yield Running(running.wait_for(r"Open (\S+)"), shlex.split(curl), running)
