"""What an HTTP answer of Microsoft Graph means: JSON, or the one `GatewayError` that tells the caller.

Graph's error object: https://learn.microsoft.com/graph/errors. Statuses and codes decide, never messages, but for
the one refusal that has no code of its own: a segment that this version of Graph does not have.
"""

import base64
import binascii
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

from gateway.errors import (
    BadUserInputError,
    ClaimsChallengeError,
    ConflictError,
    ForbiddenError,
    GatewayError,
    GraphFault,
    NotFoundError,
    OutcomeUnknownError,
    PreconditionFailedError,
    ThrottledError,
    UnauthenticatedError,
    UpstreamUnavailableError,
    UpstreamUnsupportedError,
)
from gateway.graph.request import GraphRequest, Json
from gateway.graph.transport import Answer

REFUSALS: Mapping[int, type[GatewayError]] = {
    400: BadUserInputError,
    401: UnauthenticatedError,
    402: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    405: UpstreamUnsupportedError,
    409: ConflictError,
    410: NotFoundError,
    412: PreconditionFailedError,
    413: BadUserInputError,
    422: BadUserInputError,
    423: ConflictError,
    429: ThrottledError,
    501: UpstreamUnsupportedError,
    509: ThrottledError,
}
"""What a status says when it certainly means that nothing was done; any other 4xx is `UpstreamUnsupportedError`."""

OUTCOME_HINT = "It may have been carried out. Read or list the object before you send it again."

HINTS: Mapping[type[GatewayError], str] = {
    UnauthenticatedError: "Send a current access token for Microsoft Graph, issued by the same cloud.",
    ForbiddenError: "The token needs the delegated permission listed. If it has it, the person lacks a role: check the "
    "GDAP roles for the customer tenant and the Lighthouse role (`myRoles`).",
    ClaimsChallengeError: "Ask Entra for a new token with these `claims`, then send the operation again.",
    UpstreamUnsupportedError: "Microsoft Graph does not offer this operation here.",
    OutcomeUnknownError: OUTCOME_HINT,
}

VERSION_HINT = (
    "This version of Microsoft Graph does not have the namespace: the public service offers it in beta only. "
    "Set GATEWAY_GRAPH_VERSION=beta."
)

MAX_MESSAGE_LENGTH = 1_000
MAX_INNER_ERRORS = 10

_MISSING_SEGMENT = re.compile(r"resource not found for the segment", re.IGNORECASE)
_TOKEN = re.compile(r"eyJ[\w-]+(\.[\w-]*)+|(?<=bearer )\S+", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SECONDS = re.compile(r"[0-9]{1,9}")
_CLAIMS = re.compile(r'claims="(?P<claims>[^"]+)"')


class BrokenAnswerError(Exception):
    """A success status over a body that is not the JSON it should be."""


def to_object(answer: Answer) -> dict[str, Json]:
    """The JSON object in the body; `BrokenAnswerError` if there is none."""
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise BrokenAnswerError("not JSON") from None
    if not isinstance(content, dict):
        raise BrokenAnswerError("not a JSON object")
    return content


def to_error(request: GraphRequest, answer: Answer, *, now: float) -> GatewayError:
    """The error for an answer that is no success. `now`: seconds since 1970, for dates in `Retry-After`."""
    fault, target = to_fault(answer)
    claims = to_claims(answer.headers) if answer.status in {401, 403} else None
    is_version = fault.message is not None and _MISSING_SEGMENT.search(fault.message) is not None
    kind = _kind(request, fault, has_claims=claims is not None, is_version=is_version)
    said = f"Microsoft Graph answered {answer.status}{f' ({fault.code})' if fault.code else ''}"
    return kind(
        f"{said}: {fault.message}" if fault.message else f"{said}.",
        hint=VERSION_HINT if is_version else HINTS.get(kind),
        graph=fault,
        retry_after_seconds=retry_after_seconds(answer.headers, now=now),
        claims=claims,
        permissions=(request.permission,) if kind is ForbiddenError and request.permission else (),
        fields=(_input_path(request, target),) if kind is BadUserInputError and target and request.body else (),
    )


def _input_path(request: GraphRequest, target: str) -> str:
    """The argument path for Graph's path of a member, whose steps are apart by slashes."""
    return ".".join(filter(None, (request.input, *target.split("/"))))


def _kind(request: GraphRequest, fault: GraphFault, *, has_claims: bool, is_version: bool) -> type[GatewayError]:
    if has_claims:
        return ClaimsChallengeError
    if is_version:
        return UpstreamUnsupportedError
    if 400 <= fault.status < 500 or fault.status in REFUSALS:
        return REFUSALS.get(fault.status, UpstreamUnsupportedError)
    if request.is_write and not (fault.status == 503 and fault.code is not None):
        # A 503 in Graph's own words is a refusal; one from a proxy in between may hide a write that was done.
        return OutcomeUnknownError
    return UpstreamUnavailableError


def to_claims(headers: Mapping[str, str]) -> str | None:
    """The JSON text of a claims challenge, if the answer is one.

    https://learn.microsoft.com/entra/identity-platform/claims-challenge#claims-challenge-header-format
    """
    challenge = headers.get("www-authenticate", "")
    match = _CLAIMS.search(challenge)
    if match is None or "insufficient_claims" not in challenge:
        return None
    encoded = match["claims"]
    try:
        claims = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode()
        orjson.loads(claims)
    except (binascii.Error, ValueError):
        return None
    return claims


def retry_after_seconds(headers: Mapping[str, str], *, now: float) -> int | None:
    """`Retry-After` in either form (RFC 9110 section 10.2.3) as whole seconds from now, rounded up."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return int(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # "-0000" says UTC without saying where the sender is; Python takes it as no offset at all.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, math.ceil((moment - datetime.fromtimestamp(now, UTC)).total_seconds()))


def to_fault(answer: Answer) -> tuple[GraphFault, str | None]:
    """Graph's error object and its `target`; of a body without one (HTML, nothing) only the headers tell."""
    try:
        error = to_object(answer).get("error")
    except BrokenAnswerError:
        error = None
    members = error if isinstance(error, dict) else {}
    inner = _inner(members)
    fault = GraphFault(
        status=answer.status,
        code=_text(members.get("code")),
        inner_codes=tuple(code for each in inner if (code := _text(each.get("code")))),
        message=_text(members.get("message")),
        request_id=_text(answer.headers.get("request-id") or _first(inner, "request-id")),
        client_request_id=_text(answer.headers.get("client-request-id") or _first(inner, "client-request-id")),
        date=_text(_first(inner, "date") or answer.headers.get("date")),
    )
    return fault, _text(members.get("target"))


def _inner(error: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The nested inner errors, outermost first; both spellings are in use."""
    chain: list[Mapping[str, Json]] = []
    while isinstance(error := error.get("innerError", error.get("innererror")), dict) and len(chain) < MAX_INNER_ERRORS:
        chain.append(error)
    return chain


def _first(members: list[Mapping[str, Json]], name: str) -> Json:
    return next((each[name] for each in members if name in each), None)


def _text(value: Json) -> str | None:
    """Foreign text made safe to pass on: one line, bounded, without anything that looks like a token."""
    if not isinstance(value, str) or not value:
        return None
    # Cut first: a caller's own text may be in it, and looking for tokens takes the square of its length.
    return _TOKEN.sub("…", _UNPRINTABLE.sub(" ", value[:MAX_MESSAGE_LENGTH]))
