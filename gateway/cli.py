"""The command line: parse, call, exit code. 2 stands for wrong usage or settings, 1 for a check that failed."""

import asyncio
import json
import logging
import os
import shlex
import sys
from contextlib import closing
from socket import socket
from typing import Any, TextIO

import click
from cryptography.fernet import Fernet
from dotenv import dotenv_values

from gateway import __version__
from gateway.auth.entra import HttpxClient
from gateway.clock import SystemClock
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP
from gateway.emulator.server import Served, serving
from gateway.emulator.tokens import GRAPH, SAMPLE_TENANT
from gateway.graph.transport import build_client
from gateway.logs import configure_logging
from gateway.page import DOCUMENT, VARIABLES, Start
from gateway.resources.catalog import CATALOG, all_permissions, offered
from gateway.schema.printing import print_sdl
from gateway.server import listen, run, serve, when_told
from gateway.settings import Settings, SettingsError, to_markdown, warnings
from gateway.tools.check import Checks, Finding, Outcome
from gateway.tools.commands import COMMANDS
from gateway.tools.sign_in import SignInError, sign_in

log = logging.getLogger("gateway")

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT_RANGE = click.IntRange(0, 65535)
PORT = click.option("--port", default=8000, show_default=True, type=PORT_RANGE, help="Port to listen on; 0 finds one.")

DEVICE_CODE = click.option(
    "--device-code", is_flag=True, help="Sign in with a code on any device, not with a browser here."
)
CLIENT_ID = click.option("--client-id", help="App to sign in with. Default: GATEWAY_ENTRA_CLIENT_ID.")

DEMO_SECONDS = 7 * 24 * 3600
"""How long the tokens of the emulator last: longer than anyone tries it out."""


class Commands(click.Group):
    """Settings that cannot be used end a command: a line for each fault, exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            for fault in error.faults:
                click.echo(fault, err=True)
            raise SystemExit(2) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="managed-tenants-gateway")
def main() -> None:
    """A GraphQL gateway in front of Microsoft Graph's managedTenants API.

    Settings are GATEWAY_… environment variables; `gateway settings` lists them.
    """


for each in COMMANDS:
    main.add_command(each)


@main.command("serve")
@HOST
@PORT
def serve_gateway(host: str, port: int) -> None:
    """Serve the gateway before Microsoft Graph."""
    settings = Settings.from_environ(os.environ)
    with listen(host, port) as listener:
        configure_logging(style=settings.log_format, level=settings.log_level, stream=sys.stderr)
        for doubt in warnings(settings):
            log.warning(doubt)

        def started(url: str) -> None:
            log.info("listening", extra={"fields": {"url": url}})

        run(serve(settings, listener=listener, host=host, start=None, on_started=started))


@main.command("run")
@HOST
@PORT
def run_with_emulator(host: str, port: int) -> None:
    """Try it out: the gateway with an emulator of Microsoft Graph and Entra. Also reads settings from .env."""
    environ = {name: value for name, value in dotenv_values(".env").items() if value is not None} | dict(os.environ)
    own = {name: value for name, value in environ.items() if not name.startswith("GATEWAY_ENTRA_")}
    emulator = Emulator()

    async def both(listener: socket, graph: socket, entra: socket) -> None:
        async with serving(emulator, host="127.0.0.1", graph=graph, entra=entra) as served:
            settings = Settings.from_environ(own | _to_environ(emulator, served))
            configure_logging(style=settings.log_format, level=settings.log_level, stream=sys.stderr)
            token = _graph_token(emulator) if settings.auth_mode == "forward" else _gateway_token(emulator)
            await serve(
                settings,
                listener=listener,
                host=host,
                start=Start(token=token),
                on_started=lambda url: click.echo(_welcome(url, token)),
            )

    with listen(host, port) as listener, listen("127.0.0.1", 0) as graph, listen("127.0.0.1", 0) as entra:
        run(both(listener, graph, entra))


@main.command()
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
        with when_told(told.set):
            async with serving(emulator, host=host, graph=graph, entra=entra) as served:
                click.echo(_introduction(emulator, served))
                await told.wait()

    with listen(host, port) as graph, listen(host, entra_port, option="--entra-port") as entra:
        run(until_told(graph, entra))


@main.command()
def schema() -> None:
    """Print the schema in GraphQL's own language, as the settings shape it."""
    settings = Settings.from_environ(os.environ)
    click.echo(print_sdl(offered(CATALOG, settings.convention_writes)), nl=False)


@main.command()
def settings() -> None:
    """Print all settings as a table."""
    click.echo(to_markdown(), nl=False)


@main.command()
def key() -> None:
    """Print a fresh key for GATEWAY_SECRET_KEYS."""
    click.echo(Fernet.generate_key().decode())


@main.command()
@click.option(
    "--token-file", type=click.File(), help="File with an access token as callers send it; - is standard input."
)
@click.option("--sign-in", "signs_in", is_flag=True, help="Sign in for an access token.")
@DEVICE_CODE
@CLIENT_ID
def check(token_file: TextIO | None, signs_in: bool, device_code: bool, client_id: str | None) -> None:
    """Try everything that the gateway depends on, once.

    With an access token also what a caller will meet: audience, consent, permissions, one read.
    """
    settings = Settings.from_environ(os.environ)
    if token_file is not None:
        token: str | None = token_file.read().strip()
        if not token:
            raise click.ClickException("The file has no token in it.")
    else:
        token = _signed_in(settings, client_id=client_id, device_code=device_code) if signs_in else None
    raise SystemExit(_tell(warnings(settings), asyncio.run(_check(settings, token))))


@main.command()
@DEVICE_CODE
@CLIENT_ID
def token(device_code: bool, client_id: str | None) -> None:
    """Sign in and print an access token, for the page or for scripts."""
    click.echo(_signed_in(Settings.from_environ(os.environ), client_id=client_id, device_code=device_code))


async def _check(settings: Settings, token: str | None) -> list[Finding]:
    async with build_client(ca_file=settings.ca_file, connections=1) as client:
        with closing(HttpxClient(ca_file=settings.ca_file)) as entra_http:
            return await Checks(settings, client=client, entra_http=entra_http, clock=SystemClock()).run(token)


def _tell(doubts: list[str], findings: list[Finding]) -> int:
    """Prints all of it; the value is the exit code."""
    for doubt in doubts:
        click.echo(f"{'warning':9}  {doubt}")
    for each in findings:
        click.echo(f"{each.outcome.value:9}  {each.subject}: {each.said}")
        if each.hint:
            click.echo(f"{'':9}  {each.hint}")
    return int(any(each.outcome is Outcome.FAILED for each in findings))


def _signed_in(settings: Settings, *, client_id: str | None, device_code: bool) -> str:
    with closing(HttpxClient(ca_file=settings.ca_file)) as http:
        try:
            return sign_in(
                settings,
                client_id=client_id,
                device_code=device_code,
                http=http,
                announce=lambda text: click.echo(text, err=True),
            )
        except SignInError as error:
            raise click.ClickException(str(error)) from None


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
            "Ctrl-C stops.",
        ]
    )


def _welcome(url: str, token: str) -> str:
    body = json.dumps({"query": DOCUMENT, "variables": VARIABLES})
    headers = ("content-type: application/json", f"authorization: Bearer {token}")
    line = ["curl", "-s", url, *(part for header in headers for part in ("-H", header)), "-d", body]
    return f"\nOpen {url}\n\nor paste\n\n{shlex.join(line)}\n\nCtrl-C stops."
