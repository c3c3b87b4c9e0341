"""Where all objects meet: settings and seams in, one ASGI application out."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from cryptography.fernet import Fernet
from graphql import GraphQLSchema
from opentelemetry.trace import TracerProvider
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.admission import Admission
from gateway.auth.entra import Entra, HttpClient
from gateway.auth.service_account import ServiceAccountExchange
from gateway.budgets import Budgets
from gateway.callers import build_auth, open_http
from gateway.clock import Clock, SystemClock
from gateway.cursors import CursorSealer
from gateway.documents import Documents
from gateway.endpoint import Endpoint
from gateway.errors import StoreUnavailableError
from gateway.execution.executor import Executor
from gateway.graph.aiohttp_transport import AiohttpTransport
from gateway.graph.client import Errand, GraphClient
from gateway.graph.gather import Batching
from gateway.graph.loader import Loader
from gateway.graph.transport import Transport
from gateway.health import Health
from gateway.idempotency import Ledger
from gateway.limits import Limits
from gateway.manifests import ManifestError
from gateway.page import Page, Start
from gateway.resources.catalog import ALL_SETS, CATALOG, offered
from gateway.resources.spec import WRITES, ResourceSpec
from gateway.schema.build import build_schema, to_graphql_core
from gateway.schema.creates import count_creates
from gateway.schema.printing import print_sdl
from gateway.setting_types import sqlite_path
from gateway.settings import Settings, SettingsError
from gateway.state.sqlite import SqliteStore
from gateway.state.store import Store
from gateway.telemetry import Telemetry
from gateway.trusted import TrustedDocuments

GRAPHQL: Final = "/graphql"
SENT_HEADERS: Final = [
    "authorization",
    "content-type",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "x-deadline-ms",
    "x-request-id",
]
EXPOSED_HEADERS: Final = ["Retry-After", "X-Request-Id", "WWW-Authenticate"]
PREFLIGHT_SECONDS: Final = 600


def create_app(
    settings: Settings,
    *,
    transport: Transport | None = None,
    entra_http: HttpClient | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
    registry: CollectorRegistry | None = None,
    start: Start | None = None,
    catalog: Iterable[ResourceSpec] = CATALOG,
    tracer_provider: TracerProvider | None = None,
) -> "Gateway":
    """The gateway as an ASGI application. The keyword arguments are its seams; None is the real thing."""
    clock = clock or SystemClock()
    telemetry = Telemetry(clock, registry or CollectorRegistry(), tracer_provider)
    health = Health()
    own_transport = AiohttpTransport(
        ca_file=settings.ca_file,
        connections=settings.graph_connections,
        max_answer_bytes=settings.max_answer_bytes,
    )
    graph = GraphClient(
        transport or own_transport,
        base_url=f"{settings.graph_url}/{settings.graph_version}",
        clock=clock,
        telemetry=telemetry,
    )
    batching = Batching(settings.graph_batch)
    specs = to_offered(tuple(catalog), settings)
    core = to_graphql_core(build_schema(specs))
    entra = None if settings.auth_mode == "forward" else Entra(entra_http or open_http(settings))
    own_store = None if store else build_store(settings, clock)
    store = store or own_store
    authenticator, exchange = build_auth(settings, entra, store, clock)
    to_sdl = partial(print_sdl, specs) if settings.introspection else None
    page = Page(start or Start(), to_sdl=to_sdl) if settings.playground else None

    def open_loader(errand: Errand) -> Loader:
        return Loader(
            graph,
            errand,
            max_calls=settings.max_graph_calls,
            concurrency=settings.graph_concurrency,
            batching=batching,
            hold=health.hold,
        )

    documents = build_documents(settings, core)
    executor = Executor(
        core, compiled=settings.compiled, suggestions=settings.introspection, count=telemetry.count_execution
    )
    for each in (documents, executor, authenticator, exchange):
        telemetry.watch_caches(each.cache_sizes)
    trusted = _build_trusted(settings, documents, executor)
    admission = Admission(most_running=settings.max_operations, most_queued=settings.max_queued_operations)
    telemetry.watch_queue(lambda: admission.queued)
    endpoint = Endpoint(
        documents=documents,
        trusted=trusted,
        executor=executor,
        limits=_build_limits(settings),
        authenticator=authenticator,
        exchange=exchange,
        open_loader=open_loader,
        admission=admission,
        budgets=_build_budgets(settings, store, clock, telemetry),
        ledger=Ledger(store, kept_seconds=settings.idempotency_hours * 3600, clock=clock) if store else None,
        count_creates=partial(count_creates, core),
        cursors=CursorSealer(_cursor_keys(settings)),
        telemetry=telemetry,
        clock=clock,
        page=page,
        deadline_seconds=settings.deadline_seconds,
        max_body_bytes=settings.max_body_bytes,
        max_bulk_items=settings.max_bulk_items,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with own_transport, asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(trusted.watch(clock)) if trusted else None
            health.start()
            if isinstance(exchange, ServiceAccountExchange):
                tasks.create_task(exchange.announce())
            yield
            await health.drain()
            if watching:
                watching.cancel()
        if own_store:
            await own_store.close()
        if entra:
            entra.close()

    middleware = _middleware(settings)
    app = Starlette(
        # The route is for `/graphql/`, which is led to the endpoint.
        routes=[Route(GRAPHQL, endpoint), *health.routes, *(page.routes if page else [])],
        middleware=[*middleware, Middleware(GZipMiddleware)],
        lifespan=lifespan,
    )
    return Gateway(app, _within(middleware, endpoint), health)


@dataclass(frozen=True, slots=True)
class Gateway:
    """The ASGI application: Starlette's, but for a short way to the endpoint, past what only the others need.

    Router and middleware would be a noticeable part of each operation.
    """

    starlette: Starlette
    endpoint: ASGIApp
    health: Health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_short = scope["type"] == "http" and scope["path"] == GRAPHQL
        await (self.endpoint if is_short else self.starlette)(scope, receive, self.health.parting(send))


def build_documents(settings: Settings, schema: GraphQLSchema) -> Documents:
    return Documents(
        schema,
        _build_limits(settings),
        introspection=settings.introspection,
        cache_entries=settings.document_cache_entries,
        cache_bytes=settings.document_cache_bytes,
    )


def _build_trusted(settings: Settings, documents: Documents, executor: Executor) -> TrustedDocuments | None:
    """Raises `SettingsError` if the manifests cannot be used."""
    if settings.trusted_documents == "off":
        return None
    assert settings.trusted_documents_path is not None, "settings have seen to it"
    only = settings.trusted_documents == "only"
    try:
        return TrustedDocuments(settings.trusted_documents_path, documents, only=only, make_ready=executor.compile)
    except ManifestError as error:
        raise SettingsError(f"GATEWAY_TRUSTED_DOCUMENTS_PATH: {fault}" for fault in error.faults) from None


def build_store(settings: Settings, clock: Clock) -> Store | None:
    """Raises `SettingsError` for a file that cannot be used; Redis may come later."""
    if settings.store_url is None:
        return None
    url = settings.store_url.get_secret_value()
    path = sqlite_path(url)
    if path is None:
        from gateway.state.redis import RedisStore  # noqa: PLC0415 - it takes long to load, and only some need it

        return RedisStore(url, max_entries=settings.store_max_entries, ca_file=settings.ca_file)
    try:
        return SqliteStore(path, max_entries=settings.store_max_entries, clock=clock)
    except StoreUnavailableError as error:
        raise SettingsError([f"GATEWAY_STORE_URL: the file cannot be used: {error.__cause__}"]) from None


def _build_budgets(settings: Settings, store: Store | None, clock: Clock, telemetry: Telemetry) -> Budgets:
    return Budgets(
        of_graph=settings.graph_budgets,
        calls_per_minute=settings.caller_calls_per_minute,
        app_id=None if settings.auth_mode == "forward" else settings.gateway_app,
        tenant_id=settings.entra_tenant_id if settings.auth_mode == "service-account" else None,
        shared=store.buckets if store else None,
        clock=clock,
        observe=telemetry.observe_budget_wait,
    )


def _build_limits(settings: Settings) -> Limits:
    return Limits(
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        input_depth=settings.max_input_depth,
        aliases=settings.max_aliases,
        root_fields=settings.max_root_fields,
        directives=settings.max_directives,
    )


def to_offered(catalog: tuple[ResourceSpec, ...], settings: Settings) -> tuple[ResourceSpec, ...]:
    """The catalogue as the settings shape it; raises `SettingsError` where they name what is not in it."""
    known = {spec.entity_set for spec in catalog if spec.by_convention & WRITES}
    unknown = [name for name in settings.convention_writes if name not in known | {ALL_SETS, "none"}]
    if unknown:
        raise SettingsError(
            f"GATEWAY_CONVENTION_WRITES={name!r}: no entity set with such writes; there are {', '.join(sorted(known))}"
            for name in unknown
        )
    return offered(catalog, settings.convention_writes)


def _cursor_keys(settings: Settings) -> list[str]:
    return [key.get_secret_value() for key in settings.secret_keys] or [Fernet.generate_key().decode()]


def _middleware(settings: Settings) -> list[Middleware]:
    """For all that is served, outermost first."""
    middleware = []
    if "*" not in settings.allowed_hosts:
        hosts = list(settings.allowed_hosts)
        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False))
    if settings.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST"],
                allow_headers=SENT_HEADERS,
                expose_headers=EXPOSED_HEADERS,
                max_age=PREFLIGHT_SECONDS,
            )
        )
    return middleware


def _within(middleware: Sequence[Middleware], app: ASGIApp) -> ASGIApp:
    for each in reversed(middleware):
        app = each.cls(app, *each.args, **each.kwargs)
    return app
