"""What an operator can set, and what each wrong value is told."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.settings import SECRETS, VARIABLES, Settings, SettingsError, warnings
from tests.certificates import certificate_pem, private_key_pem

TENANT = "0c9e2b5a-1f0e-4b7e-9f55-3f4f7a1d2b11"
APP = "4f0a7c52-6f1d-4b8e-9c57-0d2a8b1e6c33"
EXCHANGING = {
    "GATEWAY_AUTH_MODE": "on-behalf-of",
    "GATEWAY_ENTRA_TENANT_ID": TENANT,
    "GATEWAY_ENTRA_CLIENT_ID": APP,
}
ACTING = {
    **EXCHANGING,
    "GATEWAY_AUTH_MODE": "service-account",
    "GATEWAY_GRAPH_VERSION": "beta",
    "GATEWAY_ALLOWED_CLIENT_APPS": APP,
    "GATEWAY_SECRET_KEYS": Fernet.generate_key().decode(),
    "GATEWAY_STORE_URL": "sqlite:///store.db",
}
CREDENTIALS = (
    "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE, GATEWAY_ENTRA_FEDERATED_TOKEN_FILE, GATEWAY_ENTRA_MANAGED_IDENTITY, "
    "GATEWAY_ENTRA_CLIENT_SECRET"
)
SECRET_KEYS, KEY = "GATEWAY_SECRET_KEYS", Fernet.generate_key().decode()
NO_GUID = "{0!r} is no GUID, such as 38227791-9a88-4fd7-a73d-60eb13b0e9d1"
NO_ORIGIN = "{0!r} is no origin; write it as a browser sends it: https://app.example.com"
NO_NAME = "{0!r} is no name: letters, digits, dots, dashes, and no URL before it"


def faults_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environ(environ)
    return raised.value.faults


def test_nothing_has_to_be_set() -> None:
    """The defaults are a gateway in `forward` before the public Graph."""
    settings = Settings.from_environ({})
    assert (settings.graph_url, settings.graph_version, settings.auth_mode) == (
        "https://graph.microsoft.com",
        "v1.0",
        "forward",
    )


def test_only_variables_of_the_gateway_are_read() -> None:
    """Other variables are none of its business, and an empty one counts as not set."""
    environ = {"PATH": "/bin", "GATEWAY_GRAPH_VERSION": "", "gateway_graph_version": "v9"}
    assert Settings.from_environ(environ) == Settings.from_environ({})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "GATEWAY_GRAPH_URL",
            "http://graph.microsoft.com",
            "plain http is allowed for a loopback host only: access tokens travel over it; use https",
        ),
        (
            "GATEWAY_GRAPH_URL",
            "http://10.0.0.1",
            "plain http is allowed for a loopback host only: access tokens travel over it; use https",
        ),
        ("GATEWAY_GRAPH_VERSION", "v1", "Input should be 'v1.0' or 'beta'"),
        ("GATEWAY_ENTRA_URL", "http://127.0.0.1:1", "must be https, on a loopback host too: MSAL takes nothing else"),
        ("GATEWAY_CA_FILE", "/nowhere.pem", "Path does not point to a file"),
        ("GATEWAY_CA_FILE", __file__, "must hold certificates in PEM"),
        (
            "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE",
            __file__,
            "must hold a private key without a passphrase and its certificate, both in PEM",
        ),
        ("GATEWAY_ENTRA_FEDERATED_TOKEN_FILE", "/nowhere", "Path does not point to a file"),
        ("GATEWAY_ENTRA_TENANT_ID", "contoso.com", NO_GUID.format("contoso.com")),
        ("GATEWAY_ENTRA_CLIENT_ID", "gateway", NO_GUID.format("gateway")),
        ("GATEWAY_ALLOWED_TENANTS", "contoso.com", NO_GUID.format("contoso.com")),
        ("GATEWAY_ALLOWED_CLIENT_APPS", f"{APP},x", NO_GUID.format("x")),
        ("GATEWAY_ENTRA_SCOPE", "two words", NO_NAME.format("two words")),
        (
            "GATEWAY_ENTRA_GRAPH_SCOPES",
            "https://graph.microsoft.com/.default",
            NO_NAME.format("https://graph.microsoft.com/.default"),
        ),
        ("GATEWAY_AUTH_MODE", "obo", "Input should be 'forward', 'on-behalf-of' or 'service-account'"),
        ("GATEWAY_GRAPH_CONNECTIONS", "0", "Input should be greater than or equal to 1"),
        ("GATEWAY_GRAPH_CONNECTIONS", "many", "Input should be a valid integer, unable to parse string as an integer"),
        ("GATEWAY_DEADLINE_SECONDS", "0", "Input should be greater than 0"),
        ("GATEWAY_DEADLINE_SECONDS", "nan", "Input should be less than or equal to 600"),
        ("GATEWAY_DEADLINE_SECONDS", "601", "Input should be less than or equal to 600"),
        ("GATEWAY_ADMIN_PORT", "0", "Input should be greater than or equal to 1"),
        ("GATEWAY_ADMIN_PORT", "65536", "Input should be less than or equal to 65535"),
        ("GATEWAY_MAX_INPUT_DEPTH", "101", "Input should be less than or equal to 100"),
        ("GATEWAY_INTROSPECTION", "maybe", "Input should be a valid boolean, unable to interpret input"),
        (
            "GATEWAY_CORS_ORIGINS",
            "https://a.example/,https://b.example",
            NO_ORIGIN.format("https://a.example/"),
        ),
        ("GATEWAY_CORS_ORIGINS", "https://", NO_ORIGIN.format("https://")),
        ("GATEWAY_CORS_ORIGINS", "https://A.example", NO_ORIGIN.format("https://A.example")),
        ("GATEWAY_CORS_ORIGINS", "https://a.example:443", NO_ORIGIN.format("https://a.example:443")),
        ("GATEWAY_CORS_ORIGINS", "https://me@a.example", NO_ORIGIN.format("https://me@a.example")),
        ("GATEWAY_CORS_ORIGINS", "null", NO_ORIGIN.format("null")),
        (
            "GATEWAY_ALLOWED_HOSTS",
            "https://a.example",
            "'https://a.example' is no host name; write gateway.example.com, *.example.com, or * for any",
        ),
        (
            "GATEWAY_ALLOWED_HOSTS",
            "a.*.example",
            "'a.*.example' is no host name; write gateway.example.com, *.example.com, or * for any",
        ),
        (
            "GATEWAY_ALLOWED_HOSTS",
            "a example",
            "'a example' is no host name; write gateway.example.com, *.example.com, or * for any",
        ),
        ("GATEWAY_STORE_MAX_ENTRIES", "0", "Input should be greater than or equal to 1"),
        ("GATEWAY_IDEMPOTENCY_HOURS", "0", "Input should be greater than 0"),
        ("GATEWAY_LOG_FORMAT", "xml", "Input should be 'auto', 'text' or 'json'"),
        ("GATEWAY_LOG_LEVEL", "loud", "Input should be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str, said: str) -> None:
    """One line: variable, value, what is allowed."""
    assert faults_of({name: value}) == (f"{name}={value!r}: {said}",)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_not_shown_when_it_is_wrong(name: str, tmp_path: Path) -> None:
    """Neither from the variable nor from the file."""
    file = tmp_path / "secret"
    file.write_text("s3cret, s3cret")
    for environ in ({name: "s3cret"}, {f"{name}_FILE": str(file)}):
        try:
            shown = repr(Settings.from_environ(environ))
        except SettingsError as error:
            shown = str(error)
        assert "s3cret" not in shown


def test_a_wrong_key_says_how_to_get_one() -> None:
    """Keys are 32 random bytes, not passwords."""
    assert faults_of({"GATEWAY_SECRET_KEYS": "password"}) == (
        "GATEWAY_SECRET_KEYS: each key must be 32 random bytes in URL-safe base64; `gateway key` prints one",
    )


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    """A typo does not go unseen."""
    assert faults_of({"GATEWAY_GRAPH_VERISON": "beta", "GATEWAY_X": "1"})[0] == (
        "GATEWAY_GRAPH_VERISON: no such setting; the nearest is GATEWAY_GRAPH_VERSION"
    )


def test_all_faults_are_told_at_once() -> None:
    """Nobody has to start the gateway three times to learn of three mistakes."""
    environ = {"GATEWAY_MAX_DETPH": "1", "GATEWAY_AUTH_MODE": "on-behalf-of", "GATEWAY_LOG_LEVEL": "x"}
    assert [fault.partition(":")[0].partition("=")[0] for fault in faults_of(environ)] == [
        "GATEWAY_MAX_DETPH",
        "GATEWAY_ENTRA_TENANT_ID",
        "GATEWAY_ENTRA_CLIENT_ID",
        "GATEWAY_AUTH_MODE",
        "GATEWAY_LOG_LEVEL",
    ]


def test_on_behalf_of_needs_to_know_who_it_is() -> None:
    """Tenant, app and exactly one credential."""
    assert faults_of({"GATEWAY_AUTH_MODE": "on-behalf-of"}) == (
        "GATEWAY_ENTRA_TENANT_ID: required with GATEWAY_AUTH_MODE=on-behalf-of",
        "GATEWAY_ENTRA_CLIENT_ID: required with GATEWAY_AUTH_MODE=on-behalf-of",
        f"GATEWAY_AUTH_MODE='on-behalf-of': needs exactly one of {CREDENTIALS}; found none",
    )


def test_service_account_needs_all_that_it_rests_on() -> None:
    """Each with what for: where the sign-in is kept, what seals it, and which apps may use it. No credential."""
    assert faults_of({"GATEWAY_AUTH_MODE": "service-account"}) == (
        "GATEWAY_ENTRA_TENANT_ID: required with GATEWAY_AUTH_MODE=service-account",
        "GATEWAY_ENTRA_CLIENT_ID: required with GATEWAY_AUTH_MODE=service-account",
        (
            "GATEWAY_STORE_URL: required with GATEWAY_AUTH_MODE=service-account: `gateway sign-in` keeps the account's "
            "sign-in there"
        ),
        (
            "GATEWAY_SECRET_KEYS: required with GATEWAY_AUTH_MODE=service-account: they seal the account's sign-in; "
            "`gateway key` prints one"
        ),
        (
            "GATEWAY_ALLOWED_CLIENT_APPS: required with GATEWAY_AUTH_MODE=service-account: each app named there acts "
            "as the signed-in account"
        ),
    )


def test_two_credentials_are_one_too_many() -> None:
    """Which of them is meant is not guessed."""
    environ = {**EXCHANGING, "GATEWAY_ENTRA_CLIENT_SECRET": "s", "GATEWAY_ENTRA_MANAGED_IDENTITY": "system"}
    [fault] = faults_of(environ)
    assert fault == (
        f"GATEWAY_AUTH_MODE='on-behalf-of': needs exactly one of {CREDENTIALS}; "
        "found GATEWAY_ENTRA_MANAGED_IDENTITY and GATEWAY_ENTRA_CLIENT_SECRET"
    )


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """Its content counts without the white space around it."""
    key, file = Fernet.generate_key().decode(), tmp_path / "key"
    file.write_text(f"{key}\n")
    settings = Settings.from_environ({"GATEWAY_SECRET_KEYS_FILE": str(file)})
    assert [each.get_secret_value() for each in settings.secret_keys] == [key]


def test_a_secret_comes_from_one_place(tmp_path: Path) -> None:
    """A variable and a file at once, or a file that cannot be read, are refused."""
    environ = {"GATEWAY_SECRET_KEYS": Fernet.generate_key().decode(), "GATEWAY_SECRET_KEYS_FILE": str(tmp_path)}
    assert faults_of(environ) == ("GATEWAY_SECRET_KEYS_FILE: set this or GATEWAY_SECRET_KEYS, not both",)
    nowhere = str(tmp_path / "nowhere")
    assert faults_of({"GATEWAY_SECRET_KEYS_FILE": nowhere}) == (
        f"GATEWAY_SECRET_KEYS_FILE={nowhere!r}: cannot be read (No such file or directory)",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "has nothing in it"), (b" \n", "has nothing in it"), (b"\xff", "must hold text in UTF-8")],
)
def test_a_file_without_a_secret_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    """An empty one does not become an empty secret, which Entra would refuse at the first call only."""
    file = tmp_path / "secret"
    file.write_bytes(content)
    assert faults_of({"GATEWAY_ENTRA_CLIENT_SECRET_FILE": str(file)}) == (
        f"GATEWAY_ENTRA_CLIENT_SECRET_FILE={str(file)!r}: {said}",
    )


UNREADABLE = ("redis://:s\u2100t@host", "redis://me:s3c/ret@host", "redis://[::1", "redis://h:99999", "redis://h:0")
STORES = (
    "must be sqlite:///file.db (one machine), or redis://host:6379/0 or rediss://… (several); a password stands before "
    "the host: redis://:password@host"
)


@pytest.mark.parametrize(
    "url", ["store.db", "sqlite:///", "sqlite://store.db", "redis://", "memcached://host", "x", *UNREADABLE]
)
def test_a_store_is_a_file_or_redis(url: str) -> None:
    """Its URL may have a password in it, and is not repeated."""
    assert faults_of({"GATEWAY_STORE_URL": url, SECRET_KEYS: KEY}) == (f"GATEWAY_STORE_URL: {STORES}",)


def test_replicas_that_share_a_store_share_keys() -> None:
    """A cursor of one must be understood by the others."""
    needed = "GATEWAY_SECRET_KEYS: required with a store for several replicas, which must share them"
    assert faults_of({"GATEWAY_STORE_URL": "redis://localhost"}) == (needed,)
    for environ in ({"GATEWAY_STORE_URL": "sqlite:///a.db"}, {"GATEWAY_STORE_URL": "rediss://h", SECRET_KEYS: KEY}):
        assert Settings.from_environ(environ).store_url is not None


def test_trusted_documents_must_come_from_somewhere(tmp_path: Path) -> None:
    """The mode alone refuses everything, and a path that leads nowhere trusts nothing."""
    assert faults_of({"GATEWAY_TRUSTED_DOCUMENTS": "only"}) == (
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: required with GATEWAY_TRUSTED_DOCUMENTS=only",
    )
    nowhere = str(tmp_path / "nowhere")
    environ = {"GATEWAY_TRUSTED_DOCUMENTS": "always", "GATEWAY_TRUSTED_DOCUMENTS_PATH": nowhere}
    assert faults_of(environ) == (
        "GATEWAY_TRUSTED_DOCUMENTS='always': Input should be 'off', 'log' or 'only'",
        f"GATEWAY_TRUSTED_DOCUMENTS_PATH={nowhere!r}: cannot be looked at (No such file or directory)",
    )


def test_lists_are_separated_by_commas() -> None:
    """Spaces around them do not matter."""
    settings = Settings.from_environ(
        {
            "GATEWAY_CORS_ORIGINS": "https://a.example , http://localhost:3000,",
            "GATEWAY_ALLOWED_HOSTS": "gateway.example.com,*.example.org,*",
        }
    )
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
    assert settings.allowed_hosts == ("gateway.example.com", "*.example.org", "*")


def test_a_certificate_is_read_at_start(tmp_path: Path) -> None:
    """Key and certificate in one file, in either order."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "gateway.pem"
    file.write_text(certificate_pem(key) + private_key_pem(key))
    settings = Settings.from_environ({**EXCHANGING, "GATEWAY_ENTRA_CLIENT_CERTIFICATE_FILE": str(file)})
    assert settings.entra_client_certificate_file == file


@pytest.mark.parametrize(
    ("environ", "first_words"),
    [
        ({"GATEWAY_SECRET_KEYS": Fernet.generate_key().decode()}, ["GATEWAY_GRAPH_VERSION='v1.0'"]),
        ({"GATEWAY_GRAPH_VERSION": "beta"}, ["GATEWAY_SECRET_KEYS"]),
        ({"GATEWAY_GRAPH_URL": "http://localhost:1"}, ["GATEWAY_SECRET_KEYS"]),
        (
            {**EXCHANGING, "GATEWAY_GRAPH_VERSION": "beta", "GATEWAY_ENTRA_CLIENT_SECRET": "s"},
            ["GATEWAY_SECRET_KEYS", "GATEWAY_ENTRA_CLIENT_SECRET"],
        ),
        (
            {"GATEWAY_GRAPH_VERSION": "beta", "GATEWAY_ALLOWED_TENANTS": TENANT},
            ["GATEWAY_SECRET_KEYS", "GATEWAY_ALLOWED_TENANTS, GATEWAY_ALLOWED_CLIENT_APPS"],
        ),
        (
            {"GATEWAY_GRAPH_VERSION": "beta", "GATEWAY_ALLOWED_CLIENT_APPS": APP},
            ["GATEWAY_SECRET_KEYS", "GATEWAY_ALLOWED_TENANTS, GATEWAY_ALLOWED_CLIENT_APPS"],
        ),
        (
            {"GATEWAY_GRAPH_VERSION": "beta", "GATEWAY_TRUSTED_DOCUMENTS_PATH": "/"},
            ["GATEWAY_SECRET_KEYS", "GATEWAY_TRUSTED_DOCUMENTS_PATH"],
        ),
        ({**ACTING, "GATEWAY_LOG_LEVEL": "info"}, []),
        ({**ACTING, "GATEWAY_LOG_LEVEL": "warning"}, ["GATEWAY_LOG_LEVEL"]),
    ],
)
def test_what_most_operators_do_not_want_is_warned_about(environ: dict[str, str], first_words: list[str]) -> None:
    """It is allowed, and told in one line each."""
    said = warnings(Settings.from_environ(environ))
    assert [line.partition(": ")[0].partition(" is not")[0] for line in said] == first_words


def test_every_setting_has_a_meaning_and_a_unit() -> None:
    """Descriptions are sentences; sizes and times say their unit in the name."""
    for variable, name in VARIABLES.items():
        description = Settings.model_fields[name].description
        assert description, variable
        assert description.endswith("."), variable
