"""Many writes: what is sent, in how many calls, and what is told of each."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.errors import GatewayError, OperationLimitError
from gateway.graph.bulk import BulkWriter
from gateway.graph.transport import Answer, LostError, NotSentError
from tests.graph.upstream import Reply, Station, Upstream, create


def made(name: str) -> Reply:
    return 201, {"id": name}


def refused(*names: str) -> Any:
    """All are made but these."""
    return lambda name: (403, {"error": {"code": "Forbidden"}}) if name in names else made(name)


class Desk(Station):
    """Writes as a bulk operation writes."""

    async def write(self, names: Sequence[object], *, stop: bool = False) -> list[str]:
        """What became of each: its id, or the code of the error."""
        writer = BulkWriter(self.client, self.errand, self.calls, batching=self.batching, stop=stop)
        outcomes = await writer.write([create(name) for name in names])
        return [each.code if isinstance(each, GatewayError) else _id(each) for each in outcomes]


def _id(answer: Answer) -> str:
    return str(json.loads(answer.body)["id"])


def numbers(*ends: int) -> list[str]:
    return [str(number) for number in range(*ends)]


async def test_a_hundred_creates_are_five_calls() -> None:
    """Twenty in each, one after another, and the outcomes are in order."""
    desk = Desk(Upstream(made))
    assert await desk.write(numbers(100)) == numbers(100)
    assert desk.upstream.calls == [numbers(start, start + 20) for start in range(0, 100, 20)]


async def test_each_item_has_its_own_outcome() -> None:
    """By its id, in whatever order the answers come; nothing is sent twice."""
    desk = Desk(Upstream(refused("3", "21")))
    expected = numbers(25)
    expected[3] = expected[21] = "FORBIDDEN"
    assert await desk.write(numbers(25)) == expected
    assert desk.upstream.calls == [numbers(20), numbers(20, 25)]


async def test_nothing_is_sent_after_a_failure_that_stops() -> None:
    """The items of a batch depend on each other, and later batches are not sent."""
    desk = Desk(Upstream(refused("3")))
    assert await desk.write(numbers(45), stop=True) == [*numbers(3), "FORBIDDEN", *["NOT_ATTEMPTED"] * 41]
    assert desk.upstream.calls == [numbers(20)]
    items = desk.upstream.bodies[0]["requests"]
    assert [item.get("dependsOn") for item in items] == [None, *([str(number)] for number in range(19))]


async def test_only_throttled_items_are_sent_again() -> None:
    """After the longest time that Graph named."""
    throttled: dict[str, list[Reply]] = {
        "1": [(429, None, {"Retry-After": "2"})],
        "2": [(429, None, {"Retry-After": "7"}), (429, None)],
    }
    desk = Desk(Upstream(lambda name: throttled[name].pop(0) if throttled.get(name) else made(name)))
    assert await desk.write("0123") == ["0", "1", "2", "3"]
    assert desk.upstream.calls == [["0", "1", "2", "3"], ["1", "2"], ["2"]]
    assert desk.clock.sleeps[0] == 7
    assert 0 <= desk.clock.sleeps[1] <= 1


async def test_half_of_the_items_throttled_are_all_done_in_the_end() -> None:
    """Each exactly once."""
    once = {str(number) for number in range(0, 40, 2)}

    def reply(name: str) -> Reply:
        if name in once:
            once.remove(name)
            return 429, None, {"Retry-After": "1"}
        return made(name)

    desk = Desk(Upstream(reply))
    assert await desk.write(numbers(40)) == numbers(40)
    assert [len(each) for each in desk.upstream.calls] == [20, 10, 20, 10]


async def test_a_chain_goes_on_from_a_throttled_item() -> None:
    """What depended on it was not tried; it is no failure that stops."""
    throttled: list[Reply] = [(429, None, {"Retry-After": "1"})]
    desk = Desk(Upstream(lambda name: throttled.pop() if name == "1" and throttled else made(name)))
    assert await desk.write("0123", stop=True) == ["0", "1", "2", "3"]
    assert desk.upstream.calls == [["0", "1", "2", "3"], ["1", "2", "3"]]


@pytest.mark.parametrize(
    ("wait", "attempts"), [pytest.param("1", 4, id="four times"), pytest.param("60", 1, id="past the deadline")]
)
async def test_what_stays_throttled_is_told(wait: str, attempts: int) -> None:
    """With what Graph says of when; in a chain what follows was not attempted."""
    desk = Desk(Upstream(lambda name: (429, None, {"Retry-After": wait}) if name == "1" else made(name)))
    assert await desk.write("012", stop=True) == ["0", "THROTTLED", "NOT_ATTEMPTED"]
    assert len(desk.upstream.calls) == attempts


async def test_a_lost_answer_leaves_each_item_unknown() -> None:
    """None is sent again; the next batch goes on, unless it is to stop."""
    desk = Desk(Upstream(made, LostError("gone")))
    assert await desk.write(numbers(22)) == [*["OUTCOME_UNKNOWN"] * 20, "20", "21"]
    assert desk.upstream.calls == [numbers(20), numbers(20, 22)]
    desk = Desk(Upstream(made, LostError("gone")))
    assert await desk.write(numbers(22), stop=True) == [*["OUTCOME_UNKNOWN"] * 20, *["NOT_ATTEMPTED"] * 2]


async def test_an_item_without_an_answer_is_unknown() -> None:
    """The others are known."""
    desk = Desk(Upstream(lambda name: None if name == "1" else made(name)))
    assert await desk.write("012") == ["0", "OUTCOME_UNKNOWN", "2"]
    assert len(desk.upstream.calls) == 1


async def test_an_answer_that_cannot_be_read_leaves_each_item_unknown() -> None:
    """It may all have been done."""
    assert await Desk(Upstream(made, (200, "half"))).write("01") == ["OUTCOME_UNKNOWN"] * 2


async def test_a_batch_that_surely_did_not_leave_is_sent_again() -> None:
    """As any write is."""
    desk = Desk(Upstream(made, NotSentError("refused")))
    assert await desk.write("01") == ["0", "1"]
    assert desk.upstream.calls == [["0", "1"], ["0", "1"]]


async def test_a_refusal_of_the_whole_holds_for_each() -> None:
    """With Graph's reason."""
    assert await Desk(Upstream(made, (403, None))).write("01") == ["FORBIDDEN"] * 2


@pytest.mark.parametrize("stop", [False, True], ids=["continue", "stop"])
async def test_without_batches_items_go_one_by_one(*, stop: bool) -> None:
    """By the setting, in order, by the same rules."""
    desk = Desk(Upstream(refused("1")), batches=False)
    expected = ["0", "FORBIDDEN", *(["NOT_ATTEMPTED"] * 20 if stop else numbers(2, 22))]
    assert await desk.write(numbers(22), stop=stop) == expected
    assert desk.upstream.calls == (numbers(2) if stop else numbers(22))


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_there_is_no_batch_items_go_one_by_one(status: int) -> None:
    """The batch was refused, so nothing was done; no second one is tried, in this operation or a later one."""
    desk = Desk(Upstream(made, (status, None)))
    assert await desk.write(numbers(22)) == numbers(22)
    assert await desk.write(numbers(2)) == numbers(2)
    assert desk.upstream.calls == [numbers(20), *numbers(22), *numbers(2)]


async def test_too_many_calls_are_refused_before_anything_is_sent() -> None:
    """No half of a bulk operation is done for want of calls."""
    desk = Desk(Upstream(made), most=2)
    with pytest.raises(OperationLimitError, match="wants 3 calls"):
        await desk.write(numbers(41))
    assert desk.upstream.calls == []


async def test_time_that_is_up_leaves_the_rest_undone() -> None:
    """What was not sent is told as such."""
    desk = Desk(Upstream(made), seconds=5)
    desk.clock.advance(5)
    assert await desk.write("01") == ["DEADLINE_EXCEEDED"] * 2
    assert desk.upstream.calls == []
