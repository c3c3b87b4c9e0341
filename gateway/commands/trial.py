"""The emulator of Microsoft Graph and Entra: alone, or with the gateway before it, for trying out."""

import asyncio
import json
import os
import shlex
import sys
from socket import socket
from tempfile import TemporaryDirectory
from typing import Final

import click
from dotenv import dotenv_values

from gateway.commands.options import HOST, PORT, PORT_RANGE
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP, App
from gateway.emulator.server import Served, serving
from gateway.emulator.tokens import GRAPH, SAMPLE_TENANT
from gateway.logs import configure_logging
from gateway.page import DOCUMENT, VARIABLES, Start
from gateway.resources.catalog import CATALOG, all_permissions
from gateway.server import listen, run, serve, when_told
from gateway.settings import Settings

DEMO_SECONDS: Final = 7 * 24 * 3600
"""How long the tokens of the emulator last: longer than anyone tries it out."""


@click.command("run")
@HOST
@PORT
def run_with_emulator(host: str, port: int) -> None:
    """Try it out: the gateway with an emulator of Microsoft Graph and Entra. Also reads settings from .env."""
    environ = {name: value for name, value in dotenv_values(".env").items() if value is not None} | dict(os.environ)
    own = {name: value for name, value in environ.items() if not name.startswith("GATEWAY_ENTRA_")}
    emulator = Emulator()

    async def both(graph: socket, entra: socket) -> None:
        async with serving(emulator, host="127.0.0.1", graph=graph, entra=entra) as served:
            settings = Settings.from_environ(store | own | _to_environ(emulator, served))
            if settings.auth_mode == "service-account":
                raise click.UsageError(
                    "For GATEWAY_AUTH_MODE=service-account take `gateway emulate`: somebody signs in."
                )
            token = _graph_token(emulator) if settings.auth_mode == "forward" else _gateway_token(emulator)
            with listen(host, port) as listener:
                configure_logging(style=settings.log_format, level=settings.log_level, stream=sys.stderr)
                await serve(
                    settings,
                    listener=listener,
                    host=host,
                    start=Start(token=token),
                    on_started=lambda url: click.echo(_welcome(url, token)),
                )

    with (
        listen("127.0.0.1", 0) as graph,
        listen("127.0.0.1", 0) as entra,
        TemporaryDirectory(prefix="gateway-") as folder,
    ):
        # Like the emulator's objects, keys are forgotten at the end.
        store = {"GATEWAY_STORE_URL": f"sqlite:///{folder}/store.db"}
        run(both(graph, entra))


@click.command("emulate")
@HOST
@click.option("--port", default=8001, show_default=True, type=PORT_RANGE, help="Port of Graph; 0 finds one.")
@click.option("--entra-port", default=8002, show_default=True, type=PORT_RANGE, help="Port of Entra; 0 finds one.")
@click.option(
    "--strict/--lenient", default=True, show_default=True, help="Refuse bodies that Graph's types do not foresee."
)
@click.option("--beta-only", is_flag=True, help="Have the namespace in beta only, as the public service does.")
def emulate(host: str, port: int, entra_port: int, strict: bool, beta_only: bool) -> None:
    """Serve the emulator of Microsoft Graph and Entra alone, and print how to use it."""
    emulator = Emulator(strict=strict, namespace_versions=("beta",) if beta_only else ("v1.0", "beta"))

    async def until_told(graph: socket, entra: socket) -> None:
        told = asyncio.Event()
        with when_told(lambda _: told.set()):
            async with serving(emulator, host=host, graph=graph, entra=entra) as served:
                click.echo(_introduction(emulator, served))
                await told.wait()

    with listen(host, port) as graph, listen(host, entra_port, option="--entra-port") as entra:
        run(until_told(graph, entra))


def _to_environ(emulator: Emulator, served: Served) -> dict[str, str]:
    """The settings of a gateway before the emulator."""
    secret = emulator.directory.apps[GATEWAY_APP].secret
    assert secret is not None
    return {
        "GATEWAY_GRAPH_URL": served.graph_url,
        "GATEWAY_CA_FILE": str(served.ca_file),
        "GATEWAY_ENTRA_URL": served.entra_url,
        "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
        "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
        "GATEWAY_ENTRA_CLIENT_SECRET": secret,
    }


def _graph_token(emulator: Emulator) -> str:
    permissions = all_permissions(CATALOG)
    return emulator.issuer.issue(audience=GRAPH, scopes=permissions, expires_in_seconds=DEMO_SECONDS)


def _gateway_token(emulator: Emulator) -> str:
    return emulator.issuer.issue(audience=GATEWAY_APP, scopes=["access_as_user"], expires_in_seconds=DEMO_SECONDS)


def _apps_with_roles(emulator: Emulator) -> list[App]:
    return [each for each in emulator.directory.apps.values() if each.roles]


def _introduction(emulator: Emulator, served: Served) -> str:
    exports = [f"export {name}={shlex.quote(value)}" for name, value in _to_environ(emulator, served).items()]
    return "\n".join(
        [
            f"Microsoft Graph: {served.graph_url}",
            f"Microsoft Entra: {served.entra_url}",
            "",
            "A gateway before them: gateway serve, with",
            "",
            *exports,
            "",
            "A token for Graph, for the mode forward:",
            "",
            _graph_token(emulator),
            "",
            "A token for the gateway, for the mode on-behalf-of (`gateway token` signs in for one too):",
            "",
            _gateway_token(emulator),
            "",
            "Apps that may call in the mode service-account, by client credentials with this id and secret:",
            "",
            *(f"{' '.join(each.roles)}: {each.client_id} {each.secret}" for each in _apps_with_roles(emulator)),
            "",
            "Ctrl-C stops.",
        ]
    )


def _welcome(url: str, token: str) -> str:
    body = json.dumps({"query": DOCUMENT, "variables": VARIABLES})
    headers = ("content-type: application/json", f"authorization: Bearer {token}")
    line = ["curl", "-s", url, *(part for header in headers for part in ("-H", header)), "-d", body]
    return f"\nOpen {url}\n\nor paste\n\n{shlex.join(line)}\n\nCtrl-C stops."
