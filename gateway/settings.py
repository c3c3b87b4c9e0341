"""Every knob of the gateway: variable, unit, default, meaning. The only file that knows the environment.

`Settings.from_environ` checks everything before anything starts and reports all faults at once (`SettingsError`).
A secret may come from a file instead: `GATEWAY_…_FILE` names it. Long because it is the one list of all settings.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.setting_types import (
    Authorities,
    BaseUrl,
    Certificate,
    Count,
    Guid,
    Guids,
    Hosts,
    HttpsUrl,
    Keys,
    ManifestPath,
    Name,
    Names,
    Origins,
    Port,
    StoreUrl,
    sqlite_path,
)

PREFIX = "GATEWAY_"


class SettingsError(Exception):
    """The environment does not make a valid configuration. `faults`: one line each, never a secret."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class Settings(BaseSettings):
    """The configuration of one gateway process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    # Microsoft Graph
    graph_url: BaseUrl = Field("https://graph.microsoft.com", description="Root of Microsoft Graph.")
    graph_version: Literal["v1.0", "beta"] = Field(
        "v1.0", description="Version segment. The public service has the namespace in `beta` only."
    )
    ca_file: Authorities | None = Field(
        None, description="Certificates (PEM) that are trusted besides the system's own, for Graph and Entra."
    )
    graph_connections: Count = Field(64, description="Connections to Graph that may be open at a time.")
    max_graph_calls: Count = Field(100, description="Calls to Graph that one operation may make.")
    max_bulk_items: Count = Field(100, description="Objects that one bulk field may create or delete.")
    graph_batch: bool = Field(True, description="Whether calls of one operation travel together, 20 in one `$batch`.")
    graph_concurrency: Count = Field(10, description="Calls to Graph that one operation may have in flight.")
    graph_budgets: bool = Field(
        True,
        description="Whether calls are held back to keep within Graph's limits for this service: 100 writes and 1,000 "
        "calls in 20 seconds for an app in a tenant, twice that for a tenant.",
    )
    max_answer_bytes: Count = Field(8_000_000, description="Largest answer that is read from Graph, decompressed.")
    deadline_seconds: float = Field(
        30, gt=0, le=600, description="Time for one operation; a caller's `X-Deadline-Ms` can only shorten it."
    )

    # Who calls
    auth_mode: Literal["forward", "on-behalf-of", "service-account"] = Field(
        "forward",
        description="`forward`: callers bring a delegated Graph token. `on-behalf-of`: callers bring a token for this "
        "gateway, which exchanges it for one. `service-account`: apps bring a token for this gateway, which acts as "
        "the one account of `gateway sign-in`.",
    )
    entra_url: HttpsUrl = Field("https://login.microsoftonline.com", description="Root of Microsoft Entra.")
    entra_tenant_id: Guid | None = Field(
        None, description="The service provider's tenant (GUID): callers come from it, the exchange goes to it."
    )
    entra_client_id: Guid | None = Field(None, description="Application (client) id (GUID) of this gateway in Entra.")
    entra_client_certificate_file: Certificate | None = Field(
        None, description="Credential for the exchange: private key and certificate (PEM)."
    )
    entra_federated_token_file: FilePath | None = Field(
        None, description="Credential for the exchange: file with a workload identity token, read at each use."
    )
    entra_managed_identity: Literal["system"] | Guid | None = Field(
        None, description="Credential for the exchange: `system`, or the client id of a user-assigned identity."
    )
    entra_client_secret: SecretStr | None = Field(
        None, description="Credential for the exchange: a client secret. Prefer one of the others."
    )
    entra_scope: Name = Field("access_as_user", description="Scope of this gateway that a caller's token must carry.")
    entra_graph_scopes: Names = Field(
        (), description="Delegated Graph permissions to ask for in Entra. Default: all that were consented to."
    )
    allowed_tenants: Guids = Field(
        (),
        description="Tenants whose tokens this gateway takes, if they are for it. Default: `GATEWAY_ENTRA_TENANT_ID`.",
    )
    allowed_client_apps: Guids = Field(
        (),
        description="Client apps whose tokens this gateway takes, if they are for it. Default: any; `service-account` "
        "must have them named.",
    )

    # What is offered
    convention_writes: Names = Field(
        ("cloudPcConnections",),
        description="Entity sets that get the writes which no Graph page documents; or `all`, or `none`.",
    )
    compiled: bool = Field(
        True, description="Whether operations are compiled; if not, graphql-core runs them, slower and the same."
    )
    introspection: bool = Field(
        True, description="Whether the schema can be asked for, the page shows it to anyone, and errors suggest names."
    )
    playground: bool = Field(True, description="Whether browsers get the GraphiQL page at `/graphql`.")

    # Trusted documents
    trusted_documents: Literal["off", "log", "only"] = Field(
        "off",
        description="`log`: clients may send ids of trusted documents, and the log says which operations are not of "
        "such. `only`: others are refused.",
    )
    trusted_documents_path: ManifestPath | None = Field(
        None,
        description="Manifest (JSON) of trusted documents, or a folder of such. Read again when it changes.",
    )

    # HTTP
    allowed_hosts: Hosts = Field(
        ("*",), description="Host names that requests may be addressed to; `*.example.com` works."
    )
    cors_origins: Origins = Field((), description="Browser origins that may call; `*` for any. Default: none.")
    max_operations: Count = Field(256, description="Operations that run at a time.")
    max_queued_operations: int = Field(
        256, ge=0, description="Operations that wait for their turn; more are told to come again."
    )
    caller_calls_per_minute: Count | None = Field(
        None, description="Calls to Graph that one caller may make in a minute. Default: no limit."
    )
    max_body_bytes: Count = Field(1_000_000, description="Largest request body, decompressed.")
    admin_port: Port | None = Field(None, description="Port for Prometheus' `/metrics`. Default: none.")
    drain_seconds: float = Field(
        5,
        ge=0,
        le=300,
        description="Between SIGTERM and the end of accepting: time for proxies to go elsewhere. SIGINT skips it.",
    )

    # Limits on a document
    max_tokens: Count = Field(10_000, description="Lexical tokens in a document.")
    max_depth: Count = Field(12, description="Nesting of fields; introspection aside.")
    max_input_depth: int = Field(
        32, ge=1, le=100, description="Nesting of lists and objects in an argument or a variable."
    )
    max_aliases: Count = Field(50, description="Aliased fields, fragments expanded.")
    max_root_fields: Count = Field(50, description="Root fields, fragments expanded.")
    max_directives: Count = Field(50, description="Directives in a document.")
    document_cache_entries: Count = Field(1_000, description="Parsed and validated documents that are kept.")
    document_cache_bytes: Count = Field(
        4_000_000, description="Text of the documents that are kept; as much again for their shapes."
    )

    # Store
    store_url: StoreUrl | None = Field(
        None,
        description="Where idempotency keys and the sign-in of `service-account` are kept: `sqlite:///file.db` for one "
        "machine, `redis://…` or `rediss://…` for several. Default: nowhere, and keys are refused.",
    )
    store_max_entries: Count = Field(100_000, description="Entries that the store may have; two for a key.")
    idempotency_hours: float = Field(24, gt=0, le=24 * 366, description="How long an idempotency key holds.")

    # Secrets and logs
    secret_keys: Keys = Field(
        (),
        description="Keys that seal cursors and the sign-in, comma-separated: the first seals, all open. Default: a "
        "random one, so cursors end with the process and are not shared by replicas.",
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="`text` for people, `json` for machines, `auto`: text on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe line that is logged."
    )

    @property
    def gateway_app(self) -> str:
        """The client id of this gateway; for the modes that cannot be without."""
        assert self.entra_client_id is not None
        return self.entra_client_id

    @property
    def home_tenant(self) -> str:
        """The service provider's tenant; for the modes that cannot be without."""
        assert self.entra_tenant_id is not None
        return self.entra_tenant_id

    @property
    def served_tenants(self) -> tuple[str, ...]:
        """The tenants that callers may come from."""
        return self.allowed_tenants or (self.home_tenant,)

    @property
    def graph_scopes(self) -> tuple[str, ...]:
        """The delegated permissions to ask for, as scopes of Graph."""
        return tuple(f"{self.graph_url}/{name}" for name in self.entra_graph_scopes or (".default",))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed counts: `from_environ` is the one way from an environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Settings from `GATEWAY_…` variables; raises `SettingsError` with every fault found."""
        given, faults = _read_files({name: text for name, text in environ.items() if name.startswith(PREFIX) and text})
        faults += [_unknown(name) for name in given if name not in VARIABLES]
        faults += _missing(given)
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): text for name, text in given.items()}
        try:
            settings = cls(**source())
        except ValidationError as error:
            faults += [_fault(given, each) for each in error.errors()]
        else:
            if not faults:
                return settings
        raise SettingsError(faults)


def warnings(settings: Settings) -> list[str]:
    """What is allowed, but not what most operators want; one line each."""
    host = urlsplit(settings.graph_url).hostname
    doubts = {
        "GATEWAY_GRAPH_VERSION='v1.0': the public Microsoft Graph has this namespace in beta only; set it to beta": (
            settings.graph_version == "v1.0" and host == "graph.microsoft.com"
        ),
        "GATEWAY_SECRET_KEYS is not set: cursors end with this process and are not understood by other replicas": (
            not settings.secret_keys
        ),
        "GATEWAY_ALLOWED_TENANTS, GATEWAY_ALLOWED_CLIENT_APPS: no effect in forward mode: Graph alone judges tokens": (
            settings.auth_mode == "forward" and bool(settings.allowed_tenants or settings.allowed_client_apps)
        ),
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: no effect with GATEWAY_TRUSTED_DOCUMENTS=off": (
            settings.trusted_documents == "off" and settings.trusted_documents_path is not None
        ),
        "GATEWAY_ENTRA_CLIENT_SECRET: secrets leak and expire; a certificate or a federated credential is better": (
            settings.entra_client_secret is not None
        ),
        "GATEWAY_LOG_LEVEL: audit lines, which say which app has written, are of level info and will not be logged": (
            settings.auth_mode == "service-account" and settings.log_level in {"warning", "error"}
        ),
    }
    return [doubt for doubt, applies in doubts.items() if applies]


VARIABLES: Mapping[str, str] = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
SECRETS = ("GATEWAY_ENTRA_CLIENT_SECRET", "GATEWAY_SECRET_KEYS", "GATEWAY_STORE_URL")
CREDENTIALS = (
    "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE",
    "GATEWAY_ENTRA_FEDERATED_TOKEN_FILE",
    "GATEWAY_ENTRA_MANAGED_IDENTITY",
    "GATEWAY_ENTRA_CLIENT_SECRET",
)


APP = {"GATEWAY_ENTRA_TENANT_ID": "", "GATEWAY_ENTRA_CLIENT_ID": ""}
NEEDED: Mapping[str, Mapping[str, str]] = {
    "on-behalf-of": APP,
    "service-account": APP
    | {
        "GATEWAY_STORE_URL": ": `gateway sign-in` keeps the account's sign-in there",
        "GATEWAY_SECRET_KEYS": ": they seal the account's sign-in; `gateway key` prints one",
        "GATEWAY_ALLOWED_CLIENT_APPS": ": each app named there acts as the signed-in account",
    },
}
"""Mode → what it cannot be without, and what for."""


def _read_files(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Replaces each `GATEWAY_…_FILE` of a secret by that file's content, less the white space around it."""
    variables, faults = dict(given), []
    for name in SECRETS:
        path = variables.pop(f"{name}_FILE", None)
        if path is None:
            continue
        if name in variables:
            faults.append(f"{name}_FILE: set this or {name}, not both")
            continue
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            faults.append(f"{name}_FILE={path!r}: must hold text in UTF-8")
        except OSError as error:
            faults.append(f"{name}_FILE={path!r}: cannot be read ({error.strerror})")
        else:
            if text:
                variables[name] = text
            else:
                faults.append(f"{name}_FILE={path!r}: has nothing in it")
    return variables, faults


def _unknown(name: str) -> str:
    nearest = get_close_matches(name, [*VARIABLES, *(f"{secret}_FILE" for secret in SECRETS)], n=1, cutoff=0)
    return f"{name}: no such setting; the nearest is {nearest[0]}"


def _missing(given: Mapping[str, str]) -> list[str]:
    """What the chosen modes need and do not have."""
    faults = []
    if given.get("GATEWAY_TRUSTED_DOCUMENTS", "off") != "off" and "GATEWAY_TRUSTED_DOCUMENTS_PATH" not in given:
        trusted = given["GATEWAY_TRUSTED_DOCUMENTS"]
        faults.append(f"GATEWAY_TRUSTED_DOCUMENTS_PATH: required with GATEWAY_TRUSTED_DOCUMENTS={trusted}")
    store_url = given.get("GATEWAY_STORE_URL")
    if store_url and sqlite_path(store_url) is None and "GATEWAY_SECRET_KEYS" not in given:
        faults.append("GATEWAY_SECRET_KEYS: required with a store for several replicas, which must share them")
    mode = given.get("GATEWAY_AUTH_MODE", "forward")
    faults += [
        f"{name}: required with GATEWAY_AUTH_MODE={mode}{why}"
        for name, why in NEEDED.get(mode, {}).items()
        if name not in given
    ]
    credentials = [name for name in CREDENTIALS if name in given]
    if mode == "on-behalf-of" and len(credentials) != 1:
        found = f"found {' and '.join(credentials)}" if credentials else "found none"
        faults.append(f"GATEWAY_AUTH_MODE='on-behalf-of': needs exactly one of {', '.join(CREDENTIALS)}; {found}")
    return faults


def _fault(given: Mapping[str, str], error: Any) -> str:
    name = f"{PREFIX}{error['loc'][0].upper()}"
    shown = "" if name in SECRETS else f"={given.get(name)!r}"
    return f"{name}{shown}: {error['msg'].removeprefix('Value error, ')}"
