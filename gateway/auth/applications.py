"""MSAL's applications, with caches that keep nothing.

MSAL takes a tenth of a start to load, and a gateway that forwards tokens never needs it: whoever makes an application
loads this file then.
"""

from collections.abc import Sequence
from typing import Any, Final

import msal

from gateway.auth.entra import HttpClient

CAPABILITIES: Final = ("CP1",)
"""Whoever asks for a token can answer claims challenges, so Graph's tokens last longer and end with their session.

https://learn.microsoft.com/entra/identity-platform/claims-challenge#client-capabilities
"""


class _NoTokenCache(msal.TokenCache):  # type: ignore[misc]  # MSAL has no types
    def add(self, event: Any, now: Any = None) -> None:
        """Keeps nothing."""


class _NoHttpCache(dict[Any, Any]):
    def __setitem__(self, key: Any, value: Any) -> None:
        """Keeps nothing."""


def build_confidential(client_id: str, *, authority: str, credential: Any, http: HttpClient) -> Any:
    """An application that proves who it is. Asks Entra for the authority's addresses; raises `ValueError`."""
    return msal.ConfidentialClientApplication(
        client_id,
        authority=authority,
        client_credential=credential,
        # The operator chose the authority; asking Microsoft whether it is one would be a call for nothing.
        instance_discovery=False,
        client_capabilities=CAPABILITIES,
        exclude_scopes=["offline_access"],
        token_cache=_NoTokenCache(),
        http_client=http,
        http_cache=_NoHttpCache(),
    )


def build_public(client_id: str, *, authority: str, http: HttpClient, capabilities: Sequence[str] | None = None) -> Any:
    """An application that people sign in to. Asks Entra for the authority's addresses; raises `ValueError`."""
    return msal.PublicClientApplication(
        client_id,
        authority=authority,
        instance_discovery=False,
        client_capabilities=capabilities,
        token_cache=_NoTokenCache(),
        http_client=http,
        http_cache=_NoHttpCache(),
    )


def build_managed_identity(client_id: str | None, *, http: HttpClient) -> Any:
    """A client of the machine's own identity, or of the one with the client id."""
    identity = (
        msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
    )
    return msal.ManagedIdentityClient(identity, http_client=http)
