"""HTTP request → `Params`: what GraphQL over HTTP says about reading one.

https://graphql.github.io/graphql-over-http/draft/#sec-Request
"""

import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

from gateway.errors import BadRequestError, BodyTooLargeError, UnsupportedMediaTypeError

GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters of a request. `query` is the document's text, as the protocol calls it."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


async def read_params(request: Request, *, max_body_bytes: int) -> Params:
    """The parameters of a GET or POST; raises `BadRequestError`."""
    if request.method == "GET":
        return _to_params(_from_query(request.query_params))
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
    if not isinstance(query, str) or not query:
        raise BadRequestError("`query` must be there and be a string: the document.")
    if name is not None and not isinstance(name, str):
        raise BadRequestError("`operationName` must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequestError("`variables` must be an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequestError("`extensions` must be an object.")
    return Params(query, name or None, variables or {})


def _from_query(query: Mapping[str, str]) -> dict[str, Any]:
    """The parameters in a URL, where `variables` and `extensions` are JSON text."""
    given: dict[str, Any] = dict(query)
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
    media_type, *parameters = (part.strip().lower() for part in (value or "").split(";"))
    if media_type != "application/json":
        raise UnsupportedMediaTypeError("The body must be sent as `Content-Type: application/json`.")
    for each in parameters:
        name, _, charset = each.partition("=")
        if name.strip() == "charset" and charset.strip().strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaTypeError("The body must be in UTF-8.")


async def _read_body(request: Request, max_body_bytes: int) -> bytes:
    """The whole body, decompressed; refused as soon as it is longer than allowed."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise UnsupportedMediaTypeError("`Content-Encoding` must be gzip, or left out.")
    chunks = request.stream() if encoding == "identity" else _gunzipped(request.stream(), max_body_bytes)
    body = bytearray()
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) > max_body_bytes:
                raise BodyTooLargeError(f"The body is larger than {max_body_bytes} bytes (GATEWAY_MAX_BODY_BYTES).")
    except ClientDisconnect:
        raise BadRequestError("The request ended before its body was complete.") from None
    return bytes(body)


async def _gunzipped(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """Decompresses no more than one byte past the limit, where the reader ends: no small body becomes a large one."""
    inflate = zlib.decompressobj(GZIP_WINDOW)
    budget = max_bytes + 1
    try:
        async for chunk in chunks:
            piece = inflate.decompress(chunk, budget)
            budget -= len(piece)
            yield piece
    except zlib.error:
        raise BadRequestError("The body is not gzip, as `Content-Encoding` says it is.") from None
    if not inflate.eof or inflate.unused_data:
        raise BadRequestError("The body's gzip data are cut short, or more follows them.")
