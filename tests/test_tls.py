"""Why a server could not be reached, told in words."""

import socket
import ssl
from errno import ECONNREFUSED

import httpx
import pytest

from gateway.tls import to_reason


def failure(cause: Exception) -> Exception:
    """As httpx raises it: httpcore's error in between names its cause only as the context."""
    between, error = RuntimeError("in between"), httpx.ConnectError("at https://graph.microsoft.com/")
    between.__context__, error.__cause__ = cause, between
    return error


def test_a_certificate_that_is_not_trusted_is_told() -> None:
    """With what the check of it found."""
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "unable to get local issuer certificate"
    assert to_reason(failure(cause)) == "its certificate is not trusted: unable to get local issuer certificate"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (ConnectionRefusedError(ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "Connection refused"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    ],
)
def test_what_the_system_says_is_told(cause: Exception, reason: str) -> None:
    """In its own words, without the address."""
    assert to_reason(failure(cause)) == reason


@pytest.mark.parametrize("cause", [OSError("All connection attempts failed"), ConnectionResetError()])
def test_any_other_failure_is_told_by_its_class(cause: Exception) -> None:
    """Its text may hold a URL."""
    assert to_reason(failure(cause)) == "ConnectError"
