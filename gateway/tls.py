"""Which servers are trusted: Microsoft Graph and Entra are reached over TLS."""

import os
import socket
import ssl
from functools import cache
from pathlib import Path


@cache
def build_ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts the system's certificates, and those in the file besides. Reading them takes tens of milliseconds."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def to_reason(failure: Exception) -> str:
    """Why a server could not be reached, without its URL: its certificate, the system's words, the failure's class."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return str(cause.strerror)
        if isinstance(cause, ConnectionError) and cause.errno:
            # Not `strerror`: there asyncio has the address in it.
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    return failure.__class__.__name__
