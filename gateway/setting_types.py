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
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("must be an absolute URL, such as https://graph.microsoft.com")
    if url.username or url.query or url.fragment or url.path not in {"", "/"}:
        raise ValueError("must be scheme and host only, such as https://graph.microsoft.com")
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError("plain http is allowed for a loopback host only: access tokens travel over it; use https")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(value: str) -> str:
    name = value.removeprefix("*.")
    if value != "*" and (not HOST.fullmatch(name) or urlsplit(f"//{name}").hostname != name.lower()):
        raise ValueError(f"{value!r} is no host name; write gateway.example.com, *.example.com, or * for any")
    return value


def _origin(value: str) -> str:
    url = urlsplit(value)
    if value != "*" and (url.scheme not in {"http", "https"} or f"{url.scheme}://{url.netloc}" != value):
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
    url, path = urlsplit(text), sqlite_path(text)
    is_redis = url.scheme in {"redis", "rediss"} and bool(url.hostname)
    if not is_redis and (path is None or not path.name):
        raise ValueError(
            "must be sqlite:///file.db (one machine), or redis://host:6379/0 or rediss://… (several); a password "
            "stands before the host: redis://:password@host"
        )
    return value


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
