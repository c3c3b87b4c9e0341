"""Tries each thing that the gateway depends on once, before the first caller does.

Without a token: what the gateway itself needs; in `service-account` up to a read as the account. With one: what a
caller with this token will meet, step by step, up to a read that goes the whole way.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

import httpx
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.auth.bearer import Caller
from gateway.auth.claims import to_unverified_claims
from gateway.auth.entra import Entra, HttpClient
from gateway.auth.keys import SigningKeys
from gateway.auth.service_account import ServiceAccountExchange
from gateway.callers import build_auth, build_confidential_client
from gateway.clock import Clock, Deadline
from gateway.errors import ForbiddenError, GatewayError, UpstreamUnavailableError, UpstreamUnsupportedError
from gateway.graph.answer import VERSION_HINT
from gateway.graph.client import Errand, GraphClient
from gateway.graph.httpx_transport import HttpxTransport
from gateway.mapping.place import to_root
from gateway.mapping.requests import to_list
from gateway.resources.catalog import CATALOG, all_permissions
from gateway.resources.spec import NAMESPACE, Operation, ResourceSpec
from gateway.settings import Settings
from gateway.state.store import Store
from gateway.telemetry import Operation as Record
from gateway.telemetry import Telemetry
from gateway.tls import to_reason

STEP_SECONDS: Final = 60.0
"""For one step: the real `$metadata` has tens of megabytes."""

FORWARD_HAS_NONE: Final = "in forward mode callers bring Graph's own tokens"
NO_CREDENTIAL: Final[Mapping[str, str]] = {
    "forward": FORWARD_HAS_NONE,
    "service-account": "in service-account mode the account's sign-in takes its place",
}
THERE: Final = "a token for Microsoft Graph is there"
GIVE_AN_APP_TOKEN: Final = "no app's access token was given: --token-file"  # noqa: S105 - what to type
GIVE_A_TOKEN: Final = "no access token was given: --token-file or --sign-in"  # noqa: S105 - what to type
STOPPED: Final = "the step before it failed"


class Outcome(Enum):
    """Each value is the word that a person reads."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of trying one thing; `hint` says what to change."""

    subject: str
    outcome: Outcome
    said: str
    hint: str | None = None


class Checks:
    """The steps in the order in which a request meets them. Who made `client` and `entra_http` closes them."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: httpx.AsyncClient,
        entra_http: HttpClient,
        clock: Clock,
        store: Store | None = None,
    ) -> None:
        self._settings = settings
        self._client = client
        self._entra_http = entra_http
        self._clock = clock
        self._entra = Entra(entra_http)
        self._store = store
        self._authenticator, self._exchange = build_auth(settings, self._entra, store, clock)
        self._caller: Caller | None = None
        self._graph_token = ""

    async def run(self, token: str | None) -> list[Finding]:
        mode = self._settings.auth_mode
        findings = [
            Finding("settings", Outcome.OK, f"{len(self._settings.model_fields_set)} given, all understood"),
            await _tried("signing keys", self._keys, not_tried=FORWARD_HAS_NONE if mode == "forward" else None),
            await _tried("client credential", self._credential, not_tried=NO_CREDENTIAL.get(mode)),
            await _tried("Graph version", self._version),
        ]
        if isinstance(self._exchange, ServiceAccountExchange):
            return findings + await self._run_as_account(self._exchange, token)
        return findings + await _in_turn(
            {
                "access token": lambda: self._authenticate(token or ""),
                "consent": self._consent,
                "permissions": self._permissions,
                "a read": lambda: self._read(token or ""),
            },
            not_tried=None if token else GIVE_A_TOKEN,
        )

    async def _run_as_account(self, exchange: ServiceAccountExchange, token: str | None) -> list[Finding]:
        """The account by itself; then, if there is a token, an app's call as the account."""

        async def store() -> str:
            await exchange.look()
            return "it answers"

        async def sign_in() -> str:
            return f"of tenant {exchange.account.tenant_id}, person {exchange.account.object_id}"

        account = await _in_turn(
            {
                "store": store,
                "sign-in": sign_in,
                "renewal": lambda: self._renew(exchange),
                "permissions": self._permissions,
                "a read": lambda: self._read_as_account(exchange),
            }
        )
        return account + await _in_turn(
            {
                "access token": lambda: self._authenticate(token or ""),
                "a call with it": lambda: self._read(token or ""),
            },
            not_tried=None if token else GIVE_AN_APP_TOKEN,
        )

    @property
    def _deadline(self) -> Deadline:
        return Deadline.after(self._clock, STEP_SECONDS)

    async def _keys(self) -> str:
        keys = SigningKeys(self._entra, entra_url=self._settings.entra_url, clock=self._clock)
        published = {tenant: await keys.load(tenant, "2.0", self._deadline) for tenant in self._settings.served_tenants}
        return "; ".join(f"{len(each.keys)} of tenant {tenant}" for tenant, each in published.items())

    async def _credential(self) -> str:
        client = build_confidential_client(self._settings, self._entra)
        for tenant in self._settings.served_tenants:
            await client.prove(tenant, self._settings.graph_scopes[:1], self._deadline)
        return f"Microsoft Entra takes it for the app {self._settings.gateway_app}"

    async def _version(self) -> str:
        """`$metadata` needs no token. It is read only as far as the namespace."""
        url = f"{self._settings.graph_url}/{self._settings.graph_version}/$metadata"
        wanted, tail = f'Namespace="{NAMESPACE}"'.encode(), b""
        try:
            async with self._client.stream("GET", url, timeout=STEP_SECONDS) as response:
                async for chunk in response.aiter_bytes():
                    seen = tail + chunk
                    if wanted in seen:
                        return f"{self._settings.graph_version} has {NAMESPACE}"
                    tail = seen[-len(wanted) :]
                status = response.status_code
        except httpx.HTTPError as failure:
            raise UpstreamUnavailableError(
                f"{self._settings.graph_url} cannot be read ({to_reason(failure)}).",
                hint="Check GATEWAY_GRAPH_URL, GATEWAY_CA_FILE, and the way from the gateway to there.",
            ) from None
        if status != 200:
            raise UpstreamUnavailableError(f"{url} answered {status}.", hint="Check GATEWAY_GRAPH_URL.")
        raise UpstreamUnsupportedError(f"{self._settings.graph_version} does not have {NAMESPACE}.", hint=VERSION_HINT)

    async def _authenticate(self, token: str) -> str:
        self._caller = await self._authenticator.authenticate(f"Bearer {token}", self._deadline)
        return f"of tenant {self._caller.tenant_id}, person {self._caller.object_id}, app {self._caller.app_id}"

    async def _consent(self) -> str:
        assert self._caller is not None
        self._graph_token = (await self._exchange.access_token(self._caller, None, self._deadline)).text
        return THERE

    async def _renew(self, exchange: ServiceAccountExchange) -> str:
        self._graph_token = (await exchange.access_token(None, None, self._deadline)).text
        return THERE

    async def _permissions(self) -> str:
        granted = set(str(to_unverified_claims(self._graph_token).get("scp", "")).split())
        needed = all_permissions(CATALOG)
        missing = sorted(each for each in needed if not _is_granted(each, granted))
        if len(missing) == len(needed):
            raise ForbiddenError(
                f"The token for Microsoft Graph has none of {', '.join(missing)}.",
                hint="Add those that are needed to the app's API permissions, and grant admin consent.",
            )
        return f"all but {', '.join(missing)}" if missing else "all that the schema needs"

    def _readable(self) -> ResourceSpec:
        """A set that the Graph token may read."""
        granted = set(str(to_unverified_claims(self._graph_token).get("scp", "")).split())
        lists = [(each, each.permissions[Operation.LIST]) for each in CATALOG if Operation.LIST in each.documented]
        return next(spec for spec, permission in lists if permission and _is_granted(permission, granted))

    @property
    def _transport(self) -> HttpxTransport:
        return HttpxTransport(self._client, max_answer_bytes=self._settings.max_answer_bytes)

    async def _read_as_account(self, exchange: ServiceAccountExchange) -> str:
        """One object, asked for without any caller."""
        spec, deadline = self._readable(), self._deadline

        async def token(claims: str | None) -> str:
            return (await exchange.access_token(None, claims, deadline)).text

        graph = GraphClient(
            self._transport,
            base_url=f"{self._settings.graph_url}/{self._settings.graph_version}",
            clock=self._clock,
            telemetry=Telemetry(self._clock, CollectorRegistry()),
        )
        request = to_list(to_root(spec), [spec.key.name], first=1, given_filter={}, order_by=(), count=False)
        errand = Errand(token, deadline, Record(request_id="check"), give_up=exchange.give_up)
        page = await graph.read(request, errand, partial(graph.call, errand=errand))
        return _came(spec, len(page.get("value", [])))

    async def _read(self, token: str) -> str:
        """One object, asked for as a caller would."""
        spec = self._readable()
        app = create_app(
            self._settings,
            transport=self._transport,
            entra_http=self._entra_http,
            store=self._store,
            clock=self._clock,
        )
        host = next((each for each in self._settings.allowed_hosts if "*" not in each), "localhost")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as caller:
            response = await caller.post(
                "/graphql",
                json={"query": f"{{ {spec.entity_set}(first: 1) {{ nodes {{ {spec.key.name} }} }} }}"},
                headers={"authorization": f"Bearer {token}"},
            )
        return _said(spec, response)


def _said(spec: ResourceSpec, response: httpx.Response) -> str:
    answer = response.json()
    for error in answer.get("errors", []):
        code, hint = error["extensions"]["code"], error["extensions"].get("hint")
        raise UpstreamUnavailableError(f"{spec.entity_set}: {code}: {error['message']}", hint=hint)
    return _came(spec, len(answer["data"][spec.entity_set]["nodes"]))


def _came(spec: ResourceSpec, count: int) -> str:
    return f"{spec.entity_set}: {'one came' if count else 'none there, or none that this person may see'}"


def _is_granted(permission: str, granted: set[str]) -> bool:
    """A permission to write includes the one to read."""
    return not granted.isdisjoint({permission, permission.replace(".Read.", ".ReadWrite.")})


async def _in_turn(steps: Mapping[str, Callable[[], Awaitable[str]]], *, not_tried: str | None = None) -> list[Finding]:
    """Each step needs the one before it."""
    findings = []
    for subject, step in steps.items():
        finding = await _tried(subject, step, not_tried=not_tried)
        findings.append(finding)
        if finding.outcome is Outcome.FAILED:
            not_tried = STOPPED
    return findings


async def _tried(subject: str, step: Callable[[], Awaitable[str]], *, not_tried: str | None = None) -> Finding:
    if not_tried is not None:
        return Finding(subject, Outcome.NOT_TRIED, not_tried)
    try:
        return Finding(subject, Outcome.OK, await step())
    except GatewayError as error:
        return Finding(subject, Outcome.FAILED, error.message, error.hint)
