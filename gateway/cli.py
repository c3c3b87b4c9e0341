"""The command line: parse, call, exit code. 2 stands for wrong usage or settings, 1 for a check that failed."""

import gc
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import click

from gateway import __version__
from gateway.settings import SettingsError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("serving", "serve_gateway"),
    "run": ("trial", "run_with_emulator"),
    "emulate": ("trial", "emulate"),
    "check": ("access", "check"),
    "token": ("access", "print_token"),
    "sign-in": ("access", "sign_in_for_all"),
    "settings": ("setup", "print_settings"),
    "key": ("setup", "print_key"),
    "schema": ("knowledge", "print_schema"),
    "catalog": ("knowledge", "print_catalog"),
    "permissions": ("knowledge", "print_permissions"),
    "drift": ("knowledge", "print_drift"),
}
"""Name → file of `gateway/commands` and function in it. Only the one that is called is loaded, for a quick start."""


class Commands(click.Group):
    """Settings that cannot be used end a command: a line for each fault, exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        file, function = COMMANDS[cmd_name]
        gc.disable()  # nothing is garbage while a program loads
        command: click.Command = getattr(import_module(f"gateway.commands.{file}"), function)
        gc.enable()
        return command

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
