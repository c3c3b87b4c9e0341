"""How each contender is started. The servers that had to be written are the other files here."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.server import free_port

HERE: Final = Path(__file__).parent
TAILCALL: Final = HERE.parent / "node_modules/@tailcallhq/core-linux-x64-gnu/bin/tailcall"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a contender runs. `directory`: for files of its own."""

    port: int
    graph_url: str
    ca_file: Path | None
    directory: Path

    @property
    def environ(self) -> dict[str, str]:
        """The same for all; certificates by the names that Python's and Node's libraries look for."""
        trusted = str(self.ca_file) if self.ca_file else ""
        names = {"CA_FILE": trusted, "SSL_CERT_FILE": trusted, "NODE_EXTRA_CA_CERTS": trusted}
        return {
            "PORT": str(self.port),
            "GRAPH_URL": self.graph_url,
            "NODE_ENV": "production",
            **(names if trusted else {}),
        }


Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contender:
    """`command`: of a setting. `cannot`: jobs that it does not do, and why.

    `has_bulk`: creates many in one field. `is_graphql`: if not, its answer is Graph's own. `trusts_ca_file`: if not,
    it trusts public certificate authorities only.
    """

    name: str
    title: str
    command: Callable[[Setting], Command]
    environ: Callable[[Setting], Mapping[str, str]] = field(default=lambda _: {})
    cannot: Mapping[str, str] = field(default_factory=dict)
    has_bulk: bool = False
    is_graphql: bool = True
    trusts_ca_file: bool = True


def _python(module: str) -> Callable[[Setting], Command]:
    return lambda _: (sys.executable, "-m", f"benchmarks.contenders.{module}")


def _node(file: str) -> Callable[[Setting], Command]:
    return lambda _: ("node", str(HERE / file))


def _gateway(setting: Setting) -> Command:
    return (sys.executable, "-m", "gateway", "serve", "--port", str(setting.port))


def _gateway_environ(setting: Setting) -> Mapping[str, str]:
    """As in production: JSON log lines, metrics. The token is forwarded. Budgets would be all that is measured."""
    return {
        "GATEWAY_GRAPH_URL": setting.graph_url,
        "GATEWAY_ADMIN_PORT": str(free_port()),
        "GATEWAY_GRAPH_BUDGETS": "false",
        "GATEWAY_LOG_FORMAT": "json",
        **({"GATEWAY_CA_FILE": str(setting.ca_file)} if setting.ca_file else {}),
    }


def _tailcall(setting: Setting) -> Command:
    text = (HERE / "tailcall.graphql").read_text()
    for name, value in {"PORT": str(setting.port), "GRAPH_URL": setting.graph_url}.items():
        text = text.replace(f"${name}", value)
    configuration = setting.directory / "tailcall.graphql"
    configuration.write_text(text)
    return (str(TAILCALL), "start", str(configuration))


CONTENDERS: Final = {
    contender.name: contender
    for contender in (
        Contender("ours", "this gateway", _gateway, _gateway_environ, has_bulk=True),
        Contender(
            "proxy",
            "Python proxy, no GraphQL",
            _python("proxy"),
            cannot={"odd": "it has no schema to tell of", "join": "one call to Graph is not enough"},
            is_graphql=False,
        ),
        Contender("textbook", "Strawberry + httpx, textbook", _python("textbook")),
        Contender("cached", "Strawberry with caches", _python("cached")),
        Contender("mercurius", "Mercurius with JIT", _node("mercurius.mjs")),
        Contender("apollo", "Apollo Server", _node("apollo.mjs")),
        Contender("yoga", "GraphQL Yoga", _node("yoga.mjs")),
        Contender(
            "tailcall",
            "Tailcall",
            _tailcall,
            lambda _: {"TAILCALL_TRACKER": "false"},
            cannot={"replay": "it passes the number on, against its schema"},
            trusts_ca_file=False,
        ),
    )
}
