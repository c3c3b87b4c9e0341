"""Who calls, and as whom Graph is called: settings → authenticator, exchange and the gateway's own credential."""

from gateway.auth.bearer import Authenticator, ForwardAuthenticator, ValidatingAuthenticator
from gateway.auth.confidential import ConfidentialClient
from gateway.auth.credentials import Certificate, Credential, FederatedToken, ManagedIdentity, Secret
from gateway.auth.entra import Entra, HttpClient
from gateway.auth.exchange import Exchange, ForwardExchange, OnBehalfOfExchange
from gateway.auth.keys import SigningKeys
from gateway.clock import Clock
from gateway.settings import Settings


def open_http(settings: Settings) -> HttpClient:
    from gateway.auth.httpx_client import HttpxClient  # noqa: PLC0415 - it takes long to load, and only some need it

    return HttpxClient(ca_file=settings.ca_file)


def build_auth(settings: Settings, entra: Entra | None, clock: Clock) -> tuple[Authenticator, Exchange]:
    """`entra` may be None in `forward`, where nobody asks it."""
    if settings.auth_mode == "forward":
        return ForwardAuthenticator(graph_url=settings.graph_url, clock=clock), ForwardExchange()
    assert entra is not None, "there is one in the other modes"
    authenticator = ValidatingAuthenticator(
        SigningKeys(entra, entra_url=settings.entra_url, clock=clock),
        client_id=settings.gateway_app,
        scope=settings.entra_scope,
        tenant_ids=settings.served_tenants,
        client_apps=settings.allowed_client_apps,
        clock=clock,
    )
    exchange = OnBehalfOfExchange(build_confidential_client(settings, entra), scopes=settings.graph_scopes, clock=clock)
    return authenticator, exchange


def build_confidential_client(settings: Settings, entra: Entra) -> ConfidentialClient:
    return ConfidentialClient(
        entra,
        entra_url=settings.entra_url,
        client_id=settings.gateway_app,
        credential=_build_credential(settings),
    )


def _build_credential(settings: Settings) -> Credential:
    """The one credential that is set; `Settings` has seen to it that there is exactly one."""
    if settings.entra_client_certificate_file is not None:
        return Certificate(settings.entra_client_certificate_file)
    if settings.entra_federated_token_file is not None:
        return FederatedToken(settings.entra_federated_token_file)
    if settings.entra_managed_identity is not None:
        identity = settings.entra_managed_identity
        return ManagedIdentity(None if identity == "system" else identity)
    assert settings.entra_client_secret is not None
    return Secret(settings.entra_client_secret.get_secret_value)
