"""The gateway before Microsoft Graph."""

import logging
import os
import sys

import click

from gateway.commands.options import HOST, PORT
from gateway.logs import configure_logging
from gateway.server import listen, run, serve
from gateway.settings import Settings, warnings

log = logging.getLogger("gateway")


@click.command("serve")
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
