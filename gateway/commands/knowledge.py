"""What the gateway knows of Microsoft Graph's API, and what documents need of it."""

import asyncio
import json
import os
from functools import partial
from typing import Any, BinaryIO, Final, NoReturn, TextIO

import click

from gateway.app import build_documents, to_offered
from gateway.graph.httpx_transport import build_client
from gateway.resources.catalog import CATALOG
from gateway.resources.model import Model
from gateway.schema.build import build_schema, to_graphql_core
from gateway.schema.printing import print_sdl
from gateway.settings import Settings
from gateway.tools import drift, permissions
from gateway.tools.catalog import to_markdown
from gateway.tools.csdl import Csdl, CsdlError, CsdlReader

PIECE_BYTES: Final = 65_536

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("schema")
def print_schema() -> None:
    """Print the schema in GraphQL's own language, as the settings shape it."""
    settings = Settings.from_environ(os.environ)
    click.echo(print_sdl(to_offered(CATALOG, settings)), nl=False)


@click.command("catalog")
def print_catalog() -> None:
    """Print what the gateway offers, as Markdown: sets, operations, permissions, pages."""
    click.echo(to_markdown(CATALOG), nl=False)


@click.command("permissions")
@click.argument("documents", nargs=-1, type=click.File(encoding="utf-8"), metavar="[DOCUMENT]...")
@AS_JSON
def print_permissions(documents: tuple[TextIO, ...], as_json: bool) -> None:
    """Print the least delegated permissions that GraphQL documents need, field by field.

    DOCUMENT is a file, - standard input. Without any: for the whole schema, as the settings shape it.
    """
    settings = Settings.from_environ(os.environ)
    schema = to_graphql_core(build_schema(to_offered(CATALOG, settings)))
    known = build_documents(settings, schema)
    needs: dict[str, Any] = {} if documents else dict(permissions.needs_of_schema(schema))
    for each in documents:
        try:
            needs |= permissions.needs_of_text(known, each.read(), each.name, schema)
        except UnicodeDecodeError:
            _refuse(f"{each.name}: It is no UTF-8 text.")
        except permissions.UnusableDocumentError as error:
            _refuse(str(error))
    _print(permissions.to_json(needs) if as_json else permissions.to_text(needs))


@click.command("drift")
@click.argument("metadata", required=False, type=click.File("rb"))
@AS_JSON
def print_drift(metadata: BinaryIO | None, as_json: bool) -> None:
    """Compare the declarations with Microsoft Graph's metadata. Exit code 1: they differ.

    METADATA is a file with CSDL XML, - standard input. Without it, Graph is asked for its $metadata, which needs no
    token.
    """
    settings = Settings.from_environ(os.environ)
    url = f"{settings.graph_url}/{settings.graph_version}/$metadata"
    try:
        csdl = asyncio.run(_fetch(settings, url)) if metadata is None else _read(metadata)
        differences = drift.compare(drift.facts_of_model(Model(CATALOG)), drift.facts_of_csdl(csdl))
    except CsdlError as error:
        _refuse(f"{getattr(metadata, 'name', '-') if metadata else url}: {error}")
    _print(drift.to_json(differences) if as_json else drift.to_text(differences))
    raise SystemExit(1 if differences else 0)


def _read(file: BinaryIO) -> Csdl:
    reader = CsdlReader()
    for piece in iter(partial(file.read, PIECE_BYTES), b""):
        reader.feed(piece)
    return reader.close()


async def _fetch(settings: Settings, url: str) -> Csdl:
    async with build_client(ca_file=settings.ca_file, connections=1) as client:
        return await drift.fetch(client, url)


def _print(told: str | dict[str, Any]) -> None:
    click.echo(told if isinstance(told, str) else f"{json.dumps(told, indent=2, ensure_ascii=False)}\n", nl=False)


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(2)
