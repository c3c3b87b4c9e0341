"""What an operator needs to write the settings."""

from typing import Any

import click
from cryptography.fernet import Fernet

from gateway.settings import VARIABLES, Settings


@click.command("settings")
def print_settings() -> None:
    """Print all settings as a table."""
    click.echo(to_markdown(), nl=False)


@click.command("key")
def print_key() -> None:
    """Print a fresh key for GATEWAY_SECRET_KEYS."""
    click.echo(Fernet.generate_key().decode())


def to_markdown() -> str:
    """The table of all settings, as the README has it."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for variable, name in VARIABLES.items():
        field = Settings.model_fields[name]
        rows.append(f"| `{variable}` | {_shown_default(field.default)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _shown_default(default: Any) -> str:
    text = ",".join(default) if isinstance(default, tuple) else default
    if text is None or text == "":
        return ""
    return f"`{str(text).lower() if isinstance(text, bool) else text}`"
