"""The kinds of values that settings have, each with its check, and the words that a wrong one is refused with."""

import re
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from pydantic import AfterValidator, BeforeValidator, Field, FilePath, SecretStr
from pydantic_settings import NoDecode

GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
SQLITE: Final = "sqlite:///"
HOST: Final = re.compile(r"[A-Za-z0-9._-]+")
ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f]*:[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII | re.IGNORECASE,
)
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
HIGHEST_PORT: Final = 65_535


def _guid(value: str) -> str:
    if not GUID.fullmatch(value):
        raise ValueError(f"{value!r} is no GUID, such as 38227791-9a88-4fd7-a73d-60eb13b0e9d1")
    return value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no name: letters, digits, dots, dashes, and no URL before it")
    return value


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _base_url(value: str) -> str:
    origin = _to_origin(value.removesuffix("/"))
    if origin is None:
        raise ValueError("must be scheme, host and no more than a port, such as https://graph.microsoft.com")
    if origin.startswith("http:") and not _is_loopback(urlsplit(origin).hostname or ""):
        raise ValueError("plain http is allowed for a loopback host only: access tokens travel over it; use https")
    return origin


def _to_origin(value: str) -> str | None:
    """As browsers send it, and as Graph begins its links: in lower case, without the scheme's own port.

    https://www.rfc-editor.org/rfc/rfc6454#section-6.2
    """
    match = ORIGIN.fullmatch(value)
    if match is None:
        return None
    scheme, host = match["scheme"].lower(), match["host"].lower()
    port = int(match["port"] or DEFAULT_PORTS[scheme])
    if port > HIGHEST_PORT or (host.startswith("[") and not _is_address(host[1:-1])):
        return None
    return f"{scheme}://{host}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return ip_address(host).is_loopback if _is_address(host) else host == "localhost"


def _host(value: str) -> str:
    name = value.removeprefix("*.")
    if value != "*" and (not HOST.fullmatch(name) or urlsplit(f"//{name}").hostname != name.lower()):
        raise ValueError(f"{value!r} is no host name; write gateway.example.com, *.example.com, or * for any")
    return value


def _origin(value: str) -> str:
    if value != "*" and _to_origin(value) != value:
        raise ValueError(f"{value!r} is no origin; write it as a browser sends it: https://app.example.com")
    return value


def _https_url(value: str) -> str:
    if not value.startswith("https:"):
        raise ValueError("must be https, on a loopback host too: MSAL takes nothing else")
    return value


def _authorities(path: Path) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        raise ValueError("must hold certificates in PEM") from None
    return path


def _certificate(path: Path) -> Path:
    pem = path.read_bytes()
    try:
        load_pem_private_key(pem, password=None)
        load_pem_x509_certificate(pem)
    except (TypeError, ValueError):
        raise ValueError("must hold a private key without a passphrase and its certificate, both in PEM") from None
    return path


def _fernet_key(value: SecretStr) -> SecretStr:
    try:
        Fernet(value.get_secret_value())
    except ValueError:
        raise ValueError("each key must be 32 random bytes in URL-safe base64; `gateway key` prints one") from None
    return value


def sqlite_path(store_url: str) -> Path | None:
    """The file that the URL of a store names; None for Redis. Three slashes begin a relative path, four an absolute."""
    return Path(store_url.removeprefix(SQLITE)) if store_url.startswith(SQLITE) else None


def _store_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    path = sqlite_path(text)
    if not _is_redis(text) and (path is None or not path.name):
        raise ValueError(
            "must be sqlite:///file.db (one machine), or redis://host:6379/0 or rediss://… (several); a password "
            "stands before the host: redis://:password@host"
        )
    return value


def _is_redis(text: str) -> bool:
    try:
        url = urlsplit(text)
        # A password that is not percent-encoded can end up as the port.
        return url.scheme in {"redis", "rediss"} and bool(url.hostname) and url.port != 0
    except ValueError:  # its words repeat parts of the URL
        return False


def _there(path: Path) -> Path:
    try:
        path.stat()
    except OSError as error:
        raise ValueError(f"cannot be looked at ({error.strerror})") from None
    return path


Guid = Annotated[str, AfterValidator(_guid)]
Name = Annotated[str, AfterValidator(_name)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store_url)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
HttpsUrl = Annotated[BaseUrl, AfterValidator(_https_url)]
Authorities = Annotated[FilePath, AfterValidator(_authorities)]
ManifestPath = Annotated[Path, AfterValidator(_there)]
Certificate = Annotated[FilePath, AfterValidator(_certificate)]

# Lists are separated by commas, with or without spaces.
Guids = Annotated[tuple[Guid, ...], NoDecode, BeforeValidator(_split)]
Names = Annotated[tuple[Name, ...], NoDecode, BeforeValidator(_split)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], NoDecode, BeforeValidator(_split)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split)]
Keys = Annotated[tuple[Annotated[SecretStr, AfterValidator(_fernet_key)], ...], NoDecode, BeforeValidator(_split)]
