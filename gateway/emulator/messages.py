"""What goes between the wire and the emulated service: a call comes in, a reply or a refusal goes out.

Everything behind it is a function `Call` → `Reply`, so that one HTTP request can be one call, or many.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn, Self
from urllib.parse import quote, unquote, urlencode

Json = Any
"""What `json` decodes to: the one place where a type is not known."""

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EM0"}}'


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is as sent, percent-encoded; `query` is decoded, in order; header names are lower-case.

    `origin` is scheme and host as the client addressed them. `received_at`: seconds since 1970.
    """

    method: str
    origin: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes
    request_id: str
    received_at: float

    @property
    def segments(self) -> list[str]:
        """The path's parts, each decoded by itself: an encoded slash separates nothing."""
        return [unquote(part) for part in self.path.removeprefix("/").split("/")]

    @property
    def client_request_id(self) -> str:
        return self.headers.get("client-request-id", self.request_id)

    def with_query(self, query: tuple[tuple[str, str], ...]) -> Self:
        return replace(self, query=query)

    def url(self, query: tuple[tuple[str, str], ...] = ()) -> str:
        """The absolute URL of the same path with other options."""
        text = urlencode(query, quote_via=quote, safe="$")
        return f"{self.origin}{self.path}?{text}" if text else f"{self.origin}{self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One response. `cut_at`: the connection is closed after that many bytes of `content`, all being announced."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    cut_at: int | None = None


@dataclass(eq=False)
class RefusalError(Exception):
    """The service refuses. `target` names the member at fault.

    Statuses and codes: https://learn.microsoft.com/graph/errors
    """

    status: int
    code: str
    message: str
    target: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def bad_request(message: str, target: str | None = None) -> RefusalError:
    return RefusalError(400, "BadRequest", message, target)


def no_method(allowed: Iterable[str]) -> RefusalError:
    return RefusalError(
        405,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
        headers={"allow": ", ".join(allowed)},
    )


def graph_headers(call: Call) -> dict[str, str]:
    """The headers by which Microsoft's support finds a request, on every answer of Graph itself."""
    return {
        "cache-control": "no-cache",
        "strict-transport-security": "max-age=31536000",
        "request-id": call.request_id,
        "client-request-id": call.client_request_id,
        "x-ms-ags-diagnostic": DIAGNOSTIC,
    }


def to_reply(call: Call, status: int, content: bytes = b"", *, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, graph_headers(call) | dict(headers or {}), content)


def to_json_reply(call: Call, status: int, content: Json, *, headers: Mapping[str, str] | None = None) -> Reply:
    known = {"content-type": JSON_TYPE, "odata-version": "4.0", **(headers or {})}
    return to_reply(call, status, to_bytes(content), headers=known)


def to_refusal(call: Call, refusal: RefusalError) -> Reply:
    """Graph's error object: https://learn.microsoft.com/graph/errors#error-resource-type."""
    error = {
        "code": refusal.code,
        "message": refusal.message,
        **({"target": refusal.target} if refusal.target else {}),
        "innerError": {
            "date": datetime.fromtimestamp(call.received_at, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": call.request_id,
            "client-request-id": call.client_request_id,
        },
    }
    headers = {"content-type": "application/json", **refusal.headers}
    return to_json_reply(call, refusal.status, {"error": error}, headers=headers)


def to_bytes(content: Json) -> bytes:
    """JSON in UTF-8; half of a surrogate pair, which JSON can escape and UTF-8 cannot hold, becomes a question mark."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def from_bytes(content: bytes) -> Json:
    """Raises `ValueError` for what is no JSON, or nested too deeply to be read."""
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
