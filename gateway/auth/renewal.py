"""Refresh token → Graph access token and the next refresh token, by MSAL as a public client.

The account was signed in without the app's credential, and Entra takes its refresh token in the same way only.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gateway.auth.account import SIGN_IN
from gateway.auth.entra import Entra, Json
from gateway.clock import Deadline
from gateway.errors import (
    ConsentRequiredError,
    GatewayError,
    MisconfiguredError,
    SignInRequiredError,
    UpstreamUnavailableError,
)

MISCONFIGURED: Final[Mapping[str, str]] = {
    "invalid_client": "Public client flows must be allowed for the app, under Authentication.",
    "unauthorized_client": "GATEWAY_ENTRA_CLIENT_ID is not an app of this tenant, or may not sign people in.",
    "invalid_scope": "GATEWAY_ENTRA_GRAPH_SCOPES names a permission that Microsoft Graph does not have.",
    "invalid_resource": "GATEWAY_GRAPH_URL is not a resource of this tenant's cloud.",
    "invalid_request": "The app's registration does not fit the sign-in.",
}
"""OAuth's error codes that no sign-in mends → what to look at.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors
"""

CONSENT_CODES: Final = frozenset({65001, 65004})
TRANSIENT: Final = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True, slots=True)
class Renewed:
    access_token: str = field(repr=False)
    lifetime_seconds: float
    refresh_token: str = field(repr=False)


class RenewalClient:
    """One for each process."""

    def __init__(self, entra: Entra, *, entra_url: str, tenant_id: str, client_id: str, scopes: Sequence[str]) -> None:
        self._entra = entra
        self._authority = f"{entra_url}/{tenant_id}"
        self._client_id = client_id
        self._scopes = tuple(scopes)
        self._application: Any = None

    async def renew(self, refresh_token: str, claims: str | None, deadline: Deadline) -> Renewed:
        """`claims`: the JSON text of Graph's challenge. Raises `GatewayError`."""

        def work() -> Json:
            return self._open().acquire_token_by_refresh_token(
                refresh_token, list(self._scopes), data={"claims": _to_claims(claims)}
            )

        answer: Mapping[str, Json] = await self._entra.run(work, deadline)
        token = answer.get("access_token")
        if isinstance(token, str) and token:
            # Entra may leave the old one in force and name no other.
            following = answer.get("refresh_token") or refresh_token
            return Renewed(token, float(answer.get("expires_in", 0)), following)
        raise self._to_error(answer)

    def _open(self) -> Any:
        """Runs in a worker thread. Two threads may both make one: the later is kept, and no harm is done."""
        if self._application is None:
            from gateway.auth import applications  # noqa: PLC0415 - see there

            try:
                self._application = applications.build_public(
                    self._client_id, authority=self._authority, http=self._entra.http
                )
            except ValueError:
                raise MisconfiguredError(
                    "Microsoft Entra knows no such tenant.",
                    hint="The gateway's operator must correct GATEWAY_ENTRA_TENANT_ID.",
                ) from None
        return self._application

    def _to_error(self, answer: Mapping[str, Json]) -> GatewayError:
        """Entra's own words stay out: the log has their number."""
        code, numbers = str(answer.get("error", "")), answer.get("error_codes") or []
        said = f"{code}, AADSTS{numbers[0]}" if numbers else code
        if code in TRANSIENT:
            return UpstreamUnavailableError(f"Microsoft Entra gives no token at the moment ({said}).")
        if answer.get("suberror") == "consent_required" or CONSENT_CODES.intersection(numbers):
            return ConsentRequiredError(
                f"Nobody has consented to what this gateway asks for ({said}).",
                permissions=tuple(each.rpartition("/")[2] for each in self._scopes),
                hint="An administrator can grant consent for the gateway's app in the Entra admin center.",
            )
        if hint := MISCONFIGURED.get(code):
            return MisconfiguredError(
                f"Microsoft Entra refuses this gateway ({said}).", hint=f"Its operator must act. {hint}"
            )
        return SignInRequiredError(
            f"Microsoft Entra does not let this gateway act as its account any more ({said}).", hint=SIGN_IN
        )


def _to_claims(challenge: str | None) -> str:
    """MSAL adds the capability to what it asks for by itself in every flow but this one."""
    from gateway.auth.applications import CAPABILITIES  # noqa: PLC0415 - see there

    claims: dict[str, Any] = orjson.loads(challenge) if challenge else {}
    access = claims.get("access_token") or {}
    return orjson.dumps({**claims, "access_token": {**access, "xms_cc": {"values": CAPABILITIES}}}).decode()
