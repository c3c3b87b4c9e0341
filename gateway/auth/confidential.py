"""This gateway as a confidential client of Entra: MSAL's applications, and MSAL's error dicts turned into our errors.

MSAL needs care: its constructor does network I/O, its token cache never evicts and on-behalf-of never reads it, and its
HTTP cache answers one person with another's refusal. So applications are made in a worker thread when first needed, one
for each tenant, with caches that keep nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.auth.credentials import Credential, CredentialError
from gateway.auth.entra import Entra, Json
from gateway.clock import Deadline
from gateway.errors import (
    ClaimsChallengeError,
    ConsentRequiredError,
    GatewayError,
    MisconfiguredError,
    UnauthenticatedError,
    UpstreamUnavailableError,
)

MISCONFIGURED: Final[Mapping[str, str]] = {
    "invalid_client": "The credential in {credential} is wrong, has expired, or is not registered for the app.",
    "unauthorized_client": "GATEWAY_ENTRA_CLIENT_ID is not an app of this tenant, or may not exchange tokens.",
    "invalid_scope": "GATEWAY_ENTRA_GRAPH_SCOPES names a permission that Microsoft Graph does not have.",
    "invalid_resource": "GATEWAY_GRAPH_URL is not a resource of this tenant's cloud.",
    "invalid_request": "The app's registration does not fit the exchange.",
}
"""OAuth's error codes that only the operator can mend → what to look at.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow#error-response-example
"""

CONSENT_CODES: Final = frozenset({65001, 65004})
TRANSIENT: Final = frozenset({"temporarily_unavailable", "server_error"})


class ConfidentialClient:
    """One for each process. Both methods raise `GatewayError`."""

    def __init__(self, entra: Entra, *, entra_url: str, client_id: str, credential: Credential) -> None:
        self._entra = entra
        self._entra_url = entra_url
        self._client_id = client_id
        self._credential = credential
        self._applications: dict[str, Any] = {}

    async def exchange(
        self, assertion: str, tenant_id: str, scopes: Sequence[str], claims: str | None, deadline: Deadline
    ) -> tuple[str, float]:
        """An access token on behalf of the assertion's person, and its lifetime in seconds.

        `claims`: the JSON text of Graph's challenge.
        """

        def work() -> Json:
            return self._application(tenant_id).acquire_token_on_behalf_of(
                user_assertion=assertion, scopes=list(scopes), claims_challenge=claims
            )

        return self._to_token(await self._run(work, deadline), scopes)

    async def prove(self, tenant_id: str, scopes: Sequence[str], deadline: Deadline) -> None:
        """Shows that Entra takes the credential, by asking for a token of the app's own, which is thrown away."""

        def work() -> Json:
            return self._application(tenant_id).acquire_token_for_client(scopes=list(scopes))

        self._to_token(await self._run(work, deadline), scopes)

    async def _run(self, work: Any, deadline: Deadline) -> Mapping[str, Json]:
        try:
            answer: Mapping[str, Json] = await self._entra.run(work, deadline)
        except CredentialError as error:
            raise MisconfiguredError(
                f"This gateway cannot prove to Microsoft Entra who it is: {error}.",
                hint=f"Its operator must correct {self._credential.setting}.",
            ) from None
        return answer

    def _application(self, tenant_id: str) -> Any:
        """Runs in a worker thread. Two threads may both make one: the later is kept, and no harm is done."""
        application = self._applications.get(tenant_id)
        if application is None:
            from gateway.auth import applications  # noqa: PLC0415 - see there

            credential = self._credential.to_msal(self._entra.http)
            try:
                application = applications.build_confidential(
                    self._client_id,
                    authority=f"{self._entra_url}/{tenant_id}",
                    credential=credential,
                    http=self._entra.http,
                )
            except ValueError as error:
                raise self._misconfigured(tenant_id, error) from None
            self._applications[tenant_id] = application
        return application

    def _misconfigured(self, tenant_id: str, error: ValueError) -> MisconfiguredError:
        """MSAL raises the same for a tenant that does not exist and for a credential that it cannot read."""
        if "authority configuration" in str(error):
            return MisconfiguredError(
                f"Microsoft Entra knows no tenant {tenant_id}.",
                hint="The gateway's operator must correct GATEWAY_ENTRA_TENANT_ID or GATEWAY_ALLOWED_TENANTS.",
            )
        return MisconfiguredError(
            "This gateway's credential cannot be read.",
            hint=f"Its operator must correct {self._credential.setting}: private key and certificate, both in PEM.",
        )

    def _to_token(self, answer: Mapping[str, Json], scopes: Sequence[str]) -> tuple[str, float]:
        token = answer.get("access_token")
        if isinstance(token, str) and token:
            return token, float(answer.get("expires_in", 0))
        raise self._to_error(answer, scopes)

    def _to_error(self, answer: Mapping[str, Json], scopes: Sequence[str]) -> GatewayError:
        """Entra's own words stay out: they speak to whoever set the gateway up, and its log has their number."""
        code, numbers = str(answer.get("error", "")), answer.get("error_codes") or []
        said = f"{code}, AADSTS{numbers[0]}" if numbers else code
        claims = answer.get("claims")
        if isinstance(claims, str) and claims:
            return ClaimsChallengeError(
                f"Microsoft Entra wants the person to sign in again ({said}).",
                claims=claims,
                hint="Ask Entra for a new token for this gateway with these `claims`, then send the operation again.",
            )
        if answer.get("suberror") == "consent_required" or CONSENT_CODES.intersection(numbers):
            return ConsentRequiredError(
                f"Nobody has consented to what this gateway asks for ({said}).",
                permissions=tuple(each.rpartition("/")[2] for each in scopes),
                hint="An administrator can grant consent for the gateway's app in the Entra admin center.",
            )
        if hint := MISCONFIGURED.get(code):
            return MisconfiguredError(
                f"Microsoft Entra refuses this gateway ({said}).",
                hint=f"Its operator must act. {hint.format(credential=self._credential.setting)}",
            )
        if code in TRANSIENT:
            return UpstreamUnavailableError(f"Microsoft Entra gives no token at the moment ({said}).")
        return UnauthenticatedError(
            f"Microsoft Entra does not take the access token ({said}).", hint="Sign in again and send the new token."
        )
