"""Whether the gateway reaches what it needs, and access tokens to try it with."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TextIO

import click

from gateway.app import build_store, to_offered
from gateway.auth.account import Account
from gateway.auth.entra import HttpClient
from gateway.auth.httpx_client import HttpxClient
from gateway.callers import build_accounts
from gateway.clock import SystemClock
from gateway.errors import StoreUnavailableError
from gateway.graph.httpx_transport import build_client
from gateway.resources.catalog import CATALOG
from gateway.settings import Settings, warnings
from gateway.tools.check import Checks, Finding, Outcome
from gateway.tools.sign_in import SignInError, sign_in, sign_in_account

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


@click.command("sign-in")
@DEVICE_CODE
@click.option("--remove", is_flag=True, help="Forget who is signed in; the gateway acts as nobody then.")
def sign_in_for_all(device_code: bool, remove: bool) -> None:
    """Sign in as the account that the gateway acts as in the mode service-account.

    It takes the place of the one before; running gateways notice by themselves.
    """
    settings = Settings.from_environ(os.environ)
    if settings.auth_mode != "service-account":
        raise click.ClickException("The gateway acts as one account with GATEWAY_AUTH_MODE=service-account only.")
    if remove:
        was_there = asyncio.run(_replace_account(settings, None))
        click.echo("Nobody is signed in any more." if was_there else "Nobody was signed in.")
        return
    with _signing_in(settings) as http:
        found = sign_in_account(settings, device_code=device_code, http=http, announce=_announce)
    asyncio.run(_replace_account(settings, found.account))
    click.echo(
        f"Signed in: {found.name}, object id {found.account.object_id}, of tenant {found.account.tenant_id}. "
        "All apps with access to the gateway now act as this account."
    )


async def _replace_account(settings: Settings, account: Account | None) -> bool:
    store = build_store(settings, SystemClock())
    assert store is not None, "settings have seen to it"
    try:
        return await build_accounts(settings, store).replace(account)
    except StoreUnavailableError as error:
        raise click.ClickException(
            f"The store of GATEWAY_STORE_URL cannot be used: {error.__cause__ or error}."
        ) from None
    finally:
        await store.close()


async def _check(settings: Settings, token: str | None) -> list[Finding]:
    clock = SystemClock()
    store = build_store(settings, clock)
    async with build_client(ca_file=settings.ca_file, connections=1) as client:
        with closing(HttpxClient(ca_file=settings.ca_file)) as entra_http:
            checks = Checks(settings, client=client, entra_http=entra_http, store=store, clock=clock)
            findings = await checks.run(token)
    if store is not None:
        await store.close()
    return findings


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
    with _signing_in(settings) as http:
        return sign_in(settings, client_id=client_id, device_code=device_code, http=http, announce=_announce)


@contextmanager
def _signing_in(settings: Settings) -> Iterator[HttpClient]:
    with closing(HttpxClient(ca_file=settings.ca_file)) as http:
        try:
            yield http
        except SignInError as error:
            raise click.ClickException(str(error)) from None


def _announce(text: str) -> None:
    click.echo(text, err=True)
