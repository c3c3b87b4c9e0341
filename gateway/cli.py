"""The command line: parse, call, exit code. 2 stands for wrong usage or settings, 1 for a check that failed."""

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

import click
from cryptography.fernet import Fernet

from gateway import __version__
from gateway.app import create_app
from gateway.logs import configure_logging
from gateway.resources.catalog import CATALOG, offered
from gateway.schema.build import build_schema, print_sdl
from gateway.server import build_server, run
from gateway.settings import Settings, SettingsError, to_markdown

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 finds one."
)


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
    app = create_app(settings)
    run(build_server(app, host=host, port=port, on_started=lambda _: None).serve())


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
