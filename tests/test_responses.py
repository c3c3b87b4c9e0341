"""What comes out: the media type, and the response to each outcome in both of them."""

import gzip
import json
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError

from gateway.documents import DocumentError
from gateway.errors import (
    ClaimsChallengeError,
    GatewayError,
    MethodNotAllowedError,
    MissingTokenError,
    MutationOverGetError,
    NotAcceptableError,
    ParseFailedError,
    ThrottledError,
    UpstreamUnavailableError,
)
from gateway.responses import compressed, to_failure, to_media_type, to_response
from gateway.telemetry import Operation
from tests.harness import Harness
from tests.test_errors import CLASSES

NEWER = "application/graphql-response+json"
JSON = "application/json"

FIXED_HEADERS = {
    "cache-control": "no-store",
    "vary": "Accept, Accept-Encoding, Authorization, Origin",
    "x-content-type-options": "nosniff",
    "x-request-id": "r-1",
}
MASKED = "Something went wrong in the gateway. Its log says more under r-1."
INVALID_TOKEN = 'Bearer realm="gateway", error="invalid_token"'
CHALLENGES: dict[type[GatewayError], str] = {MissingTokenError: 'Bearer realm="gateway"'}


# Accept


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, JSON, id="nothing"),
        pytest.param("", JSON, id="empty"),
        pytest.param("*/*", JSON, id="anything"),
        pytest.param("application/*", JSON, id="any application type"),
        pytest.param(JSON, JSON, id="the older one"),
        pytest.param(NEWER, NEWER, id="the newer one"),
        pytest.param(f"{JSON}, {NEWER}", NEWER, id="both"),
        pytest.param(f"{NEWER}, {JSON}", NEWER, id="both, the other way round"),
        pytest.param(f"{NEWER};q=0.5, {JSON};q=0.6", JSON, id="both, weighted"),
        pytest.param(f"{NEWER};q=0.6, {JSON};q=0.5", NEWER, id="both, weighted the other way round"),
        pytest.param(f"{NEWER}, */*", NEWER, id="the newer one and anything"),
        pytest.param(f"*/*, {NEWER}", NEWER, id="anything and the newer one"),
        pytest.param(f"*/*;q=0.8, {NEWER};q=0.8", NEWER, id="named, at the same weight"),
        pytest.param(f"*/*;q=0.8, {NEWER};q=0.5", JSON, id="rather anything else"),
        pytest.param(f"*/*, {JSON}", JSON, id="anything and the older one"),
        pytest.param(f"*/*, {JSON};q=0", NEWER, id="anything but the older one"),
        pytest.param(f"{JSON};q=0, */*", NEWER, id="anything but the older one, said first"),
        pytest.param(f"*/*, {NEWER};q=0", JSON, id="anything but the newer one"),
        pytest.param("application/*;q=0.1, */*;q=0.9", JSON, id="the more specific wildcard weighs"),
        pytest.param(f"application/*;q=0, {NEWER}", NEWER, id="named in spite of a wildcard"),
        pytest.param(f"application/*;q=0.9, {JSON};q=0.1", NEWER, id="named weighs before the wildcard"),
        pytest.param("text/html, application/xhtml+xml, */*;q=0.8", JSON, id="a browser"),
        pytest.param("Application/GraphQL-Response+JSON", NEWER, id="any case"),
        pytest.param(f"{JSON}; charset=utf-8", JSON, id="with a charset"),
        pytest.param(f"{NEWER} ;  Q = 0.5 , {JSON};q=0.4", NEWER, id="white space"),
        pytest.param(f"{NEWER};q=1.000, {JSON};q=0.333333", NEWER, id="many digits"),
        pytest.param(f"{JSON};q=0, {JSON};q=0.5, {NEWER};q=0.4", JSON, id="twice"),
        pytest.param(f"{JSON};q=0.5, {JSON};q=0, {NEWER};q=0.4", JSON, id="twice, the other way round"),
        pytest.param(f"{NEWER};q=high, {JSON}", JSON, id="no weight"),
        pytest.param(f"{NEWER};q=nan, {JSON};q=0.1", JSON, id="not a number"),
        pytest.param(f"{NEWER};q=2, {JSON};q=0.1", JSON, id="over one"),
        pytest.param(f"{NEWER};q=-1, {JSON};q=0.1", JSON, id="below zero"),
        pytest.param(f"{NEWER};q=, {JSON};q=0.1", JSON, id="nothing for a weight"),
    ],
)
def test_the_type_that_the_caller_wants_most_is_sent(accept: str | None, media_type: str) -> None:
    """The most specific range about a type weighs it (RFC 9110 section 12.5.1)."""
    assert to_media_type(accept) == media_type


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param("text/html", id="another type"),
        pytest.param("text/*", id="other types"),
        pytest.param(f"{JSON};q=0", id="excluded by name"),
        pytest.param("*/*;q=0", id="excluded altogether"),
        pytest.param(f"*/*, {JSON};q=0, {NEWER};q=0.0", id="both excluded by name"),
        pytest.param("*/*, application/*;q=0", id="excluded by the more specific wildcard"),
        pytest.param("application", id="no media range"),
        pytest.param(",", id="nothing twice"),
        pytest.param(f"{JSON}x", id="a longer name"),
    ],
)
def test_a_caller_that_wants_neither_type_is_refused(accept: str) -> None:
    """The refusal says which types there are."""
    with pytest.raises(NotAcceptableError) as raised:
        to_media_type(accept)
    assert raised.value.message == ("`Accept` must admit application/graphql-response+json or application/json.")


async def test_a_type_excluded_by_name_is_not_sent(gateway: Harness) -> None:
    """Over HTTP too: a caller that reads anything but `application/json` gets the newer type."""
    response = await gateway.post("{ __typename }", headers={"accept": "*/*, application/json;q=0"})
    assert (response.status_code, response.headers["content-type"]) == (200, f"{NEWER}; charset=utf-8")


# Before execution

SAID_IN_JSON = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "OPERATION_LIMIT",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
    "BAD_USER_INPUT",
}


@pytest.mark.parametrize("media_type", [NEWER, JSON])
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_outcome_before_execution_has_its_status(kind: type[GatewayError], media_type: str) -> None:
    """`application/json` reports with 200 what a well-formed request is told about its document and variables."""
    operation = Operation(request_id="r-1")
    response = to_failure(kind("Said so."), operation, media_type)
    is_plain = media_type == JSON and kind.code in SAID_IN_JSON
    content = {"errors": [{"message": "Said so.", "extensions": {"code": kind.code, "retryable": kind.retryable}}]}
    allow = {"allow": kind.allow} if issubclass(kind, MethodNotAllowedError) else {}
    challenge = {"www-authenticate": CHALLENGES.get(kind, INVALID_TOKEN)} if kind.http_status == 401 else {}
    body = bytes(response.body)
    assert response.status_code == (200 if is_plain else kind.http_status)
    assert json.loads(body) == content
    assert dict(response.headers) == {
        **FIXED_HEADERS,
        **allow,
        **challenge,
        "content-type": f"{media_type}; charset=utf-8",
        "content-length": str(len(body)),
    }
    assert operation.codes == [kind.code]


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        pytest.param(ThrottledError("Wait.", retry_after_seconds=17), {"retry-after": "17"}, id="a wait"),
        pytest.param(ThrottledError("Wait.", retry_after_seconds=0), {"retry-after": "0"}, id="a wait of nothing"),
        pytest.param(MethodNotAllowedError("No."), {"allow": "GET, POST"}, id="a method"),
        pytest.param(MutationOverGetError("No."), {"allow": "POST"}, id="a mutation over GET"),
        pytest.param(
            ClaimsChallengeError("Again.", claims='{"a":"é"}'),
            {"www-authenticate": 'Bearer realm="gateway", error="insufficient_claims", claims="eyJhIjoiw6kifQ=="'},
            id="a challenge",
        ),
        pytest.param(ClaimsChallengeError("Again."), {"www-authenticate": INVALID_TOKEN}, id="a challenge of nothing"),
    ],
)
def test_headers_say_what_http_has_a_header_for(error: GatewayError, headers: dict[str, str]) -> None:
    """A plain HTTP client finds wait, methods and challenge without reading the body."""
    response = to_failure(error, Operation(request_id="r-1"), NEWER)
    told = {"retry-after", "allow", "www-authenticate"} & set(response.headers)
    assert {name: response.headers[name] for name in told} == headers


def test_what_was_not_foreseen_is_masked(logs: list[str]) -> None:
    """The caller gets the request's id, the log the trace under the same id."""
    operation = Operation(request_id="r-1")
    response = to_failure(KeyError("what only we may see"), operation, NEWER)
    assert (response.status_code, json.loads(bytes(response.body))) == (
        500,
        {
            "errors": [
                {
                    "message": MASKED,
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "retryable": False},
                }
            ]
        },
    )
    line = json.loads(logs[0])
    assert (line["level"], line["message"], line["request_id"]) == ("error", "unforeseen", "r-1")
    assert "KeyError: 'what only we may see'" in line["trace"]
    assert operation.code == "INTERNAL_SERVER_ERROR"


# After execution


def _located(original: Exception, *path: str | int) -> GraphQLError:
    return GraphQLError(str(original), path=path, original_error=original)


@pytest.mark.parametrize("media_type", [NEWER, JSON])
def test_data_that_is_partly_there_is_200(media_type: str) -> None:
    """Each error has its path and extensions; the longest wait is told; a field's challenge is not the request's."""
    operation = Operation(request_id="r-1")
    result = ExecutionResult(
        data={"a": None, "b": None, "c": {"id": "1"}},
        errors=[
            _located(ThrottledError("Wait.", retry_after_seconds=3), "a"),
            _located(UpstreamUnavailableError("Wait more.", retry_after_seconds=5), "b", 0),
            _located(ClaimsChallengeError("Again."), "a"),
        ],
    )
    response = to_response(result, operation, media_type)
    body: dict[str, Any] = json.loads(bytes(response.body))
    assert (response.status_code, response.headers["retry-after"]) == (200, "5")
    assert "www-authenticate" not in response.headers
    assert body == {
        "errors": [
            {
                "message": "Wait.",
                "path": ["a"],
                "extensions": {"code": "THROTTLED", "retryable": True, "retryAfterSeconds": 3},
            },
            {
                "message": "Wait more.",
                "path": ["b", 0],
                "extensions": {"code": "UPSTREAM_UNAVAILABLE", "retryable": True, "retryAfterSeconds": 5},
            },
            {"message": "Again.", "path": ["a"], "extensions": {"code": "CLAIMS_CHALLENGE", "retryable": False}},
        ],
        "data": {"a": None, "b": None, "c": {"id": "1"}},
    }
    assert list(body) == ["errors", "data"]
    assert operation.codes == ["THROTTLED", "UPSTREAM_UNAVAILABLE", "CLAIMS_CHALLENGE"]


@pytest.mark.parametrize(("media_type", "status"), [(NEWER, 400), (JSON, 200)])
def test_variables_that_do_not_fit_are_a_request_error(media_type: str, status: int) -> None:
    """There is no `data`, because nothing was executed."""
    result = ExecutionResult(data=None, errors=[GraphQLError("Variable '$a' has invalid value.")])
    response = to_response(result, Operation(request_id="r-1"), media_type)
    assert (response.status_code, json.loads(bytes(response.body))) == (
        status,
        {
            "errors": [
                {
                    "message": "Variable '$a' has invalid value.",
                    "extensions": {"code": "BAD_USER_INPUT", "retryable": False},
                }
            ]
        },
    )


@pytest.mark.parametrize(
    ("length", "shown"), [(1_000, "x" * 1_000), (1_001, "x" * 999 + "…")], ids=["the longest", "longer"]
)
def test_what_a_caller_sent_is_not_repeated_at_any_length(length: int, shown: str) -> None:
    """graphql-core's messages name what is wrong; a wrong name can be a megabyte."""
    error = GraphQLError("x" * length)
    results = [
        to_response(ExecutionResult(data=None, errors=[error]), Operation(request_id="r-1"), NEWER),
        to_failure(DocumentError(ParseFailedError, [error]), Operation(request_id="r-1"), NEWER),
    ]
    assert [json.loads(bytes(each.body))["errors"][0]["message"] for each in results] == [shown] * 2


def test_a_resolver_that_breaks_is_masked_and_its_siblings_are_kept(logs: list[str]) -> None:
    """Its field alone is null; no text of the exception leaves the log."""
    result = ExecutionResult(
        data={"a": None, "b": "kept"}, errors=[_located(RuntimeError("what only we may see"), "a")]
    )
    response = to_response(result, Operation(request_id="r-1"), NEWER)
    assert (response.status_code, json.loads(bytes(response.body))) == (
        200,
        {
            "errors": [
                {
                    "message": MASKED,
                    "path": ["a"],
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "retryable": False},
                }
            ],
            "data": {"a": None, "b": "kept"},
        },
    )
    assert "RuntimeError: what only we may see" in json.loads(logs[0])["trace"]


# Compression


@pytest.mark.parametrize(
    ("accept_encoding", "is_packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzipped", False),
    ],
)
def test_only_who_can_unpack_an_answer_gets_it_packed(accept_encoding: str, is_packed: bool) -> None:
    """Nobody knows the content from the headers: a cache must look at `Accept-Encoding` too."""
    result = ExecutionResult({"text": "long " * 1_000}, None)
    plain = to_response(result, Operation(request_id="r-1"), JSON)
    content = bytes(plain.body)
    response = compressed(plain, accept_encoding)
    body = bytes(response.body)
    assert response.headers.get("content-encoding") == ("gzip" if is_packed else None)
    assert response.headers["content-length"] == str(len(body))
    assert (gzip.decompress(body) if is_packed else body) == content
    assert "Accept-Encoding" in response.headers["vary"]


def test_a_short_answer_is_not_worth_packing() -> None:
    """It would hardly become shorter."""
    plain = to_response(ExecutionResult({"text": "short"}, None), Operation(request_id="r-1"), JSON)
    assert "content-encoding" not in compressed(plain, "gzip").headers
