"""HTTP request → params, and each way in which a request is none."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.types import Message

from gateway.errors import BadRequestError, BodyTooLargeError, GatewayError, UnsupportedMediaTypeError
from gateway.params import HttpRequest, Params, read_params

MOST = 200
DOCUMENT = "{ __typename }"


def post(*chunks: bytes, headers: Mapping[str, str] | None = None, complete: bool = True) -> HttpRequest:
    """A POST whose body arrives in these chunks; an incomplete one ends with the connection."""
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request"} if complete else {"type": "http.disconnect"})
    remaining = iter(messages)

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(remaining)

    sent = {"content-type": "application/json"} | dict(headers or {})
    raw = [(name.encode(), value.encode()) for name, value in sent.items() if value]
    return HttpRequest.of({"method": "POST", "headers": raw, "query_string": b""}, receive)


def get(**options: str) -> HttpRequest:
    async def receive() -> Message:
        raise AssertionError("a GET has no body")

    return HttpRequest.of({"method": "GET", "headers": [], "query_string": urlencode(options).encode()}, receive)


async def read(request: HttpRequest) -> Params:
    return await read_params(request, max_body_bytes=MOST)


async def refusal(request: HttpRequest) -> tuple[type[GatewayError], str]:
    with pytest.raises(GatewayError) as raised:
        await read(request)
    return type(raised.value), raised.value.message


@pytest.mark.parametrize(
    ("given", "params"),
    [
        pytest.param({"query": DOCUMENT}, Params(DOCUMENT, None, {}), id="a document alone"),
        pytest.param(
            {"query": DOCUMENT, "operationName": None, "variables": None, "extensions": None},
            Params(DOCUMENT, None, {}),
            id="nulls",
        ),
        pytest.param(
            {"query": DOCUMENT, "operationName": "A", "variables": {"a": [1, None]}, "extensions": {"x": 1}},
            Params(DOCUMENT, "A", {"a": [1, None]}),
            id="everything",
        ),
        pytest.param({"query": DOCUMENT, "operationName": ""}, Params(DOCUMENT, None, {}), id="an empty name is none"),
        pytest.param({"query": DOCUMENT, "unknown": 5}, Params(DOCUMENT, None, {}), id="an unknown member"),
    ],
)
async def test_a_body_has_the_parameters(given: dict[str, Any], params: Params) -> None:
    """Absent, null and empty mean the same; what the protocol does not know is left alone."""
    assert await read(post(json.dumps(given).encode())) == params


@pytest.mark.parametrize(
    ("given", "params"),
    [
        pytest.param({"query": DOCUMENT}, Params(DOCUMENT, None, {}), id="a document alone"),
        pytest.param(
            {"query": DOCUMENT, "operationName": "A", "variables": '{"a": 1}', "extensions": "{}"},
            Params(DOCUMENT, "A", {"a": 1}),
            id="everything",
        ),
        pytest.param(
            {"query": DOCUMENT, "operationName": "", "variables": "", "extensions": ""},
            Params(DOCUMENT, None, {}),
            id="empty ones",
        ),
        pytest.param({"query": DOCUMENT, "variables": "null"}, Params(DOCUMENT, None, {}), id="null in JSON"),
        pytest.param({"query": '{ a(b: "c&d=é") }'}, Params('{ a(b: "c&d=é") }', None, {}), id="encoded"),
    ],
)
async def test_a_url_has_the_same_parameters(given: dict[str, str], params: Params) -> None:
    """Objects are JSON text there."""
    assert await read(get(**given)) == params


NO_QUERY = "`query` must be there and be a string: the document."


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        pytest.param(get(), NO_QUERY, id="GET without a document"),
        pytest.param(get(query=""), NO_QUERY, id="GET with an empty one"),
        pytest.param(get(query=DOCUMENT, variables="{"), "`variables` in the URL is not JSON.", id="half a JSON"),
        pytest.param(get(query=DOCUMENT, extensions="x"), "`extensions` in the URL is not JSON.", id="no JSON"),
        pytest.param(get(query=DOCUMENT, variables="[]"), "`variables` must be an object.", id="a list in a URL"),
        pytest.param(post(b""), "The body is not JSON in UTF-8.", id="empty"),
        pytest.param(post(b'{"query": "\xff"}'), "The body is not JSON in UTF-8.", id="no UTF-8"),
        pytest.param(post(b'{"query": "\\ud800"}'), "The body is not JSON in UTF-8.", id="half a surrogate pair"),
        pytest.param(post(b'{"a": NaN}'), "The body is not JSON in UTF-8.", id="NaN"),
        pytest.param(post(b"[" * MOST), "The body is not JSON in UTF-8.", id="cut short"),
        pytest.param(
            post(b"[]"),
            "The body must be a JSON object. Several requests in one body are not supported.",
            id="a batch",
        ),
        pytest.param(post(b"{}"), NO_QUERY, id="no document"),
        pytest.param(post(b'{"query": null}'), NO_QUERY, id="null for a document"),
        pytest.param(post(b'{"query": ["{a}"]}'), NO_QUERY, id="a list for a document"),
        pytest.param(post(b'{"query":"{a}","operationName":1}'), "`operationName` must be a string.", id="a number"),
        pytest.param(post(b'{"query":"{a}","variables":"{}"}'), "`variables` must be an object.", id="a text"),
        pytest.param(post(b'{"query":"{a}","extensions":[]}'), "`extensions` must be an object.", id="a list"),
        pytest.param(
            post(b'{"query":', complete=False),
            "The request ended before its body was complete.",
            id="a caller that hangs up",
        ),
    ],
)
async def test_what_is_no_request_is_refused(request_: HttpRequest, message: str) -> None:
    """The message says which parameter, and never repeats what was sent."""
    assert await refusal(request_) == (BadRequestError, message)


JSON_ONLY = "The body must be sent as `Content-Type: application/json`."
UTF_8_ONLY = "The body must be in UTF-8."


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        pytest.param("application/json", None, id="JSON"),
        pytest.param("Application/JSON", None, id="any case"),
        pytest.param("application/json; charset=utf-8", None, id="UTF-8"),
        pytest.param('application/json;charset="UTF-8"', None, id="UTF-8 in quotes"),
        pytest.param("application/json ; Charset = utf8", None, id="UTF-8, sloppily"),
        pytest.param("application/json; profile=x; charset=utf-8", None, id="another parameter"),
        pytest.param("application/json; charset=latin-1", UTF_8_ONLY, id="Latin 1"),
        pytest.param("application/json; charset=", UTF_8_ONLY, id="no charset"),
        pytest.param("application/json; profile=x; charset=utf-16", UTF_8_ONLY, id="UTF-16 behind another parameter"),
        pytest.param("", JSON_ONLY, id="none"),
        pytest.param("text/plain", JSON_ONLY, id="a type that browsers send anywhere"),
        pytest.param("application/x-www-form-urlencoded", JSON_ONLY, id="a form"),
        pytest.param("multipart/form-data; boundary=x", JSON_ONLY, id="an upload"),
        pytest.param("application/graphql", JSON_ONLY, id="a bare document"),
        pytest.param("application/jsonp", JSON_ONLY, id="a longer name"),
    ],
)
async def test_a_body_is_json_in_utf_8(content_type: str, message: str | None) -> None:
    """Other types are refused: those that need no preflight would let any site send them."""
    request = post(b'{"query":"{a}"}', headers={"content-type": content_type})
    if message is None:
        assert await read(request) == Params("{a}", None, {})
    else:
        assert await refusal(request) == (UnsupportedMediaTypeError, message)


def padded(size: int) -> bytes:
    return b'{"query":"{a}"}'.ljust(size)


GZIP = {"content-encoding": "gzip"}
TOO_LARGE = (BodyTooLargeError, "The body is larger than 200 bytes (GATEWAY_MAX_BODY_BYTES).")


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", " GZIP "])
async def test_a_body_may_be_as_large_as_allowed(encoding: str) -> None:
    """However it is packed and cut; one byte more is refused."""
    pack = gzip.compress if "gzip" in encoding.lower() else bytes
    headers = {"content-encoding": encoding}
    packed = pack(padded(MOST))
    assert await read(post(*(packed[n : n + 1] for n in range(len(packed))), headers=headers)) == Params(
        "{a}", None, {}
    )
    assert await refusal(post(pack(padded(MOST + 1)), headers=headers)) == TOO_LARGE


async def test_a_large_body_is_refused_before_it_is_complete() -> None:
    """What comes after the limit is not waited for: here nothing ever does."""
    assert await refusal(post(b" " * MOST, b" ", complete=False)) == TOO_LARGE
    assert await refusal(post(gzip.compress(b" " * 10_000_000)[:10_000], headers=GZIP, complete=False)) == TOO_LARGE


async def test_a_small_body_cannot_become_a_large_one() -> None:
    """Twenty megabytes in twenty kilobytes are never unpacked."""
    bomb = post(gzip.compress(b" " * 20_000_000), headers=GZIP)
    tracemalloc.start()
    try:
        assert await refusal(bomb) == TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


async def test_what_follows_gzip_is_not_waited_for() -> None:
    """It would be kept and count as nothing: here it has no end."""
    endless = post(gzip.compress(padded(MOST)), *[b"x" * MOST] * 10, complete=False, headers=GZIP)
    assert await refusal(endless) == (BadRequestError, "The body's gzip data are cut short, or more follows them.")


@pytest.mark.parametrize("escape", ["%ff", "%c0%af", "%ed%a0%80", "%e0%80%af"])
async def test_a_url_is_in_utf_8(escape: str) -> None:
    """What is not is refused, not replaced: neither stray bytes nor overlong forms nor half a surrogate pair."""
    request = HttpRequest.of(
        {"method": "GET", "headers": [], "query_string": f"query={escape}".encode()}, get().receive
    )
    assert await refusal(request) == (BadRequestError, "The URL's parameters are not in UTF-8.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"{}", "The body is not gzip, as `Content-Encoding` says it is.", id="not packed"),
        pytest.param(b"", "The body's gzip data are cut short, or more follows them.", id="nothing"),
        pytest.param(gzip.compress(b"{}")[:-1], "The body's gzip data are cut short, or more follows them.", id="cut"),
        pytest.param(
            gzip.compress(b"{}") + b"{}", "The body's gzip data are cut short, or more follows them.", id="more behind"
        ),
        pytest.param(
            gzip.compress(b"{}")[:-8] + b"\0" * 8,
            "The body is not gzip, as `Content-Encoding` says it is.",
            id="a wrong checksum",
        ),
    ],
)
async def test_gzip_that_is_not_whole_is_refused(content: bytes, message: str) -> None:
    """Half of a request is none."""
    assert await refusal(post(content, headers=GZIP)) == (BadRequestError, message)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "gzip;q=1", "zstd"])
async def test_other_encodings_are_refused(encoding: str) -> None:
    """With what is understood."""
    assert await refusal(post(b"{}", headers={"content-encoding": encoding})) == (
        UnsupportedMediaTypeError,
        "`Content-Encoding` must be gzip, or left out.",
    )
