"""What may be sent again, when, and within which budget.

Reads: after 429, 502, 503, 504, a lost connection or a broken body. Writes: only after 429, which refuses before any
work is done (https://learn.microsoft.com/graph/throttling), or if the request surely did not leave. Never past the
deadline.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tenacity import AsyncRetrying, RetryCallState

from gateway.clock import Clock, Deadline
from gateway.graph.answer import BrokenAnswerError, retry_after_seconds
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer, AnswerTooLargeError, NotSentError, TransportError

MAX_ATTEMPTS: Final = 4
FIRST_WAIT_SECONDS: Final = 0.5
READ_STATUSES: Final = frozenset({429, 502, 503, 504})
WRITE_STATUSES: Final = frozenset({429})


class RetryBudget:
    """Keeps retries a small share of all calls, so that an outage is not answered with a multiple of the load.

    Each first attempt earns a tenth of a retry; at most ten are saved up.
    """

    earned_per_call: Final = 0.1
    most_saved: Final = 10.0

    def __init__(self) -> None:
        self._saved = self.most_saved

    def earn(self) -> None:
        self._saved = min(self.most_saved, self._saved + self.earned_per_call)

    def spend(self) -> bool:
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


async def send_with_retries(
    request: GraphRequest,
    attempt: Callable[[], Awaitable[Answer]],
    *,
    deadline: Deadline,
    clock: Clock,
    budget: RetryBudget,
) -> Answer:
    """The last attempt's answer, or its `TransportError` or `BrokenAnswerError`."""
    budget.earn()
    policy = _Policy(request.is_write, deadline, clock, budget)
    first: Answer | Exception | None
    try:
        first = await attempt()
    except (TransportError, BrokenAnswerError) as failure:
        first = failure
    if not policy.may_help(first):
        return _answer(first)

    async def next_attempt() -> Answer:
        """The first, which has been made, and then others."""
        nonlocal first
        made, first = first, None
        return await attempt() if made is None else _answer(made)

    retrying = AsyncRetrying(
        retry=lambda state: policy.may_help(_outcome(state)),
        wait=policy.wait_seconds,
        stop=policy.is_over,
        sleep=clock.sleep,
        retry_error_callback=_last_result,
    )
    return await retrying(next_attempt)


@dataclass(slots=True)
class _Policy:
    is_write: bool
    deadline: Deadline
    clock: Clock
    budget: RetryBudget

    def may_help(self, outcome: Answer | BaseException) -> bool:
        if isinstance(outcome, Answer):
            return outcome.status in (WRITE_STATUSES if self.is_write else READ_STATUSES)
        if self.is_write:
            return isinstance(outcome, NotSentError)
        return isinstance(outcome, TransportError | BrokenAnswerError) and not isinstance(outcome, AnswerTooLargeError)

    def wait_seconds(self, state: RetryCallState) -> float:
        outcome = _outcome(state)
        told = retry_after_seconds(outcome.headers, now=self.clock.time()) if isinstance(outcome, Answer) else None
        return backoff_seconds(state.attempt_number) if told is None else told

    def is_over(self, state: RetryCallState) -> bool:
        if state.attempt_number >= MAX_ATTEMPTS or state.upcoming_sleep >= self.deadline.remaining_seconds:
            return True
        return not (_is_throttled(_outcome(state)) or self.budget.spend())


def _answer(outcome: Answer | Exception) -> Answer:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _is_throttled(outcome: Answer | BaseException) -> bool:
    """Graph says when to come back, so that is no outage. Of a batch it may say so to each item."""
    return isinstance(outcome, Answer) and outcome.status == 429 and "retry-after" in outcome.headers


def backoff_seconds(attempt: int) -> float:
    """How long to wait after an attempt, counted from 1, if Graph does not say."""
    # Full jitter, so that callers who failed together do not come back together.
    return random.uniform(0, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))  # noqa: S311 - no secret


def _outcome(state: RetryCallState) -> Answer | BaseException:
    assert state.outcome is not None
    failure = state.outcome.exception()
    answer: Answer | BaseException = state.outcome.result() if failure is None else failure
    return answer


def _last_result(state: RetryCallState) -> Answer:
    assert state.outcome is not None
    answer: Answer = state.outcome.result()
    return answer
