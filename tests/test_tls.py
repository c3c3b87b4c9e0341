"""Why a server could not be reached, told in words."""

import ssl

import httpx

from gateway.tls import to_reason


def failure(cause: Exception) -> Exception:
    """As httpx raises it: httpcore's error in between names its cause only as the context."""
    try:
        try:
            raise cause
        except OSError:
            raise RuntimeError("in between")  # noqa: B904 - as httpcore does
    except RuntimeError as between:
        try:
            raise httpx.ConnectError("at https://graph.microsoft.com/") from between
        except httpx.ConnectError as error:
            return error


def test_a_certificate_that_is_not_trusted_is_told() -> None:
    """With what the check of it found."""
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "unable to get local issuer certificate"
    assert to_reason(failure(cause)) == "its certificate is not trusted: unable to get local issuer certificate"


def test_any_other_failure_is_told_by_its_class() -> None:
    """Its text may hold a URL."""
    assert to_reason(failure(ConnectionRefusedError())) == "ConnectError"
