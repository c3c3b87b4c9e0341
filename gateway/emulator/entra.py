"""Microsoft Entra, as far as the gateway and its callers need it: discovery, keys, and tokens by six grants.

https://learn.microsoft.com/entra/identity-platform/v2-protocols. The one person signs in without being asked.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl
from uuid import uuid4

import jwt

from gateway.emulator.directory import GATEWAY_APP, App, Directory
from gateway.emulator.faults import Attempt
from gateway.emulator.messages import Call, Json, Reply
from gateway.emulator.refresh import RefreshTokens
from gateway.emulator.signin import SignIns
from gateway.emulator.tokens import GRAPH, TokenIssuer

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"

SIGN_INS: Final = frozenset({DEVICE_CODE, "authorization_code", "refresh_token"})
"""The grants with which a person signs in, or stays so."""

PERSONAL_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access"})
ANY_TENANT: Final = frozenset({"common", "organizations"})
FEDERATION_AUDIENCE: Final = "api://AzureADTokenExchange"
LOOPBACK: Final = ("http://127.0.0.1", "https://127.0.0.1", "http://localhost", "https://localhost")


@dataclass(eq=False)
class TokenRefusal(Exception):  # noqa: N818 - a refusal is an answer, as in OAuth
    """An error answer of the token endpoint. `number`: the AADSTS number.

    https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    """

    error: str
    number: int
    message: str
    suberror: str | None = None
    claims: str | None = None
    status: int = 400

    def to_reply(self) -> Reply:
        now = datetime.now(UTC)
        content = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.message} Trace ID: {uuid4()} Timestamp: {now:%F %TZ}",
            "error_codes": [self.number],
            "timestamp": f"{now:%F %TZ}",
            "trace_id": str(uuid4()),
            "correlation_id": str(uuid4()),
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
            "suberror": self.suberror,
            "claims": self.claims,
        }
        return json_reply({name: value for name, value in content.items() if value}, status=self.status)


@dataclass(frozen=True, slots=True)
class RefuseToken:
    """A fault for the token endpoint: what Entra says when policy, consent or registration stand in the way."""

    error: str
    number: int
    suberror: str | None = None
    claims: str | None = None

    async def __call__(self, _: Attempt, /) -> Reply:
        return TokenRefusal(self.error, self.number, "As the test wants it.", self.suberror, self.claims).to_reply()


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One call of the token endpoint by an app that has shown who it is."""

    form: Mapping[str, str]
    app: App
    tenant_id: str


class Entra:
    """One service over one directory; `answer` is all of it."""

    def __init__(self, issuer: TokenIssuer, directory: Directory) -> None:
        self.directory = directory
        self.sign_ins = SignIns()
        self.refresh_tokens = RefreshTokens()
        self._issuer = issuer
        self._routes: Mapping[tuple[str, str], Callable[[Call, str], Reply]] = {
            ("GET", "v2.0/.well-known/openid-configuration"): lambda call, tenant: self._metadata(call, tenant, "2.0"),
            ("GET", ".well-known/openid-configuration"): lambda call, tenant: self._metadata(call, tenant, "1.0"),
            ("GET", "discovery/v2.0/keys"): lambda *_: json_reply(self._issuer.jwks()),
            ("GET", "discovery/keys"): lambda *_: json_reply(self._issuer.jwks()),
            ("GET", "oauth2/v2.0/authorize"): lambda call, _: self.sign_ins.authorize(dict(call.query)),
            ("GET", "oauth2/deviceauth"): lambda call, _: self.sign_ins.confirm(dict(call.query).get("otc", "")),
            ("POST", "oauth2/v2.0/devicecode"): lambda call, _: self.sign_ins.start_device(call.origin, _form(call)),
            ("POST", "oauth2/v2.0/token"): self._token,
            ("GET", "identity/oauth2/token"): self._managed_identity,
        }
        self._grants: Mapping[str, Callable[[TokenRequest], Reply]] = {
            JWT_BEARER: self._on_behalf_of,
            "client_credentials": self._client_credentials,
            DEVICE_CODE: self._device_code,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
        }

    def answer(self, call: Call) -> Reply:
        try:
            return self._route(call)
        except TokenRefusal as refusal:
            return refusal.to_reply()

    def _route(self, call: Call) -> Reply:
        tenant, *path = call.segments
        handler = self._routes.get((call.method, "/".join(path)))
        return handler(call, tenant) if handler else Reply(404)

    def _tenant(self, name: str) -> str:
        """The tenant's id; the names of no tenant in particular stand for the first."""
        if name in ANY_TENANT:
            return self.directory.tenant_ids[0]
        if name not in self.directory.tenant_ids:
            raise TokenRefusal("invalid_tenant", 90002, f"Tenant '{name}' not found.")
        return name

    def _metadata(self, call: Call, tenant: str, version: str) -> Reply:
        """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata."""
        tenant_id = self._tenant(tenant)
        base = f"{call.origin}/{tenant_id}"
        return json_reply(
            {
                "issuer": self._issuer.issuer_of(tenant_id, version),
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/{'v2.0/' if version == '2.0' else ''}keys",
            }
        )

    def _token(self, call: Call, tenant: str) -> Reply:
        tenant_id, form = self._tenant(tenant), _form(call)
        app = self.directory.apps.get(form.get("client_id", ""))
        if app is None:
            raise TokenRefusal("unauthorized_client", 700016, "The application was not found in the directory.")
        kind = form.get("grant_type", "")
        if not (app.signs_people_in and kind in SIGN_INS):
            self._authenticate(app, form, call)
        grant = self._grants.get(kind)
        if grant is None:
            raise TokenRefusal("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        return grant(TokenRequest(form, app, tenant_id))

    def _authenticate(self, app: App, form: Mapping[str, str], call: Call) -> None:
        """By secret, or by a JWT that one of the app's keys has signed (RFC 7523 section 2.2)."""
        if not form.keys() & {"client_secret", "client_assertion"}:
            raise TokenRefusal("invalid_client", 7000218, "The request must have an assertion or a secret.", status=401)
        if secret := form.get("client_secret"):
            if secret != app.secret:
                raise TokenRefusal("invalid_client", 7000215, "Invalid client secret provided.", status=401)
            return
        audiences = [f"{call.origin}{call.path}", FEDERATION_AUDIENCE]
        for key in app.keys:
            try:
                jwt.decode(form.get("client_assertion", ""), key, algorithms=["RS256", "PS256"], audience=audiences)
            except jwt.InvalidTokenError:
                continue
            return
        raise TokenRefusal(
            "invalid_client", 700027, "The certificate with identifier used is not registered.", status=401
        )

    def _managed_identity(self, call: Call, _: str) -> Reply:
        """What an Azure machine's own endpoint gives to whoever runs on it.

        https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#get-a-token-using-http
        """
        token = self._issuer.issue(audience=dict(call.query).get("resource", ""))
        return self._token_reply(token)

    def _on_behalf_of(self, request: TokenRequest) -> Reply:
        if request.form.get("requested_token_use") != "on_behalf_of":
            raise TokenRefusal("invalid_request", 90014, "The required field 'requested_token_use' is missing.")
        audiences = [request.app.client_id, request.app.uri]
        try:
            claims = self._issuer.claims(request.form.get("assertion", ""), audience=audiences)
        except jwt.ExpiredSignatureError:
            raise TokenRefusal("invalid_grant", 500133, "Assertion is not within its valid time range.") from None
        except jwt.InvalidTokenError:
            raise TokenRefusal("invalid_grant", 50013, "Assertion failed signature validation.") from None
        if "scp" not in claims:
            raise TokenRefusal("invalid_grant", 50013, "Assertion is an app token; a user's is needed.")
        return self._answer(request, str(claims["oid"]))

    def _client_credentials(self, request: TokenRequest) -> Reply:
        resource, _ = self._scopes(request.form)
        target = self.directory.app_of(resource)
        is_gateway = target is not None and target.client_id == GATEWAY_APP
        token = self._issuer.issue(
            audience=self._audience(resource),
            roles=request.app.roles if is_gateway else (),
            tenant_id=request.tenant_id,
            object_id=request.app.principal,
            app_id=request.app.client_id,
            expires_in_seconds=self.directory.lifetime_seconds,
        )
        return self._token_reply(token)

    def _device_code(self, request: TokenRequest) -> Reply:
        state = self.sign_ins.poll(request.form.get("device_code", ""))
        if state is None:
            raise TokenRefusal("bad_verification_code", 70000, "The device code is not known.")
        if not state.is_confirmed:
            raise TokenRefusal("authorization_pending", 70016, "The person has not confirmed the code yet.")
        return self._answer(TokenRequest({**request.form, **state.form}, request.app, request.tenant_id))

    def _authorization_code(self, request: TokenRequest) -> Reply:
        form = self.sign_ins.redeem(request.form)
        if form is None:
            raise TokenRefusal("invalid_grant", 70008, "The code is not known, was used, or its verifier is wrong.")
        return self._answer(TokenRequest({**request.form, **form}, request.app, request.tenant_id))

    def _refresh_token(self, request: TokenRequest) -> Reply:
        """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token."""
        grant = self.refresh_tokens.redeem(request.form.get("refresh_token", ""), request.app.client_id)
        if grant is None:
            raise TokenRefusal("invalid_grant", 9002313, "The refresh token is not known, or of another app.")
        if grant.is_revoked:
            raise TokenRefusal("invalid_grant", 50173, "The provided grant has expired due to it being revoked.")
        return self._answer(request, grant.person)

    def _answer(self, request: TokenRequest, person: str | None = None) -> Reply:
        """A delegated token for what the form's scope names, an id token, and a refresh token if it is asked for."""
        resource, names = self._scopes(request.form)
        target = self.directory.app_of(resource)
        granted = request.app.consented if target is None else target.scopes
        wanted = granted if names == {".default"} else names
        if not wanted or not wanted <= granted:
            raise TokenRefusal(
                "invalid_grant", 65001, "The user or administrator has not consented.", suberror="consent_required"
            )
        issue = partial(
            self._issuer.issue,
            tenant_id=request.tenant_id,
            object_id=person or self.directory.person,
            app_id=request.app.client_id,
            expires_in_seconds=self.directory.lifetime_seconds,
        )
        version = "2.0" if target is None else target.version
        token = issue(audience=self._audience(resource), scopes=wanted, version=version)
        name = self.directory.user_name
        id_token = issue(
            audience=request.app.client_id,
            scopes=["openid"],
            nonce=request.form.get("nonce", ""),
            name=name.partition("@")[0].title(),
            preferred_username=name,
        )
        more = {"id_token": id_token, "scope": " ".join(f"{resource}/{name}" for name in wanted)}
        is_new = self.refresh_tokens.gives if person is None else self.refresh_tokens.rotates
        if is_new and "offline_access" in request.form.get("scope", "").split():
            more["refresh_token"] = self.refresh_tokens.issue(request.app.client_id, person or self.directory.person)
        return self._token_reply(token, **more)

    def _scopes(self, form: Mapping[str, str]) -> tuple[str, set[str]]:
        """The one resource that a scope is about, and the permissions of it."""
        wanted = [each.rpartition("/") for each in form.get("scope", "").split() if each not in PERSONAL_SCOPES]
        resources = {resource or GRAPH for resource, _, _ in wanted}
        if len(resources) != 1:
            raise TokenRefusal("invalid_scope", 70011, "The scope must name permissions of exactly one resource.")
        resource = resources.pop()
        if self.directory.app_of(resource) is None and resource != GRAPH and not resource.startswith(LOOPBACK):
            raise TokenRefusal("invalid_resource", 500011, f"The resource principal named {resource} was not found.")
        return resource, {name for _, _, name in wanted}

    def _audience(self, resource: str) -> str:
        target = self.directory.app_of(resource)
        if target is None:
            return GRAPH
        return target.client_id if target.version == "2.0" else target.uri

    def _token_reply(self, token: str, **more: str) -> Reply:
        seconds = int(self.directory.lifetime_seconds)
        return json_reply({"token_type": "Bearer", "expires_in": seconds, "access_token": token, **more})


def json_reply(content: Json, *, status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json; charset=utf-8"}, json.dumps(content).encode())


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.content.decode(errors="replace"), keep_blank_values=True))
