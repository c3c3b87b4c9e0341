"""Which servers are trusted: Microsoft Graph and Entra are reached over TLS."""

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
    """Why a server could not be reached, without its URL: a certificate that is not trusted, or the failure's class."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return failure.__class__.__name__
