"""Options that several commands have."""

import click

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT_RANGE = click.IntRange(0, 65535)
PORT = click.option("--port", default=8000, show_default=True, type=PORT_RANGE, help="Port to listen on; 0 finds one.")
