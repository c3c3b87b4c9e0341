"""Signs a person in: for an access token to try the gateway with, or as the account that it acts as.

https://learn.microsoft.com/entra/identity-platform/msal-authentication-flows
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.auth.account import Account
from gateway.auth.applications import CAPABILITIES, build_public
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


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account, and what people call it."""

    account: Account
    name: str


def sign_in(
    settings: Settings, *, client_id: str | None, device_code: bool, http: HttpClient, announce: Announce
) -> str:
    """An access token for the gateway in the mode that it is set to. Blocks until the person is done."""
    client_id = client_id or settings.entra_client_id
    if client_id is None:
        raise SignInError("No app to sign in with: set GATEWAY_ENTRA_CLIENT_ID, or give --client-id.")
    if settings.auth_mode == "service-account":
        raise SignInError(
            "In the mode service-account callers are apps: let one ask Entra for a token by client credentials, with "
            f"the scope api://{settings.entra_client_id}/.default. `gateway sign-in` signs in whom the gateway acts as."
        )
    scopes = [_scope(settings, client_id)]
    answer = _answer(settings, client_id, scopes, device_code=device_code, http=http, announce=announce)
    token: str = answer["access_token"]
    return token


def sign_in_account(settings: Settings, *, device_code: bool, http: HttpClient, announce: Announce) -> SignedIn:
    """The account that the gateway will act as. Blocks until the person is done."""
    scopes = list(settings.graph_scopes)
    answer = _answer(settings, settings.gateway_app, scopes, device_code=device_code, http=http, announce=announce)
    claims, refresh_token = answer.get("id_token_claims", {}), answer.get("refresh_token")
    if refresh_token is None or not {"tid", "oid"} <= claims.keys():
        raise SignInError(
            "Microsoft Entra gave no refresh token. Check the app's permissions: offline_access is needed."
        )
    names = [str(claims[each]) for each in ("name", "preferred_username") if claims.get(each)]
    shown = "".join(each for each in " – ".join(names) if each.isprintable())
    return SignedIn(Account(claims["tid"], claims["oid"], refresh_token), shown)


def _answer(
    settings: Settings, client_id: str, scopes: list[str], *, device_code: bool, http: HttpClient, announce: Announce
) -> Mapping[str, Any]:
    """What Entra gives for the person; there is an access token in it."""
    sign_in_by = _by_device_code if device_code else _by_browser
    try:
        authority = f"{settings.entra_url}/{settings.entra_tenant_id or 'organizations'}"
        # Only in the one mode the gateway itself answers challenges to the token.
        capabilities = CAPABILITIES if settings.auth_mode == "service-account" else None
        application = build_public(client_id, authority=authority, http=http, capabilities=capabilities)
        answer = sign_in_by(application, scopes, announce)
    except GatewayError as error:
        raise SignInError(" ".join(filter(None, [error.message, error.hint]))) from None
    except ValueError as error:
        raise SignInError(f"{_first_line(str(error))} Check GATEWAY_ENTRA_URL and GATEWAY_ENTRA_TENANT_ID.") from None
    if "access_token" not in answer:
        raise SignInError(_refusal(answer))
    return answer


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
