"""`GraphRequest` → what Microsoft Graph answered: headers, token, retries, claims challenge, errors.

Used by `loader.py` only, which is the one way upstream of an operation.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from gateway.clock import Clock, Deadline
from gateway.errors import (
    ClaimsChallengeError,
    DeadlineExceededError,
    GatewayError,
    NotFoundError,
    OutcomeUnknownError,
    UpstreamUnavailableError,
    UpstreamUnsupportedError,
)
from gateway.graph.answer import OUTCOME_HINT, BrokenAnswerError, to_error, to_fault, to_object
from gateway.graph.outage import STATUSES as OUTAGE_STATUSES
from gateway.graph.outage import Attempt, Outages
from gateway.graph.request import HEADERS, JSON, GraphRequest, Json
from gateway.graph.retry import RetryBudget, send_with_retries
from gateway.graph.transport import Answer, AnswerTooLargeError, LostError, NotSentError, Transport, TransportError
from gateway.ids import new_id
from gateway.telemetry import Operation, Telemetry

TokenSource = Callable[[str | None], Awaitable[str]]
"""Claims of a challenge, or None → a Graph access token; raises `ClaimsChallengeError` where there is no other."""

Call = Callable[[GraphRequest, str], Awaitable[Answer]]
"""A request and a Graph access token → what Graph answered; raises `TransportError`."""

LARGEST_SUCCESS: Final = 299
MAX_ID_LENGTH: Final = 64

UNAUTHORIZED: Final = 401

IN_GRAPHS_NAME: Final = frozenset({400, 403, 404, 409})
"""Refusals that say, if they come with Graph's own code, that the token was taken before."""

PATIENCE_SECONDS: Final = 10.0
"""Who waited so long for an answer in vain was not in a hurry."""

NO_CONTENT: Final = 204
"""What a read of a link that leads to nothing may be answered with.

https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html#sec_RequestingRelatedEntities
"""


class Budget(Protocol):
    """What the caller may still ask of Graph."""

    async def spend(self, calls: int, *, is_write: bool, deadline: Deadline) -> None:
        """Waits until so many calls may be made; raises `ThrottledError` if that takes too long."""

    def accept(self) -> None:
        """Graph has taken the caller's token."""

    def reject(self) -> None:
        """Graph has refused it."""


@dataclass(slots=True)
class Errand:
    """On whose behalf, until when, and in which operation a request is sent. `budget` None is without limits.

    `give_up` makes what the caller is told of a second challenge.
    """

    token: TokenSource
    deadline: Deadline
    operation: Operation
    budget: Budget | None = None
    give_up: Callable[[ClaimsChallengeError], GatewayError] = lambda challenge: challenge


class GraphClient:
    """One for each process. `base_url` ends with the version: `https://graph.microsoft.com/v1.0`."""

    def __init__(self, transport: Transport, *, base_url: str, clock: Clock, telemetry: Telemetry) -> None:
        self._transport = transport
        self._clock = clock
        self._telemetry = telemetry
        self._budget = RetryBudget()
        self._outages = Outages(clock)
        self.base_url = base_url

    async def read(self, request: GraphRequest, errand: Errand, call: Call) -> dict[str, Json]:
        """The JSON object that Graph answered; raises `GatewayError`. `call` makes each attempt."""
        content: dict[str, Json] = {}

        async def attempt(token: str) -> Answer:
            nonlocal content
            answer = await call(request, token)
            content = to_object(answer) if answer.status <= LARGEST_SUCCESS and answer.status != NO_CONTENT else {}
            return answer

        answer = await self._send(request, attempt, errand)
        if answer.status == NO_CONTENT:
            raise NotFoundError("Microsoft Graph has nothing there.")
        return content

    async def write(self, request: GraphRequest, errand: Errand) -> Answer:
        """Graph's success answer; its body may be empty or broken. Raises `GatewayError`."""
        return await self._send(request, lambda token: self.call(request, token, errand), errand)

    async def _send(self, request: GraphRequest, attempt: Callable[[str], Awaitable[Answer]], errand: Errand) -> Answer:
        """A success, after one more try with another token if Graph challenges the first."""
        try:
            return await self._send_as(await errand.token(None), request, attempt, errand)
        except ClaimsChallengeError as challenge:
            if challenge.graph is None:
                raise
            try:
                token = await errand.token(challenge.claims)
            except ClaimsChallengeError as again:
                raise (challenge if again.claims == challenge.claims else again) from None
            try:
                return await self._send_as(token, request, attempt, errand)
            except ClaimsChallengeError as again:
                raise errand.give_up(again) from None

    async def _send_as(
        self, token: str, request: GraphRequest, attempt: Callable[[str], Awaitable[Answer]], errand: Errand
    ) -> Answer:
        once = partial(attempt, token)
        try:
            answer = await send_with_retries(
                request, once, deadline=errand.deadline, clock=self._clock, budget=self._budget
            )
        except (TransportError, BrokenAnswerError) as failure:
            raise _to_error(request, failure, errand.deadline) from failure
        if 200 <= answer.status <= LARGEST_SUCCESS:
            return answer
        raise to_error(request, answer, now=self._clock.time())

    async def send(self, request: GraphRequest, token: str, errand: Errand) -> Answer:
        """Graph's success answer to one token, after as many tries as are allowed; raises `GatewayError`."""
        return await self._send_as(token, request, lambda token: self.call(request, token, errand), errand)

    async def call(self, request: GraphRequest, token: str, errand: Errand) -> Answer:
        """One HTTP call; raises `TransportError`, or `GatewayError` if it is not to be made now."""
        template, is_hurried = request.template, errand.deadline.remaining_seconds < PATIENCE_SECONDS
        self._outages.check(template, is_hurried=is_hurried)
        if errand.budget is not None:
            await errand.budget.spend(request.count, is_write=request.is_write, deadline=errand.deadline)
        remaining_seconds = errand.deadline.remaining_seconds
        if remaining_seconds <= 0:
            raise NotSentError("the deadline has passed")
        with self._outages.attempt(template, is_hurried=is_hurried) as attempt:
            try:
                answer = await self._exchange(request, token, errand, remaining_seconds)
            except TransportError as failure:
                is_over = errand.deadline.remaining_seconds <= 0
                if not (is_hurried and is_over) and not isinstance(failure, AnswerTooLargeError):
                    attempt.failed(None)
                raise
            self._judge(answer, attempt, errand.budget)
        return answer

    def _judge(self, answer: Answer, attempt: Attempt, budget: Budget | None) -> None:
        """What the answer says about Graph, and about the caller's token."""
        status = answer.status
        if status in OUTAGE_STATUSES:
            attempt.failed(to_fault(answer)[0])
        elif status != UNAUTHORIZED:
            attempt.answered()
        if budget is None:
            return
        if status == UNAUTHORIZED:
            budget.reject()
        elif status <= LARGEST_SUCCESS or (status in IN_GRAPHS_NAME and to_fault(answer)[0].code):
            budget.accept()

    async def _exchange(self, request: GraphRequest, token: str, errand: Errand, remaining_seconds: float) -> Answer:
        headers = {
            "authorization": f"Bearer {token}",
            "client-request-id": new_id(),
            **HEADERS,
        }
        if request.body is not None:
            headers["content-type"] = JSON
        with self._telemetry.graph_call(errand.operation, request.method, request.template) as call:
            answer = await self._transport(
                request.method, self.base_url + request.target, headers | call.headers, request.body, remaining_seconds
            )
            call.status = answer.status
        if request_id := answer.headers.get("request-id"):
            errand.operation.graph_request_ids.append(request_id[:MAX_ID_LENGTH])
        return answer


def _to_error(request: GraphRequest, failure: Exception, deadline: Deadline) -> GatewayError:
    """What a request without a usable answer means for the caller."""
    if request.is_write and isinstance(failure, LostError):
        return OutcomeUnknownError(
            "The request was sent to Microsoft Graph and no complete answer came.", hint=OUTCOME_HINT
        )
    if isinstance(failure, AnswerTooLargeError):
        return UpstreamUnsupportedError(
            f"Microsoft Graph's answer is too large: {failure}.",
            hint="Ask for fewer at a time with `first`. The limit is GATEWAY_MAX_ANSWER_BYTES.",
        )
    if deadline.remaining_seconds <= 0:
        return DeadlineExceededError("The time for the operation was up; nothing was changed.")
    if isinstance(failure, NotSentError):
        return UpstreamUnavailableError("Microsoft Graph cannot be reached; nothing was sent.")
    return UpstreamUnavailableError("Microsoft Graph gave no usable answer to a read; nothing was changed.")
