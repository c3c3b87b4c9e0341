"""What each answer of Graph means to the caller: statuses, error objects, challenges, waits."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import (
    BadUserInputError,
    ClaimsChallengeError,
    ConflictError,
    ForbiddenError,
    GatewayError,
    NotFoundError,
    OutcomeUnknownError,
    PreconditionFailedError,
    ThrottledError,
    UnauthenticatedError,
    UpstreamUnavailableError,
    UpstreamUnsupportedError,
)
from gateway.graph.answer import (
    MAX_INNER_ERRORS,
    MAX_MESSAGE_LENGTH,
    OUTCOME_HINT,
    VERSION_HINT,
    BrokenAnswerError,
    retry_after_seconds,
    to_claims,
    to_error,
    to_object,
)
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer

PATH = "/tenantRelationships/managedTenants/cloudPcConnections"
READ = GraphRequest("GET", f"{PATH}/A", "CloudPC.Read.All")
CREATE = GraphRequest("POST", PATH, "CloudPC.ReadWrite.All", body=b"{}")
DELETE = GraphRequest("DELETE", f"{PATH}/A", "CloudPC.ReadWrite.All")
NOW = 1_800_000_000.0

TOKEN_HINT = "Send a current access token for Microsoft Graph, issued by the same cloud."
ROLE_HINT = (
    "The token needs the delegated permission listed. If it has it, the person lacks a role: check the "
    "GDAP roles for the customer tenant and the Lighthouse role (`myRoles`)."
)
OFFER_HINT = "Microsoft Graph does not offer this operation here."
CLAIMS_HINT = "Ask Entra for a new token with these `claims`, then send the operation again."

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


def _answer(status: int, content: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Answer(status, dict(headers or {}), body)


def _said(code: str | None = "code", message: str | None = "Said so.", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def _outcome(request: GraphRequest, answer: Answer) -> tuple[type[GatewayError], str, dict[str, Any]]:
    error = to_error(request, answer, now=NOW)
    assert error.message == str(error)
    return type(error), error.message, error.extensions


def _challenge(claims: str, *, error: str = "insufficient_claims") -> dict[str, str]:
    return {"www-authenticate": f'Bearer realm="", authorization_uri="https://e/a", error="{error}", claims="{claims}"'}


# Statuses

CODES: Mapping[type[GatewayError], tuple[str, bool, str | None]] = {
    UnauthenticatedError: ("UNAUTHENTICATED", False, TOKEN_HINT),
    ForbiddenError: ("FORBIDDEN", False, ROLE_HINT),
    BadUserInputError: ("BAD_USER_INPUT", False, None),
    NotFoundError: ("NOT_FOUND", False, None),
    ConflictError: ("CONFLICT", False, None),
    PreconditionFailedError: ("PRECONDITION_FAILED", False, None),
    ThrottledError: ("THROTTLED", True, None),
    UpstreamUnsupportedError: ("UPSTREAM_UNSUPPORTED", False, OFFER_HINT),
    UpstreamUnavailableError: ("UPSTREAM_UNAVAILABLE", True, None),
    OutcomeUnknownError: ("OUTCOME_UNKNOWN", False, OUTCOME_HINT),
}

STATUSES: Mapping[int, tuple[type[GatewayError], type[GatewayError], type[GatewayError]]] = {
    302: (UpstreamUnavailableError, OutcomeUnknownError, OutcomeUnknownError),
    400: (BadUserInputError,) * 3,
    401: (UnauthenticatedError,) * 3,
    402: (ForbiddenError,) * 3,
    403: (ForbiddenError,) * 3,
    404: (NotFoundError,) * 3,
    405: (UpstreamUnsupportedError,) * 3,
    406: (UpstreamUnsupportedError,) * 3,
    409: (ConflictError,) * 3,
    410: (NotFoundError,) * 3,
    411: (UpstreamUnsupportedError,) * 3,
    412: (PreconditionFailedError,) * 3,
    413: (BadUserInputError,) * 3,
    415: (UpstreamUnsupportedError,) * 3,
    416: (UpstreamUnsupportedError,) * 3,
    422: (BadUserInputError,) * 3,
    423: (ConflictError,) * 3,
    429: (ThrottledError,) * 3,
    500: (UpstreamUnavailableError, OutcomeUnknownError, OutcomeUnknownError),
    501: (UpstreamUnsupportedError,) * 3,
    502: (UpstreamUnavailableError, OutcomeUnknownError, OutcomeUnknownError),
    503: (UpstreamUnavailableError, UpstreamUnavailableError, OutcomeUnknownError),
    504: (UpstreamUnavailableError, OutcomeUnknownError, OutcomeUnknownError),
    507: (UpstreamUnavailableError, OutcomeUnknownError, OutcomeUnknownError),
    509: (ThrottledError,) * 3,
}
"""Status → what it means for a read, for a write in Graph's own words, for a write in nobody's words."""


def _expected(kind: type[GatewayError], request: GraphRequest, graph: dict[str, Any]) -> dict[str, Any]:
    code, retryable, hint = CODES[kind]
    return {
        "code": code,
        "retryable": retryable,
        "graph": graph,
        **({"permissions": [request.permission]} if kind is ForbiddenError else {}),
        **({"hint": hint} if hint else {}),
    }


@pytest.mark.parametrize("request_", [READ, CREATE, DELETE], ids=["read", "create", "delete"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_in_graphs_words_has_its_meaning(status: int, request_: GraphRequest) -> None:
    """The status decides; code and message are passed on."""
    kind = STATUSES[status][1 if request_.is_write else 0]
    graph = {"status": status, "code": "code", "message": "Said so."}
    assert _outcome(request_, _answer(status, _said())) == (
        kind,
        f"Microsoft Graph answered {status} (code): Said so.",
        _expected(kind, request_, graph),
    )


NO_WORDS = [
    pytest.param(b"", id="empty"),
    pytest.param(b"<html><body>Bad gateway</body></html>", id="HTML"),
    pytest.param(b'{"error": {"code": "x", "mess', id="half an object"),
    pytest.param(b"\xff\xfe", id="no UTF-8"),
    pytest.param(b'"error"', id="a string"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"{}", id="no error"),
    pytest.param(b'{"error": null}', id="null"),
    pytest.param(b'{"error": "broken"}', id="error is a string"),
    pytest.param(b'{"error": {"code": "", "message": ""}}', id="empty code and message"),
    pytest.param(b'{"error": {"code": 5, "message": ["x"], "innerError": "x", "target": {}}}', id="other types"),
]


@pytest.mark.parametrize("body", NO_WORDS)
@pytest.mark.parametrize("request_", [READ, CREATE, DELETE], ids=["read", "create", "delete"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_without_graphs_words_has_its_meaning(status: int, request_: GraphRequest, body: bytes) -> None:
    """No body is needed, and none of a foreign body is passed on; a 503 on a write may come from a proxy."""
    kind = STATUSES[status][2 if request_.is_write else 0]
    assert _outcome(request_, _answer(status, body)) == (
        kind,
        f"Microsoft Graph answered {status}.",
        _expected(kind, request_, {"status": status}),
    )


# Graph's error object


@pytest.mark.parametrize(
    ("content", "headers", "message", "graph"),
    [
        pytest.param(
            _said(
                "BadRequest",
                "Invalid filter clause",
                innerError={
                    "code": "invalidFilter",
                    "date": "2026-11-24T09:30:00",
                    "request-id": "r1",
                    "client-request-id": "c1",
                },
            ),
            {},
            "Microsoft Graph answered 400 (BadRequest): Invalid filter clause",
            {
                "status": 400,
                "code": "BadRequest",
                "innerCodes": ["invalidFilter"],
                "message": "Invalid filter clause",
                "requestId": "r1",
                "clientRequestId": "c1",
                "date": "2026-11-24T09:30:00",
            },
            id="an inner error",
        ),
        pytest.param(
            _said("a", "b", innererror={"code": "c", "innererror": {"code": "d", "innerError": {"request-id": "r"}}}),
            {},
            "Microsoft Graph answered 400 (a): b",
            {"status": 400, "code": "a", "innerCodes": ["c", "d"], "message": "b", "requestId": "r"},
            id="nested, in both spellings",
        ),
        pytest.param(
            _said("a", "b", innerError={"request-id": "body", "client-request-id": "body", "date": "body"}),
            {"request-id": "header", "client-request-id": "header", "date": "header"},
            "Microsoft Graph answered 400 (a): b",
            {
                "status": 400,
                "code": "a",
                "message": "b",
                "requestId": "header",
                "clientRequestId": "header",
                "date": "body",
            },
            id="ids of the headers come first",
        ),
        pytest.param(
            b"<html>",
            {"request-id": "r", "client-request-id": "c", "date": "Tue, 24 Nov 2026 09:30:00 GMT"},
            "Microsoft Graph answered 400.",
            {"status": 400, "requestId": "r", "clientRequestId": "c", "date": "Tue, 24 Nov 2026 09:30:00 GMT"},
            id="headers alone",
        ),
        pytest.param(
            _said("", "No code."),
            {},
            "Microsoft Graph answered 400: No code.",
            {"status": 400, "message": "No code."},
            id="empty code",
        ),
        pytest.param(
            _said("UnknownError", None),
            {},
            "Microsoft Graph answered 400 (UnknownError).",
            {"status": 400, "code": "UnknownError"},
            id="no message",
        ),
        pytest.param(
            _said("a", "b", innerError={"code": "", "innerError": {"code": 5}}),
            {},
            "Microsoft Graph answered 400 (a): b",
            {"status": 400, "code": "a", "message": "b"},
            id="inner errors without codes",
        ),
        pytest.param(
            {"error": {"innerError": [{"code": "c"}]}},
            {},
            "Microsoft Graph answered 400.",
            {"status": 400},
            id="a list for an inner error",
        ),
    ],
)
def test_what_graph_says_is_passed_on(
    content: object, headers: Mapping[str, str], message: str, graph: dict[str, Any]
) -> None:
    """With all inner codes and the ids that Graph's support asks for; what is not said is left out."""
    assert _outcome(READ, _answer(400, content, headers)) == (
        BadUserInputError,
        message,
        {"code": "BAD_USER_INPUT", "retryable": False, "graph": graph},
    )


def test_inner_errors_are_followed_only_so_far() -> None:
    """A body cannot make the answer arbitrarily long."""
    error: dict[str, Any] = {"code": "deepest"}
    for depth in range(50, -1, -1):
        error = {"code": f"c{depth}", "innerError": error}
    fault = to_error(READ, _answer(400, {"error": error}), now=NOW).graph
    assert fault is not None
    assert fault.inner_codes == tuple(f"c{depth}" for depth in range(1, MAX_INNER_ERRORS + 1))


@pytest.mark.parametrize(
    ("request_", "status", "target", "fields"),
    [
        pytest.param(CREATE, 400, "displayName", ["input.displayName"], id="a member of the body"),
        pytest.param(CREATE, 422, "a/0/b", ["input.a.0.b"], id="also with 422, inside"),
        pytest.param(CREATE, 400, "", None, id="empty"),
        pytest.param(CREATE, 400, None, None, id="none"),
        pytest.param(DELETE, 400, "displayName", None, id="no body"),
        pytest.param(READ, 400, "displayName", None, id="a read"),
        pytest.param(CREATE, 409, "displayName", None, id="no bad input"),
    ],
)
def test_the_target_says_which_input(
    request_: GraphRequest, status: int, target: str | None, fields: list[str] | None
) -> None:
    """Where the request had an input, and that is what Graph refuses."""
    assert _outcome(request_, _answer(status, _said(target=target)))[2].get("fields") == fields


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("request_", [READ, CREATE], ids=["read", "write"])
def test_a_missing_segment_is_told_as_the_wrong_version(request_: GraphRequest, status: int) -> None:
    """Graph has no code of its own for a namespace that a version lacks, so the message decides."""
    message = "Resource not found for the segment 'managedTenants'."
    assert _outcome(request_, _answer(status, _said("BadRequest", message))) == (
        UpstreamUnsupportedError,
        f"Microsoft Graph answered {status} (BadRequest): {message}",
        {
            "code": "UPSTREAM_UNSUPPORTED",
            "retryable": False,
            "graph": {"status": status, "code": "BadRequest", "message": message},
            "hint": VERSION_HINT,
        },
    )


# Foreign text

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl-_"
JWE = "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn"


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        pytest.param(f"Token {JWT} is bad", "Token … is bad", id="a JWT"),
        pytest.param(f"({JWT})", "(…)", id="a JWT in brackets"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.", "…", id="an unsigned JWT"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJhdWQi and more", "… and more", id="half a JWT"),
        pytest.param(f"Token {JWE} is bad", "Token … is bad", id="an encrypted token"),
        pytest.param("Authorization: Bearer abc/def+ghi= here", "Authorization: Bearer … here", id="behind Bearer"),
        pytest.param("bearer abc BEARER def", "bearer … BEARER …", id="in any case, each"),
        pytest.param("key eye eyJ.", "key eye eyJ.", id="words that look alike"),
        pytest.param("a\r\nb\tc\0\x1b[31md\x7f", "a b c [31md ", id="control characters"),
        pytest.param("a\u2028b\u2029c", "a b c", id="line separators"),
        pytest.param("a\x85b\x9bc", "a b c", id="control characters above ASCII"),
        pytest.param("é漢😀", "é漢😀", id="Unicode"),
        pytest.param("x" * 5_000, "x" * MAX_MESSAGE_LENGTH, id="long"),
        pytest.param("eyJ" * 300_000, ("eyJ" * 300_000)[:MAX_MESSAGE_LENGTH], id="the beginnings of many tokens"),
    ],
)
def test_foreign_text_is_made_safe(given_text: str, text: str) -> None:
    """One line, bounded, without anything that looks like a token, in message, code and header alike."""
    answer = _answer(400, _said(given_text, given_text, innerError={"code": given_text}), {"request-id": given_text})
    assert _outcome(READ, answer) == (
        BadUserInputError,
        f"Microsoft Graph answered 400 ({text}): {text}",
        {
            "code": "BAD_USER_INPUT",
            "retryable": False,
            "graph": {"status": 400, "code": text, "innerCodes": [text], "message": text, "requestId": text},
        },
    )


# Claims challenges


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("request_", [READ, CREATE], ids=["read", "write"])
def test_a_claims_challenge_is_relayed(request_: GraphRequest, status: int) -> None:
    """Decoded, so that a client can hand it to its own library; as a 403 it is no question of permissions."""
    headers = _challenge(b64encode(CLAIMS.encode()).decode())
    assert _outcome(request_, _answer(status, _said("InvalidAuthenticationToken", "Step up."), headers)) == (
        ClaimsChallengeError,
        f"Microsoft Graph answered {status} (InvalidAuthenticationToken): Step up.",
        {
            "code": "CLAIMS_CHALLENGE",
            "retryable": False,
            "graph": {"status": status, "code": "InvalidAuthenticationToken", "message": "Step up."},
            "claims": CLAIMS,
            "hint": CLAIMS_HINT,
        },
    )


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_only_a_refusal_of_the_token_is_a_challenge(status: int) -> None:
    """The same header on another status means nothing."""
    headers = _challenge(b64encode(CLAIMS.encode()).decode())
    assert _outcome(READ, _answer(status, b"", headers))[0] is STATUSES[status][0]


ODD = '{"a":"?>?~~~"}'
"""Its encoding has the characters in which the two alphabets of Base64 differ."""


@pytest.mark.parametrize(
    ("headers", "claims"),
    [
        pytest.param({}, None, id="no header"),
        pytest.param({"www-authenticate": 'Bearer realm=""'}, None, id="no claims"),
        pytest.param(_challenge(b64encode(CLAIMS.encode()).decode()), CLAIMS, id="claims"),
        pytest.param(_challenge(b64encode(ODD.encode()).decode()), ODD, id="standard alphabet"),
        pytest.param(_challenge(urlsafe_b64encode(ODD.encode()).decode()), ODD, id="URL-safe alphabet"),
        pytest.param(_challenge(b64encode(ODD.encode()).decode().rstrip("=")), ODD, id="no padding"),
        pytest.param(_challenge(b64encode(CLAIMS.encode()).decode(), error="invalid_token"), None, id="other error"),
        pytest.param(_challenge("!!!"), None, id="no Base64"),
        pytest.param(_challenge("e"), None, id="cut short"),
        pytest.param(_challenge("é"), None, id="no ASCII"),
        pytest.param(_challenge(b64encode(b"\xff\xfe").decode()), None, id="no UTF-8"),
        pytest.param(_challenge(b64encode(b"{claims}").decode()), None, id="no JSON"),
        pytest.param(_challenge(""), None, id="empty"),
    ],
)
def test_claims_are_read_from_the_challenge(headers: dict[str, str], claims: str | None) -> None:
    """Only claims that a client could use are claims; a broken challenge is a plain refusal."""
    assert to_claims(headers) == claims


def test_a_broken_challenge_is_a_plain_refusal() -> None:
    """The caller is told to sign in, without claims."""
    assert _outcome(READ, _answer(401, b"", _challenge("!!!"))) == (
        UnauthenticatedError,
        "Microsoft Graph answered 401.",
        {"code": "UNAUTHENTICATED", "retryable": False, "graph": {"status": 401}, "hint": TOKEN_HINT},
    )


# Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("", None, id="empty"),
        pytest.param("0", 0, id="zero"),
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 7 ", 7, id="white space"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("1e3", None, id="an exponent"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("soon", None, id="a word"),
        pytest.param("9" * 5_000, None, id="thousands of digits"),
        pytest.param("Fri, 15 Jan 2027 08:00:30 GMT", 30, id="a date to come"),
        pytest.param("Fri, 15 Jan 2027 07:00:00 GMT", 0, id="a date gone by"),
        pytest.param("Fri, 15 Jan 2027 09:00:30 +0100", 30, id="a date with an offset"),
        pytest.param("Fri, 15 Jan 2027 08:00:30 -0000", 30, id="a date with an unknown offset"),
        pytest.param("Fri, 15 Jan 2027 08:00:30", 30, id="a date without an offset"),
        pytest.param("Friday, 15-Jan-27 08:00:30 GMT", 30, id="a date of RFC 850"),
        pytest.param("Fri, 31 Feb 2027 08:00:00 GMT", None, id="no such date"),
        pytest.param("Fri, 15 Jan 2027 08:00:00 +99999999999999999999", None, id="no such offset"),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: int | None) -> None:
    """As whole seconds from now; what is neither form is as good as absent."""
    assert retry_after_seconds({} if value is None else {"retry-after": value}, now=NOW) == seconds


def test_a_date_to_wait_for_is_rounded_up() -> None:
    """Never sent again too early."""
    assert retry_after_seconds({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, now=NOW + 0.25) == 30


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_answer(value: str) -> None:
    """Whatever stands there."""
    seconds = retry_after_seconds({"retry-after": value}, now=NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_graph_asks_for_is_told(status: int) -> None:
    """The caller gets it with the error."""
    kind = STATUSES[status][0]
    assert _outcome(READ, _answer(status, b"", {"retry-after": "17"})) == (
        kind,
        f"Microsoft Graph answered {status}.",
        {
            "code": CODES[kind][0],
            "retryable": True,
            "retryAfterSeconds": 17,
            "graph": {"status": status},
        },
    )


# Successes


def test_an_object_is_read_from_a_body() -> None:
    """As JSON."""
    assert to_object(Answer(200, {}, b'{"id": "A", "displayName": null}')) == {"id": "A", "displayName": None}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b'{"id": ', "not JSON", id="half an object"),
        pytest.param(b"<html>", "not JSON", id="HTML"),
        pytest.param(b"\xff", "not JSON", id="no UTF-8"),
        pytest.param(b"[" * 5_000, "not JSON", id="nested without end"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b"null", "not a JSON object", id="null"),
    ],
)
def test_a_body_that_is_no_object_is_broken(body: bytes, why: str) -> None:
    """The caller decides what that means for the request."""
    with pytest.raises(BrokenAnswerError, match=f"^{why}$"):
        to_object(Answer(200, {}, body))
