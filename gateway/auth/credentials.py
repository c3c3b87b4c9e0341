"""How this gateway proves to Entra that it is itself, in the form that MSAL takes.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gateway.auth.entra import HttpClient, Json

EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
"""https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity"""


class CredentialError(Exception):
    """The credential cannot be had; the message says why, in words for the operator."""


class Credential(Protocol):
    """`setting` names the variable that it came from."""

    @property
    def setting(self) -> str: ...

    def to_msal(self, http: HttpClient) -> Any:
        """MSAL's `client_credential`. May do I/O; raises `CredentialError`."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret. `read` keeps it out of reprs and lets it come from wherever secrets live."""

    read: Callable[[], str]
    setting: str = "GATEWAY_ENTRA_CLIENT_SECRET"

    def to_msal(self, http: HttpClient) -> str:
        del http
        return self.read()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A PEM file with private key and certificate."""

    path: Path
    setting: str = "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE"

    def to_msal(self, http: HttpClient) -> dict[str, str]:
        del http
        pem = _read(self.path, self.setting)
        return {"private_key": pem, "public_certificate": pem}


@dataclass(frozen=True, slots=True)
class FederatedToken:
    """A file with a workload identity token, such as Kubernetes projects into a pod; it changes, so it is read anew."""

    path: Path
    setting: str = "GATEWAY_ENTRA_FEDERATED_TOKEN_FILE"

    def to_msal(self, http: HttpClient) -> dict[str, Callable[[], str]]:
        del http
        return {"client_assertion": lambda: _read(self.path, self.setting).strip()}


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The identity of the Azure machine that the gateway runs on, trusted by the app registration.

    `client_id` None is the machine's own identity.
    """

    client_id: str | None
    setting: str = "GATEWAY_ENTRA_MANAGED_IDENTITY"

    def to_msal(self, http: HttpClient) -> dict[str, Callable[[], str]]:
        from gateway.auth import applications  # noqa: PLC0415 - see there

        client = applications.build_managed_identity(self.client_id, http=http)

        def assertion() -> str:
            answer: Json = client.acquire_token_for_client(resource=EXCHANGE_AUDIENCE)
            if "access_token" not in answer:
                raise CredentialError(f"the managed identity gives no token ({answer.get('error')})")
            token: str = answer["access_token"]
            return token

        return {"client_assertion": assertion}


def _read(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"the file of {setting} cannot be read ({error.__class__.__name__})") from None
