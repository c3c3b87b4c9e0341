"""Who calls, and as whom Graph is called: settings → authenticator, exchange and the gateway's own credential."""

from gateway.auth.account import Accounts
from gateway.auth.bearer import AppAuthenticator, Authenticator, DelegatedAuthenticator, ForwardAuthenticator
from gateway.auth.confidential import ConfidentialClient
from gateway.auth.credentials import Certificate, Credential, FederatedToken, ManagedIdentity, Secret
from gateway.auth.entra import Entra, HttpClient
from gateway.auth.exchange import Exchange, ForwardExchange, OnBehalfOfExchange
from gateway.auth.keys import SigningKeys
from gateway.auth.renewal import RenewalClient
from gateway.auth.service_account import ServiceAccountExchange
from gateway.auth.verifying import Verifier
from gateway.clock import Clock
from gateway.settings import Settings
from gateway.state.store import Store


def open_http(settings: Settings) -> HttpClient:
    from gateway.auth.httpx_client import HttpxClient  # noqa: PLC0415 - it takes long to load, and only some need it

    return HttpxClient(ca_file=settings.ca_file)


def build_auth(
    settings: Settings, entra: Entra | None, store: Store | None, clock: Clock
) -> tuple[Authenticator, Exchange]:
    """`entra` may be None in `forward`, where nobody asks it, and `store` in all modes but `service-account`."""
    if settings.auth_mode == "forward":
        return ForwardAuthenticator(graph_url=settings.graph_url, clock=clock), ForwardExchange()
    assert entra is not None, "there is one in the other modes"
    apps = settings.allowed_client_apps
    if settings.auth_mode == "service-account":
        assert store is not None, "settings have seen to it"
        verifier = _build_verifier(settings, entra, ".default", clock)
        return AppAuthenticator(verifier, client_apps=apps), build_account_exchange(settings, entra, store, clock)
    verifier = _build_verifier(settings, entra, settings.entra_scope, clock)
    authenticator = DelegatedAuthenticator(verifier, scope=settings.entra_scope, client_apps=apps)
    exchange = OnBehalfOfExchange(build_confidential_client(settings, entra), scopes=settings.graph_scopes, clock=clock)
    return authenticator, exchange


def build_account_exchange(settings: Settings, entra: Entra, store: Store, clock: Clock) -> ServiceAccountExchange:
    client = RenewalClient(
        entra,
        entra_url=settings.entra_url,
        tenant_id=settings.home_tenant,
        client_id=settings.gateway_app,
        scopes=settings.graph_scopes,
    )
    return ServiceAccountExchange(client, build_accounts(settings, store), clock=clock)


def build_accounts(settings: Settings, store: Store) -> Accounts:
    return Accounts(
        store,
        secret_keys=[each.get_secret_value() for each in settings.secret_keys],
        tenant_id=settings.home_tenant,
        client_id=settings.gateway_app,
    )


def build_confidential_client(settings: Settings, entra: Entra) -> ConfidentialClient:
    return ConfidentialClient(
        entra,
        entra_url=settings.entra_url,
        client_id=settings.gateway_app,
        credential=_build_credential(settings),
    )


def _build_verifier(settings: Settings, entra: Entra, scope: str, clock: Clock) -> Verifier:
    return Verifier(
        SigningKeys(entra, entra_url=settings.entra_url, clock=clock),
        client_id=settings.gateway_app,
        scope=scope,
        tenant_ids=settings.served_tenants,
        clock=clock,
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
