"""What every answer must be, whatever was asked: https://graphql.github.io/graphql-over-http/draft/#sec-Response."""

import gzip
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from tests.fuzz.requests import GRAPHQL_RESPONSE, JSON, Answer, Request
from tests.test_errors import published

CODES: Final[Mapping[str, set[int]]] = published()
"""Code → statuses before execution, as the README has them."""

WELL_FORMED: Final = f"{JSON}; charset=utf-8", f"{GRAPHQL_RESPONSE}; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"

UNFORESEEN: Final = {"INTERNAL_SERVER_ERROR", "MISCONFIGURED", "OVERLOADED", "THROTTLED", "CLAIMS_CHALLENGE"}
WITH_A_DEADLINE: Final = {"DEADLINE_EXCEEDED", "OUTCOME_UNKNOWN", "UPSTREAM_UNAVAILABLE"}
"""Before a Graph without faults nothing ends so but an operation whose caller gave it too little time."""

PYTHON: Final = re.compile(
    r"Traceback \(|<class '|<function |object at 0x|\b[A-Za-z]+Error\b|Exception\b|NoneType|\bdict\b|\.py\b"
    r"|site-packages|Undefined"
)
OURS: Final = {"ItemError", "OnError"}
"""Types of the schema that look like Python's."""


def faults(request: Request, answer: Answer, secrets: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the answer, one line each."""
    content_type, content = answer.header("content-type"), _unpacked(answer)
    told = f"{answer.headers} {content.decode(errors='replace')}"
    yield from ("the answer has the token" for secret in secrets if secret in told)
    if content_type == HTML and request.method == "GET" and _accepts_html(request):
        return
    if content_type not in WELL_FORMED:
        yield f"content type {content_type!r}"
    elif request.method != "HEAD":
        yield from _of_content(request, answer, content)


def _of_content(request: Request, answer: Answer, content: bytes) -> Iterator[str]:
    try:
        result = orjson.loads(content)
    except orjson.JSONDecodeError:
        yield "the body is not JSON"
        return
    if not isinstance(result, dict) or not result or result.keys() - {"data", "errors"}:
        yield "the body is not a response of GraphQL"
        return
    yield from _of_result(request, answer, result)


def _of_result(request: Request, answer: Answer, result: Mapping[str, Any]) -> Iterator[str]:
    errors = result.get("errors", [])
    if "errors" in result and (not isinstance(errors, list) or not errors):
        yield "`errors` is there and has none"
        return
    if "data" not in result and not errors:
        yield "neither data nor errors"
    for each in errors:
        yield from _of_error(request, each)
    codes = [each["extensions"]["code"] for each in errors if each.get("extensions", {}).get("code") in CODES]
    yield from _of_status(answer, is_executed="data" in result, code=codes[0] if codes else None)


def _of_status(answer: Answer, *, is_executed: bool, code: str | None) -> Iterator[str]:
    is_plain = answer.header("content-type").startswith(f"{JSON};")
    allowed = {200} if is_executed else CODES.get(code or "", set()) | ({200} if is_plain else set())
    if answer.status not in allowed:
        yield f"status {answer.status} with {code}"


def _of_error(request: Request, error: Any) -> Iterator[str]:
    if not isinstance(error, dict) or error.keys() - {"message", "locations", "path", "extensions"}:
        yield "an error is not in the format of GraphQL"
        return
    code = error.get("extensions", {}).get("code")
    has_deadline = any(name == "x-deadline-ms" for name, _ in request.headers)
    if code not in CODES or code in UNFORESEEN or (code in WITH_A_DEADLINE and not has_deadline):
        yield f"code {code}"
    if not isinstance(error.get("message"), str) or not error["message"]:
        yield "an error without a message"
    elif word := _python(request, error["message"]):
        yield f"Python's {word} in a message"
    for each in error.get("locations", []):
        if each.keys() != {"line", "column"} or min(each.values()) < 1:
            yield "a location is none"
    if not all(type(each) in {str, int} for each in error.get("path", [])):
        yield "a path is none"


def _python(request: Request, message: str) -> str | None:
    """A word of Python's that was not sent."""
    sent = f"{request.target} {request.body.decode(errors='replace')}"
    words = (match[0] for match in PYTHON.finditer(message))
    return next((word for word in words if word not in OURS and word not in sent), None)


def _accepts_html(request: Request) -> bool:
    return any(name == "accept" and "text/html" in value for name, value in request.headers)


def _unpacked(answer: Answer) -> bytes:
    return gzip.decompress(answer.content) if answer.header("content-encoding") == "gzip" else answer.content
