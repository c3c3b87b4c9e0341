"""What is sent again, after which wait, and when that ends."""

from collections.abc import Callable
from email.utils import formatdate

import pytest

from gateway.clock import Deadline
from gateway.graph.answer import BrokenAnswerError
from gateway.graph.request import GraphRequest
from gateway.graph.retry import FIRST_WAIT_SECONDS, MAX_ATTEMPTS, RetryBudget, send_with_retries
from gateway.graph.transport import Answer, AnswerTooLargeError, LostError, NotSentError
from tests.clock import SteppingClock

READ = GraphRequest("GET", "/x", "P")
WRITES = [GraphRequest(method, "/x", "P") for method in ("POST", "PATCH", "DELETE")]
DONE = Answer(200, {}, b"done")

Outcome = Answer | Exception


def answer(status: int, retry_after: str | None = None) -> Answer:
    return Answer(status, {} if retry_after is None else {"retry-after": retry_after}, b"")


class Attempts:
    """Comes out as told, the last outcome for good; counts."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = outcomes
        self.count = 0

    async def __call__(self) -> Answer:
        outcome = self._outcomes[min(self.count, len(self._outcomes) - 1)]
        self.count += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def send(
    attempts: Attempts,
    request: GraphRequest = READ,
    *,
    clock: SteppingClock | None = None,
    seconds: float = 1_000,
    budget: RetryBudget | None = None,
) -> Answer:
    clock = clock or SteppingClock()
    return await send_with_retries(
        request, attempts, deadline=Deadline.after(clock, seconds), clock=clock, budget=budget or RetryBudget()
    )


async def count_attempts(outcome: Outcome, request: GraphRequest) -> int:
    """How often a request is sent whose outcome is always the same."""
    attempts = Attempts(outcome)
    seen: Outcome
    try:
        seen = await send(attempts, request)
    except (LostError, NotSentError, BrokenAnswerError) as failure:
        seen = failure
    assert seen is outcome
    return attempts.count


@pytest.mark.parametrize(
    ("make", "reads", "writes"),
    [
        *(
            pytest.param(lambda status=status: answer(status), reads, writes, id=str(status))
            for status, reads, writes in [
                *((status, 1, 1) for status in (200, 201, 204, 302, 400, 401, 403, 404, 409, 412, 500, 501, 507, 509)),
                (429, MAX_ATTEMPTS, MAX_ATTEMPTS),
                *((status, MAX_ATTEMPTS, 1) for status in (502, 503, 504)),
            ]
        ),
        pytest.param(lambda: NotSentError("x"), MAX_ATTEMPTS, MAX_ATTEMPTS, id="not sent"),
        pytest.param(lambda: LostError("x"), MAX_ATTEMPTS, 1, id="lost"),
        pytest.param(lambda: BrokenAnswerError("x"), MAX_ATTEMPTS, 1, id="broken"),
        pytest.param(lambda: AnswerTooLargeError("x"), 1, 1, id="too large"),
    ],
)
async def test_a_request_is_sent_again_only_where_that_is_safe_and_can_help(
    make: Callable[[], Outcome], reads: int, writes: int
) -> None:
    """Reads change nothing; a write only if it was refused before any work, or surely did not leave."""
    assert await count_attempts(make(), READ) == reads
    assert [await count_attempts(make(), request) for request in WRITES] == [writes] * 3


async def test_the_first_good_answer_ends_it() -> None:
    """After failures of several kinds."""
    attempts = Attempts(LostError("x"), answer(503), BrokenAnswerError("x"), DONE)
    assert (await send(attempts), attempts.count) == (DONE, 4)


async def test_a_write_that_may_have_arrived_ends_the_retries_of_one_that_did_not() -> None:
    """Whatever went before: from then on its outcome is unknown."""
    attempts = Attempts(answer(429, "0"), NotSentError("x"), LostError("y"), DONE)
    with pytest.raises(LostError):
        await send(attempts, WRITES[0])
    assert attempts.count == 3


async def test_what_was_not_foreseen_is_not_repeated() -> None:
    """A mistake of ours would only be made again."""
    attempts = Attempts(ValueError("a mistake"))
    with pytest.raises(ValueError, match="a mistake"):
        await send(attempts)
    assert attempts.count == 1


async def test_a_wait_that_graph_asks_for_is_kept() -> None:
    """In either form, to the second."""
    clock = SteppingClock()
    date = formatdate(clock.time() + 2 + 7, usegmt=True)
    attempts = Attempts(answer(429, "2"), answer(503, date), answer(429, "0"), DONE)
    assert (await send(attempts, clock=clock), clock.sleeps) == (DONE, [2, 7, 0])


@pytest.mark.parametrize("outcome", [answer(503), answer(429, "soon"), LostError("x")], ids=["503", "no wait", "lost"])
async def test_other_waits_double_and_are_random(outcome: Outcome) -> None:
    """Full jitter: anything from nothing to half a second, one, two."""
    waits = []
    for _ in range(50):
        clock = SteppingClock()
        await send(Attempts(outcome, outcome, outcome, DONE), clock=clock)
        waits.append(clock.sleeps)
    for index, column in enumerate(zip(*waits, strict=True)):
        most = FIRST_WAIT_SECONDS * 2**index
        assert all(0 <= wait <= most for wait in column)
        assert len(set(column)) > 1
        assert max(column) > most / 2, "fifty draws in a row below the half: one in a quadrillion"


@pytest.mark.parametrize(
    ("seconds", "count"), [(3.0, 1), (3.001, 2), (0.0, 1)], ids=["to the deadline", "before the deadline", "over"]
)
async def test_no_wait_ends_past_the_deadline(seconds: float, count: int) -> None:
    """An answer that could not be used any more is not waited for; what came is told at once."""
    clock, attempts = SteppingClock(), Attempts(answer(429, "3"), DONE)
    outcome = await send(attempts, clock=clock, seconds=seconds)
    assert (outcome.status, attempts.count, clock.sleeps) == ((200, 2, [3]) if count == 2 else (429, 1, []))


async def test_retries_are_a_small_share_of_all_calls() -> None:
    """Ten are saved up; after them each call earns a tenth of one, so that an outage is not answered with more load."""
    budget = RetryBudget()
    counts = []
    for _ in range(40):
        attempts = Attempts(answer(503, "0"))
        await send(attempts, budget=budget)
        counts.append(attempts.count - 1)
    assert counts[:4] == [3, 3, 3, 1]
    assert sum(counts) <= RetryBudget.most_saved + 40 * RetryBudget.earned_per_call
    assert sum(counts[4:]) == 3


async def test_what_is_saved_up_does_not_grow_without_end() -> None:
    """A quiet day buys no storm."""
    budget = RetryBudget()
    for _ in range(1_000):
        await send(Attempts(DONE), budget=budget)
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]


async def test_a_request_that_succeeds_at_once_spends_nothing() -> None:
    """Retries alone are counted."""
    budget = RetryBudget()
    assert [(await send(Attempts(DONE), budget=budget)) for _ in range(20)] == [DONE] * 20
    assert [budget.spend() for _ in range(10)] == [True] * 10


async def test_waiting_as_told_spends_nothing() -> None:
    """Throttling is no outage: Graph says when to come back. Without that it counts."""
    budget = RetryBudget()
    told = [Attempts(answer(429, "1"), DONE) for _ in range(40)]
    assert [await send(each, budget=budget) for each in told] == [DONE] * 40
    untold = [Attempts(answer(429)) for _ in range(6)]
    assert [(await send(each, budget=budget)).status for each in untold] == [429] * 6
    assert [each.count for each in untold] == [4, 4, 4, 2, 1, 1]
