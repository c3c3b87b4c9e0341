"""Results and errors → HTTP responses, in either of the two media types of GraphQL over HTTP.

https://graphql.github.io/graphql-over-http/draft/#sec-Response
"""

import gzip
import logging
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.responses import Response

from gateway.documents import DocumentError
from gateway.errors import (
    BadUserInputError,
    ClaimsChallengeError,
    GatewayError,
    InternalServerError,
    MethodNotAllowedError,
    MissingTokenError,
    NotAcceptableError,
    OperationLimitError,
    ParseFailedError,
    PersistedQueryNotFoundError,
    PersistedQueryNotSupportedError,
    UpstreamUnsupportedError,
    ValidationFailedError,
)
from gateway.telemetry import Operation

log = logging.getLogger("gateway")

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"

HEADERS: Final = {
    "cache-control": "no-store",
    "vary": "Accept, Accept-Encoding, Authorization, Origin",
    "x-content-type-options": "nosniff",
}

WELL_FORMED: Final = (
    ParseFailedError,
    ValidationFailedError,
    OperationLimitError,
    PersistedQueryNotFoundError,
    PersistedQueryNotSupportedError,
    BadUserInputError,
)
"""Outcomes before execution that `application/json` reports with 200: there the status speaks of the transport alone
(audits 572B, FDE2, 7B9B of npm's graphql-http)."""

MAX_MESSAGE_LENGTH: Final = 1_000

WILDCARDS: Final = ("application/*", "*/*")

MOST_ACCEPTED: Final = 100
"""So many values of `Accept` are read once only: clients send few different ones."""

GZIP: Final = "gzip"
GZIP_FROM_BYTES: Final = 1_000
GZIP_LEVEL: Final = 4
"""Of 9. For JSON the higher ones take several times as long to save a tenth."""

QVALUE: Final = re.compile(r"0(\.[0-9]*)?|1(\.0*)?")


@lru_cache(MOST_ACCEPTED)
def to_media_type(accept: str | None) -> str:
    """The one of ours that the caller wants most (RFC 9110 section 12.5.1).

    The most specific range about a type weighs it, so `q=0` excludes it whatever a wildcard admits. A tie goes to the
    newer type if the caller names it, else to the one that every client reads.
    """
    weights = _weights(accept or "*/*")
    newer, older = _weight_of(GRAPHQL_RESPONSE, weights), _weight_of(JSON, weights)
    if not newer and not older:
        raise NotAcceptableError(f"`Accept` must admit {GRAPHQL_RESPONSE} or {JSON}.")
    if newer != older:
        return GRAPHQL_RESPONSE if newer > older else JSON
    return GRAPHQL_RESPONSE if GRAPHQL_RESPONSE in weights else JSON


def _weight_of(media_type: str, weights: Mapping[str, float]) -> float:
    return next((weights[each] for each in (media_type, *WILDCARDS) if each in weights), 0.0)


def compressed(response: Response, accept_encoding: str) -> Response:
    """The response, packed if that is worth it and the caller can unpack it: RFC 9110 section 12.5.3."""
    content = bytes(response.body)
    if len(content) >= GZIP_FROM_BYTES and _weights(accept_encoding).get(GZIP):
        response.body = gzip.compress(content, GZIP_LEVEL, mtime=0)
        response.headers["content-encoding"] = GZIP
        response.headers["content-length"] = str(len(response.body))
    return response


def _weights(accept: str) -> dict[str, float]:
    """Media range → weight; the highest one of a range that stands there several times."""
    weights: dict[str, float] = {}
    for each in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in each.split(";"))
        weights[media_range] = max(_weight(parameters), weights.get(media_range, 0.0))
    return weights


def _weight(parameters: list[str]) -> float:
    """The value of `q`, 1 without one; a malformed one excludes."""
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            return float(value) if QVALUE.fullmatch(value.strip()) else 0.0
    return 1.0


def to_failure(failure: Exception, operation: Operation, media_type: str) -> Response:
    """The response to a request that ended before execution."""
    if isinstance(failure, DocumentError):
        outcome: GatewayError = failure.outcome(failure.errors[0].message)
        errors = [_told(outcome, each) for each in failure.errors]
    else:
        outcome = failure if isinstance(failure, GatewayError) else _masked(failure, operation)
        errors = [_told(outcome)]
    operation.failed(outcome)
    is_plain = media_type == JSON and isinstance(outcome, WELL_FORMED)
    return _response(
        {"errors": errors},
        status=200 if is_plain else outcome.http_status,
        media_type=media_type,
        operation=operation,
        headers=_headers_of([outcome], challenge=outcome.http_status == 401),
    )


def to_response(result: ExecutionResult, operation: Operation, media_type: str) -> Response:
    """The response to an executed operation; a request error that execution found ends like one found before."""
    outcomes = [_outcome(each, operation) for each in result.errors or []]
    for outcome in outcomes:
        operation.failed(outcome)
    told = [_told(outcome, error) for outcome, error in zip(outcomes, result.errors or [], strict=True)]
    content: dict[str, Any] = {"errors": told} if told else {}
    is_request_error = result.data is None and all(each.path is None for each in result.errors or [])
    if not is_request_error:
        content["data"] = result.data
    if result.extensions:
        content["extensions"] = result.extensions
    return _response(
        content,
        status=outcomes[0].http_status if is_request_error and media_type != JSON else 200,
        media_type=media_type,
        operation=operation,
        headers=_headers_of(outcomes, challenge=False),
    )


def _outcome(error: GraphQLError, operation: Operation) -> GatewayError:
    """What an execution result's error amounts to. Whatever is not ours or graphql-core's own is masked."""
    original = error.original_error
    if isinstance(original, GatewayError):
        return original
    if error.path is None or original is None or (isinstance(original, GraphQLError) and original.nodes):
        # A variable or an argument that does not fit its type: only known once there are variables.
        return BadUserInputError(error.message)
    if isinstance(original, GraphQLError) or str(original).startswith("Cannot return null for non-nullable field"):
        return UpstreamUnsupportedError("Microsoft Graph answered a value that is not of the declared type.")
    return _masked(original, operation)


def _masked(failure: Exception, operation: Operation) -> GatewayError:
    log.error("unforeseen", exc_info=failure, extra={"fields": {"request_id": operation.request_id}})
    return InternalServerError(f"Something went wrong in the gateway. Its log says more under {operation.request_id}.")


def _told(outcome: GatewayError, error: GraphQLError | None = None) -> dict[str, Any]:
    """One entry of `errors`.

    https://spec.graphql.org/October2021/#sec-Errors.Error-result-format
    """
    told: dict[str, Any] = {"message": outcome.message}
    if error is not None:
        where = error.formatted
        told = {"message": _shortened(error.message) if isinstance(outcome, WELL_FORMED) else outcome.message}
        told.update({name: where[name] for name in ("locations", "path") if where.get(name)})
    return {**told, "extensions": outcome.extensions}


def _shortened(message: str) -> str:
    """A message of graphql-core's, which can repeat a name or a value of any length."""
    return message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[: MAX_MESSAGE_LENGTH - 1]}…"


def _headers_of(outcomes: list[GatewayError], *, challenge: bool) -> dict[str, str]:
    headers: dict[str, str] = {}
    waits = [each.retry_after_seconds for each in outcomes if each.retry_after_seconds is not None]
    if waits:
        headers["retry-after"] = str(max(waits))
    if challenge:
        headers["www-authenticate"] = _challenge(outcomes[0])
    allowed = [each.allow for each in outcomes if isinstance(each, MethodNotAllowedError)]
    if allowed:
        headers["allow"] = allowed[0]
    return headers


def _challenge(outcome: GatewayError) -> str:
    """RFC 6750 section 3; claims as https://learn.microsoft.com/entra/identity-platform/claims-challenge has them."""
    if isinstance(outcome, ClaimsChallengeError) and outcome.claims:
        claims = b64encode(outcome.claims.encode()).decode()
        return f'Bearer realm="gateway", error="insufficient_claims", claims="{claims}"'
    if isinstance(outcome, MissingTokenError):
        return 'Bearer realm="gateway"'
    return 'Bearer realm="gateway", error="invalid_token"'


def _response(
    content: dict[str, Any], *, status: int, media_type: str, operation: Operation, headers: dict[str, str]
) -> Response:
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={**HEADERS, "x-request-id": operation.request_id, **headers},
    )
