"""Signs a person in and gets an access token that the gateway takes: for trying out, and for `gateway check`.

https://learn.microsoft.com/entra/identity-platform/msal-authentication-flows
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.auth.applications import build_public
from gateway.auth.entra import HttpClient
from gateway.errors import GatewayError
from gateway.settings import Settings

Announce = Callable[[str], None]
"""Tells the person something."""

HINTS: Final[Mapping[int, str]] = {
    50011: "Add the redirect URI http://localhost to the app, for mobile and desktop applications.",
    50020: "Sign in with an account of the service provider's tenant.",
    65001: "An administrator must grant consent to the app's permissions.",
    7000218: "Allow public client flows for the app, under Authentication.",
    700016: "Check the client id and GATEWAY_ENTRA_TENANT_ID: that tenant does not have this app.",
    90002: "Check GATEWAY_ENTRA_TENANT_ID: there is no such tenant.",
    90009: "The app to sign in with must ask for the gateway's scope by the gateway's client id.",
}
"""AADSTS number → what to change: https://learn.microsoft.com/entra/identity-platform/reference-error-codes."""


class SignInError(Exception):
    """Nobody was signed in; the message says why and what to do."""


def sign_in(
    settings: Settings, *, client_id: str | None, device_code: bool, http: HttpClient, announce: Announce
) -> str:
    """An access token for the gateway in the mode that it is set to. Blocks until the person is done."""
    client_id = client_id or settings.entra_client_id
    if client_id is None:
        raise SignInError("No app to sign in with: set GATEWAY_ENTRA_CLIENT_ID, or give --client-id.")
    scopes = [_scope(settings, client_id)]
    try:
        authority = f"{settings.entra_url}/{settings.entra_tenant_id or 'organizations'}"
        application = build_public(client_id, authority=authority, http=http)
        answer = (
            _by_device_code(application, scopes, announce)
            if device_code
            else _by_browser(application, scopes, announce)
        )
    except GatewayError as error:
        raise SignInError(" ".join(filter(None, [error.message, error.hint]))) from None
    except ValueError as error:
        raise SignInError(f"{_first_line(str(error))} Check GATEWAY_ENTRA_URL and GATEWAY_ENTRA_TENANT_ID.") from None
    token: str | None = answer.get("access_token")
    if token is None:
        raise SignInError(_refusal(answer))
    return token


def _scope(settings: Settings, client_id: str) -> str:
    """All that was consented to. An app may ask for itself by its id only, not by its URI."""
    if settings.auth_mode == "forward":
        return f"{settings.graph_url}/.default"
    if client_id == settings.entra_client_id:
        return f"{client_id}/.default"
    return f"api://{settings.entra_client_id}/{settings.entra_scope}"


def _by_browser(application: Any, scopes: list[str], announce: Announce) -> Mapping[str, Any]:
    announce("A browser opens; sign in there. Without a browser here: --device-code.")
    answer: Mapping[str, Any] = application.acquire_token_interactive(scopes)
    return answer


def _by_device_code(application: Any, scopes: list[str], announce: Announce) -> Mapping[str, Any]:
    flow: Mapping[str, Any] = application.initiate_device_flow(scopes)
    if "user_code" not in flow:
        return flow
    announce(flow["message"])
    answer: Mapping[str, Any] = application.acquire_token_by_device_flow(flow)
    return answer


def _refusal(answer: Mapping[str, Any]) -> str:
    said = _first_line(str(answer.get("error_description") or answer.get("error") or "Nobody signed in."))
    hints = [HINTS[number] for number in answer.get("error_codes") or [] if number in HINTS]
    return " ".join([said, *hints])


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
