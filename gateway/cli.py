"""The command line: parse, call, exit code. 2 stands for wrong usage or settings, 1 for a check that failed."""

import asyncio
import json
import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

import click
from cryptography.fernet import Fernet
from dotenv import dotenv_values
from prometheus_client import CollectorRegistry, start_http_server

from gateway import __version__
from gateway.app import create_app
from gateway.emulator.app import Emulator
from gateway.emulator.server import serving
from gateway.emulator.tokens import GRAPH
from gateway.logs import configure_logging
from gateway.page import DOCUMENT, VARIABLES, Start
from gateway.resources.catalog import CATALOG, offered
from gateway.schema.build import build_schema, print_sdl
from gateway.server import build_server, run
from gateway.settings import Settings, SettingsError, to_markdown, warnings
from gateway.tracing import configure_tracing

log = logging.getLogger("gateway")

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 finds one."
)


DEMO_SECONDS = 7 * 24 * 3600
"""How long the tokens of the emulator last: longer than anyone tries it out."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="managed-tenants-gateway")
def main() -> None:
    """A GraphQL gateway in front of Microsoft Graph's managedTenants API.

    Settings are GATEWAY_… environment variables; `gateway settings` lists them.
    """


@main.command()
@HOST
@PORT
def serve(host: str, port: int) -> None:
    """Serve the gateway before Microsoft Graph."""
    settings = _settings(os.environ)
    configure_logging(style=settings.log_format, level=settings.log_level, stream=sys.stderr)
    for doubt in warnings(settings):
        log.warning(doubt)

    def started(bound: int) -> None:
        log.info("listening", extra={"fields": {"url": f"http://{host}:{bound}/graphql"}})

    run(_serve(settings, host=host, port=port, start=Start(), on_started=started))


@main.command("run")
@HOST
@PORT
def run_with_emulator(host: str, port: int) -> None:
    """Try it out: the gateway with an emulator of Microsoft Graph behind it. Also reads settings from .env."""
    environ = {name: value for name, value in dotenv_values(".env").items() if value is not None} | dict(os.environ)
    emulator = Emulator()
    token = emulator.issuer.issue(audience=GRAPH, scopes=_all_permissions(), expires_in_seconds=DEMO_SECONDS)

    async def both() -> None:
        async with serving(emulator, host="127.0.0.1", port=0) as url:
            settings = _settings({**environ, "GATEWAY_GRAPH_URL": url, "GATEWAY_AUTH_MODE": "forward"})
            configure_logging(style=settings.log_format, level=settings.log_level, stream=sys.stderr)
            await _serve(
                settings,
                host=host,
                port=port,
                start=Start(token=token),
                on_started=lambda bound: click.echo(_welcome(f"http://{host}:{bound}/graphql", token)),
            )

    run(both())


@main.command()
@HOST
@click.option(
    "--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="Port of Graph; 0 finds one."
)
@click.option(
    "--strict/--lenient", default=True, show_default=True, help="Refuse bodies that Graph's types do not foresee."
)
@click.option("--beta-only", is_flag=True, help="Have the namespace in beta only, as the public service does.")
def emulate(host: str, port: int, strict: bool, beta_only: bool) -> None:
    """Serve the emulator of Microsoft Graph alone, and print a token for it."""
    emulator = Emulator(strict=strict, namespace_versions=("beta",) if beta_only else ("v1.0", "beta"))
    token = emulator.issuer.issue(audience=GRAPH, scopes=_all_permissions(), expires_in_seconds=DEMO_SECONDS)

    async def until_told() -> None:
        told = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, told.set)
        async with serving(emulator, host=host, port=port) as url:
            click.echo(f"Graph: {url}\nToken: {token}")
            await told.wait()

    run(until_told())


@main.command()
def schema() -> None:
    """Print the schema in GraphQL's own language, as the settings shape it."""
    settings = _settings(os.environ)
    click.echo(print_sdl(build_schema(offered(CATALOG, settings.convention_writes))), nl=False)


@main.command()
def settings() -> None:
    """Print all settings as a table."""
    click.echo(to_markdown(), nl=False)


@main.command()
def key() -> None:
    """Print a fresh key for GATEWAY_SECRET_KEYS."""
    click.echo(Fernet.generate_key().decode())


async def _serve(settings: Settings, *, host: str, port: int, start: Start, on_started: Callable[[int], None]) -> None:
    """Serves until told to go; metrics on the admin port if there is one."""
    registry = CollectorRegistry()
    try:
        configure_tracing(os.environ)
        app = create_app(settings, registry=registry, start=start)
    except SettingsError as error:
        _refuse(error)
    server = build_server(app, host=host, port=port, on_started=on_started)
    if settings.admin_port is None:
        await server.serve()
        return
    metrics, thread = start_http_server(settings.admin_port, addr=host, registry=registry)
    try:
        await server.serve()
    finally:
        metrics.shutdown()
        thread.join()


def _all_permissions() -> set[str]:
    return {permission for spec in CATALOG for permission in spec.permissions.values()}


def _welcome(url: str, token: str) -> str:
    body = json.dumps({"query": DOCUMENT, "variables": VARIABLES})
    line = [
        "curl",
        "-s",
        url,
        "-H",
        "content-type: application/json",
        "-H",
        f"authorization: Bearer {token}",
        "-d",
        body,
    ]
    return f"\nOpen {url}\n\nor paste\n\n{shlex.join(line)}\n\nCtrl-C stops."


def _settings(environ: Mapping[str, str]) -> Settings:
    try:
        return Settings.from_environ(environ)
    except SettingsError as error:
        _refuse(error)


def _refuse(error: SettingsError) -> NoReturn:
    """One line for each fault, then exit code 2."""
    for fault in error.faults:
        click.echo(fault, err=True)
    raise SystemExit(2)
