"""What an operator needs to write the settings."""

import click
from cryptography.fernet import Fernet

from gateway.settings import to_markdown


@click.command("settings")
def print_settings() -> None:
    """Print all settings as a table."""
    click.echo(to_markdown(), nl=False)


@click.command("key")
def print_key() -> None:
    """Print a fresh key for GATEWAY_SECRET_KEYS."""
    click.echo(Fernet.generate_key().decode())
