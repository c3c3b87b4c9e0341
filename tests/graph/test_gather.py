"""Reads that are asked for at the same time: how many calls they are, and what each is told."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError, OperationLimitError
from gateway.graph.gather import Batching, Calls, Gatherer
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer, AnswerTooLargeError, LostError
from tests.graph.test_loader import until
from tests.graph.upstream import Reply, Station, Upstream, read


def found(key: str) -> Reply:
    return 200, {"id": key}


class Desk(Station):
    """Reads as an operation reads."""

    def __init__(self, upstream: Upstream, **options: Any) -> None:
        super().__init__(upstream, **options)
        self.gather = Gatherer(
            partial(self.client.call, errand=self.errand),
            partial(self.client.send, errand=self.errand),
            self.calls,
            self.batching,
        )

    async def read(self, *keys: object) -> list[Any]:
        """What each is told, all asked for at once: the content, or the code of the error."""
        reads = [self.client.read(read(key), self.errand, self.gather) for key in keys]
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
        return [each.code if isinstance(each, GatewayError) else each for each in outcomes]


@pytest.mark.parametrize(
    ("count", "calls"),
    [
        pytest.param(1, ["0"], id="one goes alone"),
        pytest.param(2, [["0", "1"]], id="two go together"),
        pytest.param(20, [[str(key) for key in range(20)]], id="a full batch"),
        pytest.param(21, [[str(key) for key in range(20)], "20"], id="the rest goes alone"),
        pytest.param(45, [[str(key) for key in range(n, min(n + 20, 45))] for n in (0, 20, 40)], id="three batches"),
    ],
)
async def test_reads_travel_together(count: int, calls: list[Any]) -> None:
    """Twenty at most in a call, and each is told what it asked for."""
    desk = Desk(Upstream(found))
    assert await desk.read(*range(count)) == [{"id": str(key)} for key in range(count)]
    assert desk.upstream.calls == calls


async def test_reads_go_one_by_one_where_batches_are_switched_off() -> None:
    """By the setting."""
    desk = Desk(Upstream(found), batches=False)
    assert await desk.read("A", "B") == [{"id": "A"}, {"id": "B"}]
    assert desk.upstream.calls == ["A", "B"]


async def test_each_item_has_its_own_outcome() -> None:
    """One that is refused does not take the others along."""
    replies = {"A": found("A"), "B": (404, {"error": {"code": "ResourceNotFound"}}), "C": (403, None), "D": found("D")}
    assert await Desk(Upstream(replies.get)).read(*"ABCD") == [{"id": "A"}, "NOT_FOUND", "FORBIDDEN", {"id": "D"}]


async def test_throttled_items_are_asked_for_again_together() -> None:
    """After the time that Graph named, and without the others."""
    throttled: list[Reply | None] = [(429, None, {"retry-after": "3"})] * 2

    def reply(key: str) -> Reply | None:
        return throttled.pop() if key in "BC" and throttled else found(key)

    desk = Desk(Upstream(reply))
    assert await desk.read(*"ABC") == [{"id": key} for key in "ABC"]
    assert desk.upstream.calls == [["A", "B", "C"], ["B", "C"]]
    assert set(desk.clock.sleeps) == {3}


async def test_an_item_that_is_missing_is_asked_for_again() -> None:
    """It is a read: nothing can have happened."""
    replies: list[Reply | None] = [None, found("B")]
    desk = Desk(Upstream(lambda key: found(key) if key == "A" else replies.pop(0)))
    assert await desk.read("A", "B") == [{"id": "A"}, {"id": "B"}]
    assert desk.upstream.calls == [["A", "B"], "B"]


@pytest.mark.parametrize("status", [400, 413])
async def test_a_batch_that_is_refused_is_sent_one_by_one(status: int) -> None:
    """The next one is tried again: what was wrong with this one need not be wrong with another."""
    desk = Desk(Upstream(found, (status, None)))
    assert await desk.read("A", "B") == [{"id": "A"}, {"id": "B"}]
    assert await desk.read("C", "D") == [{"id": "C"}, {"id": "D"}]
    assert desk.upstream.calls == [["A", "B"], "A", "B", ["C", "D"]]


async def test_a_batch_whose_answer_is_too_large_is_sent_one_by_one() -> None:
    """The limit is for one answer, not for twenty in one."""
    desk = Desk(Upstream(found, AnswerTooLargeError("more than 8 bytes")))
    assert await desk.read("A", "B") == [{"id": "A"}, {"id": "B"}]
    assert desk.upstream.calls == [["A", "B"], "A", "B"]


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_there_is_no_batch_none_is_tried_again(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """For the whole process, with one word about it in the log."""
    desk = Desk(Upstream(found, (status, None), (status, None)))
    with caplog.at_level(logging.WARNING, "gateway"):
        assert await desk.read(*range(40)) == [{"id": str(key)} for key in range(40)]
    assert await desk.read("A", "B") == [{"id": "A"}, {"id": "B"}]
    assert desk.upstream.calls[-2:] == ["A", "B"]
    assert [record.message for record in caplog.records] == ["Microsoft Graph does not offer $batch"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param((401, None), "UNAUTHENTICATED", id="the token"),
        pytest.param((403, None), "FORBIDDEN", id="the permission"),
        pytest.param((500, None), "UPSTREAM_UNAVAILABLE", id="Graph's own trouble"),
    ],
)
async def test_what_graph_says_of_the_whole_holds_for_each(reply: Reply, code: str) -> None:
    """There is nothing else that is known of it."""
    assert await Desk(Upstream(found, reply)).read("A", "B") == [code, code]


@pytest.mark.parametrize(
    "outer",
    [LostError("gone"), (503, None), (429, None, {"retry-after": "2"})],
    ids=["lost", "503", "throttled"],
)
async def test_a_batch_that_fails_as_a_whole_is_tried_again_as_a_whole(outer: Any) -> None:
    """It is one call, and stays one: twenty reads spend one retry."""
    desk = Desk(Upstream(found, outer), most=1)
    assert await desk.read(*range(20)) == [{"id": str(key)} for key in range(20)]
    assert desk.upstream.calls == [[str(key) for key in range(20)]] * 2


async def test_a_batch_that_goes_on_failing_is_given_up() -> None:
    """Its reads are not tried one by one after that."""
    desk = Desk(Upstream(found, *[LostError("gone")] * 9))
    assert await desk.read("A", "B") == ["UPSTREAM_UNAVAILABLE"] * 2
    assert desk.upstream.calls == [["A", "B"]] * 4


async def test_reads_of_a_refused_batch_fail_one_by_one() -> None:
    """What is lost is asked for again, and nothing else is."""
    replies: list[Reply | Exception] = [LostError("gone"), found("A")]

    def reply(key: str) -> Reply:
        told = replies.pop(0) if key == "A" else found(key)
        if isinstance(told, Exception):
            raise told
        return told

    desk = Desk(Upstream(reply, (405, None)))
    assert await desk.read(*"ABC") == [{"id": key} for key in "ABC"]
    assert desk.upstream.calls == [["A", "B", "C"], "A", "B", "C", "A"]


# The cap


async def test_a_batch_counts_as_one_call() -> None:
    """Sixty reads are three."""
    desk = Desk(Upstream(found), most=3)
    assert await desk.read(*range(60)) == [{"id": str(key)} for key in range(60)]


async def test_too_many_calls_are_refused_before_any_is_sent() -> None:
    """The message says how many were wanted."""
    desk = Desk(Upstream(found), most=3)
    await desk.read("A")
    with pytest.raises(OperationLimitError) as raised:
        await asyncio.gather(*(desk.client.read(read(key), desk.errand, desk.gather) for key in range(61)))
    assert raised.value.message == (
        "The operation wants 5 calls to Microsoft Graph, or more. Allowed: 3 (GATEWAY_MAX_GRAPH_CALLS)."
    )
    assert raised.value.hint == "Ask for less in one operation: fewer rows, or fewer fields that lead to other objects."
    assert desk.upstream.calls == ["A"]


async def test_what_is_repeated_does_not_count() -> None:
    """Graph's trouble is not the caller's."""
    replies: list[Reply] = [(503, None), (503, None), found("A")]
    desk = Desk(Upstream(lambda _: replies.pop(0)), most=1)
    assert await desk.read("A") == [{"id": "A"}]


async def test_reads_of_a_refused_batch_count_one_by_one() -> None:
    """They may be too many then."""
    assert await Desk(Upstream(found, (405, None)), most=2).read("A", "B") == ["OPERATION_LIMIT"] * 2
    assert await Desk(Upstream(found, (405, None)), most=3).read("A", "B") == [{"id": "A"}, {"id": "B"}]


# Callers and tokens


class Calling:
    """A `Call` that notes requests, tokens, and how many items a batch has; `given_up` counts calls that were ended."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, int]] = []
        self.given_up = 0

    async def __call__(self, request: GraphRequest, token: str) -> Answer:
        self.made.append((request.target, token, len(orjson.loads(request.body or b"{}").get("requests", []))))
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return Answer(200, {}, b'{"responses": []}')


def gatherer(call: Calling) -> Gatherer:
    return Gatherer(call, call, Calls(most=100, concurrency=10), Batching(is_on=True))


async def outcomes(*tasks: asyncio.Task[Any]) -> Sequence[object]:
    return [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)]


async def test_a_call_has_one_token() -> None:
    """After a claims challenge there may be two in one operation."""
    call = Calling()
    gather = gatherer(call)
    tasks = [asyncio.create_task(gather(read(key), token)) for key, token in zip("ABCD", "xyxy", strict=True)]
    assert await outcomes(*tasks) == [LostError] * 4
    assert call.made == [("/$batch", "x", 2), ("/$batch", "y", 2)]


async def test_a_reader_who_goes_before_departure_is_not_sent() -> None:
    """And one who goes later is not missed."""
    call = Calling()
    gather = gatherer(call)
    tasks = [asyncio.create_task(gather(read(key), "x")) for key in "ABC"]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert await outcomes(*tasks) == [asyncio.CancelledError, asyncio.CancelledError, LostError]
    assert call.made == [("/$batch", "x", 2)]


async def test_a_reader_who_goes_does_not_hear_of_a_failure() -> None:
    """The others do."""

    async def failing(_: GraphRequest, __: str) -> Answer:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise LostError("gone")

    gather = Gatherer(failing, failing, Calls(most=100, concurrency=10), Batching(is_on=True))
    tasks = [asyncio.create_task(gather(read(key), "x")) for key in "AB"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await outcomes(*tasks) == [asyncio.CancelledError, LostError]


async def test_closing_ends_the_calls_on_their_way() -> None:
    """Nobody waits for them any more."""
    call = Calling()
    gather = gatherer(call)
    tasks = [asyncio.create_task(gather(read(key), "x")) for key in "AB"]
    await until(lambda: bool(call.made))
    for each in tasks:
        each.cancel()
    gather.close()
    assert await outcomes(*tasks) == [asyncio.CancelledError] * 2
    assert call.given_up == 1


async def test_closing_leaves_nobody_waiting() -> None:
    """Also not who never heard that the operation is over."""
    gather = gatherer(Calling())
    tasks = [asyncio.create_task(gather(read(key), "x")) for key in "AB"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gather.close()
    await until(lambda: all(each.done() for each in tasks))
    assert [each.cancelled() for each in tasks] == [True, True]
