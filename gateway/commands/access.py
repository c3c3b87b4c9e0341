"""Whether the gateway reaches what it needs, and access tokens to try it with."""

import asyncio
import os
from contextlib import closing
from typing import TextIO

import click

from gateway.app import to_offered
from gateway.auth.httpx_client import HttpxClient
from gateway.clock import SystemClock
from gateway.graph.httpx_transport import build_client
from gateway.resources.catalog import CATALOG
from gateway.settings import Settings, warnings
from gateway.tools.check import Checks, Finding, Outcome
from gateway.tools.sign_in import SignInError, sign_in

DEVICE_CODE = click.option(
    "--device-code", is_flag=True, help="Sign in with a code on any device, not with a browser here."
)
CLIENT_ID = click.option("--client-id", help="App to sign in with. Default: GATEWAY_ENTRA_CLIENT_ID.")


@click.command("check")
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
    to_offered(CATALOG, settings)  # or `SettingsError`, as `gateway serve` has it
    if token_file is not None:
        token: str | None = token_file.read().strip()
        if not token:
            raise click.ClickException("The file has no token in it.")
    else:
        token = _signed_in(settings, client_id=client_id, device_code=device_code) if signs_in else None
    raise SystemExit(_tell(warnings(settings), asyncio.run(_check(settings, token))))


@click.command("token")
@DEVICE_CODE
@CLIENT_ID
def print_token(device_code: bool, client_id: str | None) -> None:
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
