"""Every outcome that a client may be told about, one class each; anything else is masked.

A class fixes `code` (published; it never changes its meaning), the HTTP status with which it ends a request before
execution, and whether sending the same operation again can help. An instance adds what this one occurrence knows.
Long because it is the one list of outcomes.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFault:
    """What Microsoft Graph said when it refused: its `error` object and the ids that its support asks for.

    Shape: https://learn.microsoft.com/graph/errors#error-resource-type
    """

    status: int
    code: str | None = None
    inner_codes: tuple[str, ...] = ()
    message: str | None = None
    request_id: str | None = None
    client_request_id: str | None = None
    date: str | None = None

    def to_json(self) -> dict[str, Any]:
        told = {
            "status": self.status,
            "code": self.code,
            "innerCodes": list(self.inner_codes),
            "message": self.message,
            "requestId": self.request_id,
            "clientRequestId": self.client_request_id,
            "date": self.date,
        }
        return {name: value for name, value in told.items() if value}


class GatewayError(Exception):
    """The root of all errors that are meant for the client.

    `fields` are input paths ("input.lastRefreshedDateTime"), `permissions` delegated Graph permissions, `claims` the
    decoded JSON text of a claims challenge, `retry_after_seconds` whole seconds.
    """

    code: ClassVar[str]
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        graph: GraphFault | None = None,
        retry_after_seconds: int | None = None,
        claims: str | None = None,
        permissions: tuple[str, ...] = (),
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.graph = graph
        self.retry_after_seconds = retry_after_seconds
        self.claims = claims
        self.permissions = permissions
        self.fields = fields

    @property
    def extensions(self) -> dict[str, Any]:
        """The members of the GraphQL error's `extensions`; what is not known is left out."""
        known: dict[str, Any] = {
            "retryAfterSeconds": self.retry_after_seconds,
            "graph": self.graph and self.graph.to_json(),
            "claims": self.claims,
            "permissions": list(self.permissions),
            "fields": list(self.fields),
            "hint": self.hint,
        }
        told = {name: value for name, value in known.items() if value not in (None, [])}
        return {"code": self.code, "retryable": self.retryable, **told}


# Who calls


class UnauthenticatedError(GatewayError):
    """An access token that cannot be used: malformed, expired, for somebody else, refused by Graph."""

    code = "UNAUTHENTICATED"
    http_status = 401


class MissingTokenError(UnauthenticatedError):
    """No bearer token at all. The challenge then names no error: https://www.rfc-editor.org/rfc/rfc6750#section-3.1."""


class AppOnlyTokenError(GatewayError):
    """An app-only token where Microsoft Graph offers delegated permissions only."""

    code = "APP_ONLY_TOKEN"
    http_status = 401


class ClaimsChallengeError(GatewayError):
    """Entra or Graph wants the caller to sign in again with the `claims` given (step-up, revoked session)."""

    code = "CLAIMS_CHALLENGE"
    http_status = 401


class ConsentRequiredError(GatewayError):
    """Nobody has consented to the delegated permissions that the exchange asks for."""

    code = "CONSENT_REQUIRED"
    http_status = 403


class ForbiddenError(GatewayError):
    """Graph refused the caller: a permission or a role in the customer tenant is missing."""

    code = "FORBIDDEN"
    http_status = 403


# What is asked


class BadRequestError(GatewayError):
    """The HTTP request is not one of GraphQL over HTTP; the status says in which way."""

    code = "BAD_REQUEST"
    http_status = 400


class MethodNotAllowedError(BadRequestError):
    http_status = 405
    allow: ClassVar[str] = "GET, POST"


class MutationOverGetError(MethodNotAllowedError):
    allow = "POST"


class NotAcceptableError(BadRequestError):
    http_status = 406


class RequestTimeoutError(BadRequestError):
    http_status = 408


class BodyTooLargeError(BadRequestError):
    http_status = 413


class UnsupportedMediaTypeError(BadRequestError):
    http_status = 415


class ParseFailedError(GatewayError):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"
    http_status = 400


class ValidationFailedError(GatewayError):
    """The document does not fit the schema, or names no operation that can be run."""

    code = "GRAPHQL_VALIDATION_FAILED"
    http_status = 400


class PersistedQueryNotFoundError(GatewayError):
    """No trusted document has the id that was sent. Apollo's clients know the code, and send the document."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    http_status = 400


class PersistedQueryNotSupportedError(GatewayError):
    """An id was sent to a gateway without trusted documents. Apollo's clients know the code, and stop sending ids."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    http_status = 400


class UntrustedDocumentError(GatewayError):
    """The gateway runs trusted documents only, and this is none of them."""

    code = "UNTRUSTED_DOCUMENT"
    http_status = 403


class OperationLimitError(GatewayError):
    """The operation exceeds a limit of this gateway; the message names limit, count and setting."""

    code = "OPERATION_LIMIT"
    http_status = 400


class BadUserInputError(GatewayError):
    """An argument or a variable that this gateway or Graph refuses; `fields` says which, where known."""

    code = "BAD_USER_INPUT"
    http_status = 400


class NotFoundError(GatewayError):
    """The object of a write does not exist."""

    code = "NOT_FOUND"


class ConflictError(GatewayError):
    """Graph refused a write because of the object's present state."""

    code = "CONFLICT"


class PreconditionFailedError(GatewayError):
    """The object changed since the version that the write was meant for."""

    code = "PRECONDITION_FAILED"


# How it went


class ThrottledError(GatewayError):
    """Graph is throttling, and waiting longer would pass the deadline."""

    code = "THROTTLED"
    http_status = 429
    retryable = True


class OverloadedError(GatewayError):
    """This gateway has no capacity left for the request."""

    code = "OVERLOADED"
    http_status = 503
    retryable = True


class UpstreamUnsupportedError(GatewayError):
    """Graph does not offer what was asked, or quietly did something else."""

    code = "UPSTREAM_UNSUPPORTED"
    http_status = 502


class UpstreamUnavailableError(GatewayError):
    """Graph or Entra gave no usable answer, and nothing was changed."""

    code = "UPSTREAM_UNAVAILABLE"
    http_status = 503
    retryable = True


class DeadlineExceededError(GatewayError):
    """The time of the operation was up before anything was changed."""

    code = "DEADLINE_EXCEEDED"
    http_status = 504
    retryable = True


class OutcomeUnknownError(GatewayError):
    """A write was sent and no trustworthy answer came: it may or may not have been carried out. Never sent again."""

    code = "OUTCOME_UNKNOWN"


class NotAttemptedError(GatewayError):
    """An item of a bulk operation that was not sent because one before it failed."""

    code = "NOT_ATTEMPTED"
    retryable = True


class IdempotencyConflictError(GatewayError):
    """The idempotency key was used before, with other input."""

    code = "IDEMPOTENCY_CONFLICT"


class StoreUnavailableError(GatewayError):
    """The gateway's store does not answer, or is full, and what needs it is not sent."""

    code = "STORE_UNAVAILABLE"
    http_status = 503
    retryable = True

    @classmethod
    def silent(cls) -> Self:
        return cls(
            "The gateway's store of idempotency keys does not answer; nothing was sent to Microsoft Graph.",
            hint="Send it again later with the same key. Creates without a key need no store.",
        )

    @classmethod
    def full(cls, most: int) -> Self:
        return cls(
            "The gateway's store of idempotency keys is full; nothing was sent to Microsoft Graph.",
            hint=f"Keys make room when they expire. The limit is {most} (GATEWAY_STORE_MAX_ENTRIES).",
        )


class SignInRequiredError(GatewayError):
    """The account that the gateway acts as is not signed in, or no more: only the gateway's operator can help."""

    code = "SIGN_IN_REQUIRED"
    http_status = 503


class MisconfiguredError(GatewayError):
    """Entra refuses the gateway itself (its credential, its registration): only its operator can help."""

    code = "MISCONFIGURED"


class InternalServerError(GatewayError):
    """Stands in for everything that was not foreseen; the log has the trace under the same request id."""

    code = "INTERNAL_SERVER_ERROR"
