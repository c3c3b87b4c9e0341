"""Many writes of one kind, sent as `$batch` calls of up to 20, one after another.

Each item has its own outcome. Only what Graph refused as throttled is sent again; an item whose answer is lost may
have been done, so it is never repeated. https://learn.microsoft.com/graph/throttling#throttling-and-batching
"""

from collections.abc import Sequence
from typing import Final

from gateway.errors import GatewayError, NotAttemptedError, OutcomeUnknownError
from gateway.graph.answer import OUTCOME_HINT, retry_after_seconds, to_error
from gateway.graph.batch import FAILED_DEPENDENCY, MAX_ITEMS, NOT_OFFERED, from_batch, to_batch
from gateway.graph.client import LARGEST_SUCCESS, Errand, GraphClient
from gateway.graph.gather import Batching, Calls
from gateway.graph.request import GraphRequest
from gateway.graph.retry import MAX_ATTEMPTS, backoff_seconds
from gateway.graph.transport import Answer

Outcome = Answer | GatewayError
"""What became of an item: Graph's success answer, or why there is none."""

TO_REPEAT: Final = frozenset({429, FAILED_DEPENDENCY})
"""Statuses of items that were not done and, if one of them was throttled, are sent again."""


class BulkWriter:
    """For one bulk operation. `stop`: nothing is sent after a failure."""

    def __init__(self, client: GraphClient, errand: Errand, calls: Calls, *, batching: Batching, stop: bool) -> None:
        self._client = client
        self._errand = errand
        self._calls = calls
        self._batching = batching
        self._stop = stop

    async def write(self, requests: Sequence[GraphRequest]) -> list[Outcome]:
        """The outcomes, in order. Raises `OperationLimitError` before anything is sent, and nothing else."""
        size = MAX_ITEMS if self._batching.is_on else 1
        self._calls.count(-(-len(requests) // size))
        outcomes: list[Outcome] = []
        for start in range(0, len(requests), MAX_ITEMS):
            chunk = requests[start : start + MAX_ITEMS]
            outcomes += [not_attempted() for _ in chunk] if self._is_over(outcomes) else await self._write_chunk(chunk)
        return outcomes

    async def _write_chunk(self, chunk: Sequence[GraphRequest]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        pending, attempt = list(range(len(chunk))), 1
        while True:
            answers = await self._send([chunk[index] for index in pending])
            outcomes.update(
                (index, self._to_outcome(chunk[index], answer)) for index, answer in zip(pending, answers, strict=True)
            )
            pending, seconds = self._to_repeat(dict(zip(pending, answers, strict=True)), attempt)
            if not pending or attempt == MAX_ATTEMPTS or seconds >= self._errand.deadline.remaining_seconds:
                return [outcomes[index] for index in range(len(chunk))]
            await self._errand.deadline.clock.sleep(seconds)
            attempt += 1

    async def _send(self, chunk: Sequence[GraphRequest]) -> Sequence[Outcome | None]:
        if not self._batching.is_on:
            return await self._send_singly(chunk)
        try:
            answer = await self._client.write(to_batch(chunk, in_order=self._stop), self._errand)
        except GatewayError as error:
            if error.graph is None or error.graph.status not in NOT_OFFERED:
                return [error] * len(chunk)
            self._batching.end(error.graph.status)
            return await self._send_singly(chunk)
        return from_batch(answer, len(chunk))

    async def _send_singly(self, chunk: Sequence[GraphRequest]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for request in chunk:
            if self._is_over(outcomes):
                return outcomes + [not_attempted() for _ in chunk[len(outcomes) :]]
            try:
                outcomes.append(await self._client.write(request, self._errand))
            except GatewayError as error:
                outcomes.append(error)
        return outcomes

    def _is_over(self, outcomes: Sequence[Outcome]) -> bool:
        return self._stop and any(isinstance(each, GatewayError) for each in outcomes)

    def _to_outcome(self, request: GraphRequest, answer: Outcome | None) -> Outcome:
        if answer is None:
            return OutcomeUnknownError("Microsoft Graph's answer to the batch lacks this item.", hint=OUTCOME_HINT)
        if isinstance(answer, GatewayError) or 200 <= answer.status <= LARGEST_SUCCESS:
            return answer
        if answer.status == FAILED_DEPENDENCY:
            return not_attempted()
        return to_error(request, answer, now=self._errand.deadline.clock.time())

    def _to_repeat(self, answers: dict[int, Outcome | None], attempt: int) -> tuple[list[int], float]:
        """What to send again, and after how many seconds: the longest that Graph asks for."""
        found = {
            index: each for index, each in answers.items() if isinstance(each, Answer) and each.status in TO_REPEAT
        }
        now = self._errand.deadline.clock.time()
        waits = [retry_after_seconds(each.headers, now=now) for each in found.values() if each.status == 429]
        if not waits:
            return [], 0
        told = [each for each in waits if each is not None]
        return list(found), max(told) if told else backoff_seconds(attempt)


def not_attempted() -> NotAttemptedError:
    return NotAttemptedError("It was not sent: an item before it failed, and `onError` is STOP.")
