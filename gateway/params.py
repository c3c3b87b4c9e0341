"""HTTP request → `Params`: what GraphQL over HTTP says about reading one.

https://graphql.github.io/graphql-over-http/draft/#sec-Request
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from gateway.errors import BadRequestError, BodyTooLargeError, UnsupportedMediaTypeError
from gateway.responses import JSON

GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
NOT_WHOLE: Final = "The body's gzip data are cut short, or more follows them."


@dataclass(slots=True)
class HttpRequest:
    """An HTTP request as ASGI tells of it.

    Header names are in lower case; the values of one that came several times are joined (RFC 9110 section 5.3).
    """

    method: str
    headers: Mapping[str, str]
    query: bytes
    receive: Receive

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> Self:
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return cls(scope["method"], headers, scope["query_string"], receive)


@dataclass(slots=True)
class Params:
    """The parameters of a request. `query` is the document's text, as the protocol calls it.

    At least one of `query` and `document_id` is there.
    """

    query: str | None
    operation_name: str | None
    variables: dict[str, Any]
    document_id: str | None = None


async def read_params(request: HttpRequest, *, max_body_bytes: int) -> Params:
    """The parameters of a GET or POST; raises `BadRequestError`."""
    if request.method == "GET":
        return _to_params(_from_query(request.query))
    _check_content_type(request.headers.get("content-type"))
    body = await _read_body(request, max_body_bytes)
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequestError("The body is not JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise BadRequestError("The body must be a JSON object. Several requests in one body are not supported.")
    return _to_params(content)


def _to_params(given: Mapping[str, Any]) -> Params:
    query, name, variables, extensions = (
        given.get(each) for each in ("query", "operationName", "variables", "extensions")
    )
    document_id = given.get("documentId")
    if document_id is not None and (not isinstance(document_id, str) or not document_id):
        raise BadRequestError("`documentId` must be a string: the id of a trusted document.")
    if name is not None and not isinstance(name, str):
        raise BadRequestError("`operationName` must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequestError("`variables` must be an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequestError("`extensions` must be an object.")
    if document_id is None:
        document_id = _persisted_id(extensions or {})
    if (query is not None or document_id is None) and (not isinstance(query, str) or not query):
        raise BadRequestError("`query` must be there and be a string: the document.")
    return Params(query, name or None, variables or {}, document_id)


def _persisted_id(extensions: Mapping[str, Any]) -> str | None:
    """The id as Apollo's clients send it.

    https://www.apollographql.com/docs/apollo-server/performance/apq#setup
    """
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    is_known = isinstance(persisted, dict) and persisted.get("version") == 1 and persisted["version"] is not True
    document_id = persisted.get("sha256Hash") if is_known else None
    if not isinstance(document_id, str) or not document_id:
        raise BadRequestError("`extensions.persistedQuery` must have `version` 1 and a string `sha256Hash`.")
    return document_id


def _from_query(query: bytes) -> dict[str, Any]:
    """The parameters in a URL, where `variables` and `extensions` are JSON text."""
    try:
        given: dict[str, Any] = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise BadRequestError("The URL's parameters are not in UTF-8.") from None
    given["query"] = given.get("query") or None
    for name in ("variables", "extensions"):
        if text := given.get(name):
            try:
                given[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise BadRequestError(f"`{name}` in the URL is not JSON.") from None
        else:
            given[name] = None
    return given


def _check_content_type(value: str | None) -> None:
    if value == JSON:
        return
    media_type, *parameters = (part.strip().lower() for part in (value or "").split(";"))
    if media_type != JSON:
        raise UnsupportedMediaTypeError(f"The body must be sent as `Content-Type: {JSON}`.")
    for each in parameters:
        name, _, charset = each.partition("=")
        if name.strip() == "charset" and charset.strip().strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaTypeError("The body must be in UTF-8.")


async def _read_body(request: HttpRequest, max_body_bytes: int) -> bytearray:
    """The whole body, decompressed; refused as soon as it is longer than allowed."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise UnsupportedMediaTypeError("`Content-Encoding` must be gzip, or left out.")
    gunzip = None if encoding == "identity" else _Gunzip(max_body_bytes)
    body, is_more = bytearray(), True
    while is_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise BadRequestError("The request ended before its body was complete.")
        chunk = message.get("body", b"")
        body += gunzip.unpack(chunk) if gunzip else chunk
        if len(body) > max_body_bytes:
            raise BodyTooLargeError(f"The body is larger than {max_body_bytes} bytes (GATEWAY_MAX_BODY_BYTES).")
        is_more = message.get("more_body", False)
    if gunzip:
        gunzip.check_end()
    return body


class _Gunzip:
    """Decompresses no more than one byte past the limit, where the reader ends: no small body becomes a large one."""

    def __init__(self, max_bytes: int) -> None:
        self._inflate = zlib.decompressobj(GZIP_WINDOW)
        self._budget = max_bytes + 1

    def unpack(self, chunk: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(chunk, self._budget)
        except zlib.error:
            raise BadRequestError("The body is not gzip, as `Content-Encoding` says it is.") from None
        if self._inflate.unused_data:
            # Now, because zlib keeps all that follows, and it does not count as body.
            raise BadRequestError(NOT_WHOLE)
        self._budget -= len(piece)
        return piece

    def check_end(self) -> None:
        if not self._inflate.eof:
            raise BadRequestError(NOT_WHOLE)
