"""How many operations run at a time, who is next, and who is told to come again."""

import asyncio
from collections.abc import Iterable
from itertools import islice

import httpx
import pytest

from gateway.admission import Admission
from gateway.clock import Deadline, SystemClock
from gateway.errors import OverloadedError
from tests.harness import running
from tests.test_hanging_up import CREATE, Graph, hang_up
from tests.wire import Answering

READ = '{ tenantTag(id: "A") { id } }'


def soon(seconds: float = 30) -> Deadline:
    return Deadline.after(SystemClock(), seconds)


class Queue:
    """Tenants that want in, in the order of their coming; `entered` are those who got in, in order."""

    def __init__(self, *, most_running: int, most_queued: int) -> None:
        self.admission = Admission(most_running=most_running, most_queued=most_queued)
        self.entered: list[str] = []

    async def come(self, *names: str, deadline: Deadline | None = None) -> list[asyncio.Task[None]]:
        """The first letter is the tenant."""

        async def enter(name: str) -> None:
            await self.admission.enter(name[0], deadline or soon())
            self.entered.append(name)

        tasks = []
        for name in names:
            tasks.append(asyncio.create_task(enter(name)))
            await asyncio.sleep(0)
        return tasks

    async def leave(self, *tenants: str) -> None:
        for tenant in tenants:
            self.admission.leave(tenant)
            await asyncio.sleep(0)


def refused(tasks: Iterable[asyncio.Task[None]]) -> list[bool]:
    return [task.done() and isinstance(task.exception(), OverloadedError) for task in tasks]


async def test_as_many_run_as_may_and_the_others_wait_in_order() -> None:
    """A place that becomes free goes to the next."""
    queue = Queue(most_running=2, most_queued=10)
    await queue.come("a1", "a2", "a3", "a4")
    assert queue.entered == ["a1", "a2"]
    assert (queue.admission.running, queue.admission.queued) == (2, 2)
    await queue.leave("a", "a")
    assert queue.entered == ["a1", "a2", "a3", "a4"]
    assert (queue.admission.running, queue.admission.queued) == (2, 0)
    await queue.leave("a", "a")
    assert queue.admission.running == 0


async def test_a_place_goes_to_the_tenant_that_has_the_fewest() -> None:
    """However many of another came before."""
    queue = Queue(most_running=2, most_queued=10)
    await queue.come("a1", "a2", "a3", "a4", "b1", "b2")
    await queue.leave("a")
    assert queue.entered[2:] == ["b1"]
    await queue.leave("a")
    assert queue.entered[3:] == ["a3"]
    await queue.leave("b")
    assert queue.entered[4:] == ["b2"]


async def test_a_full_queue_refuses() -> None:
    """With a time to come again."""
    queue = Queue(most_running=1, most_queued=1)
    _, _, third = await queue.come("a1", "a2", "a3")
    assert refused([third]) == [True]
    error = third.exception()
    assert isinstance(error, OverloadedError)
    assert (error.code, error.http_status, error.retry_after_seconds) == ("OVERLOADED", 503, 1)
    assert "GATEWAY_MAX_QUEUED_OPERATIONS" in str(error.hint)


async def test_without_a_queue_nobody_waits() -> None:
    """Zero is a length too."""
    queue = Queue(most_running=1, most_queued=0)
    assert refused(await queue.come("a1", "a2", "b1")) == [False, True, True]


async def test_the_longest_part_of_a_full_queue_makes_room() -> None:
    """So a tenant that fills it does not keep others out; its last comer has to go."""
    queue = Queue(most_running=1, most_queued=3)
    tasks = await queue.come("a1", "a2", "a3", "a4", "b1")
    await asyncio.sleep(0)
    assert refused(tasks) == [False, False, False, True, False]
    assert refused(await queue.come("b2")) == [True]
    await queue.leave("a", "a")
    assert queue.entered[1:] == ["a2", "b1"]


async def test_tenants_take_turns() -> None:
    """If none has more than another; the one with the longer queue is not served first to its end."""
    queue = Queue(most_running=1, most_queued=10)
    await queue.come("a1", "a2", "a3", "a4", "b1", "b2")
    await queue.leave("a", "a", "b", "a", "b")
    assert queue.entered == ["a1", "a2", "b1", "a3", "b2", "a4"]


async def test_who_waits_too_long_is_refused() -> None:
    """Its place in the queue is free again."""
    queue = Queue(most_running=1, most_queued=1)
    await queue.come("a1")
    [late] = await queue.come("a2", deadline=soon(0.001))
    with pytest.raises(OverloadedError):
        await late
    assert queue.admission.queued == 0
    await queue.come("a3")
    await queue.leave("a")
    assert queue.entered == ["a1", "a3"]


@pytest.mark.parametrize("order", ["leave, cancel", "cancel, leave"])
async def test_a_place_is_not_lost_with_one_who_goes(order: str) -> None:
    """Also if it comes at the very moment."""
    queue = Queue(most_running=1, most_queued=5)
    _, second, _ = await queue.come("a1", "a2", "a3")
    if order == "leave, cancel":
        queue.admission.leave("a")
        second.cancel()
    else:
        second.cancel()
        queue.admission.leave("a")
    await asyncio.sleep(0.001)
    assert queue.entered == ["a1", "a3"]
    assert (queue.admission.running, queue.admission.queued) == (1, 0)


async def test_one_who_goes_makes_room_for_one_who_comes_at_the_same_moment() -> None:
    """There is nobody to refuse any more."""
    queue = Queue(most_running=1, most_queued=2)
    _, second, third = await queue.come("a1", "a2", "a3")
    coming = asyncio.create_task(queue.admission.enter("b", soon()))
    third.cancel()
    await asyncio.sleep(0.001)
    assert (third.cancelled(), second.done(), coming.done(), queue.admission.queued) == (True, False, False, 2)
    await queue.leave("a", "a")
    assert coming.done()


async def test_a_gateway_that_is_full_says_so() -> None:
    """503 with the time to come again, before anything is sent; what was begun ends well."""
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def graph(_: httpx.Request) -> httpx.Response:
        arrived.set()
        await may_answer.wait()
        return httpx.Response(200, json={"id": "A"})

    environ = {"GATEWAY_MAX_OPERATIONS": "1", "GATEWAY_MAX_QUEUED_OPERATIONS": "0"}
    async with running(environ, wire=Answering(graph)) as gateway:
        first = asyncio.create_task(gateway.post(READ))
        await arrived.wait()
        refused = await gateway.post(READ)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
        may_answer.set()
        assert (await first).json() == {"data": {"tenantTag": {"id": "A"}}}
        assert (await gateway.post(READ)).status_code == 200
        health = await gateway.http.get("/health/ready")
        assert health.status_code == 200


async def test_made_up_tokens_wait_as_one() -> None:
    """Whatever tenants they claim: whoever Graph knows comes first, and none of them is sent away."""
    arrived, may_answer = asyncio.Semaphore(0), asyncio.Event()

    async def graph(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"].endswith(".AAAA"):
            arrived.release()
            await may_answer.wait()
            return httpx.Response(401, json={})
        return httpx.Response(200, json={"id": "A"})

    environ = {"GATEWAY_MAX_OPERATIONS": "2", "GATEWAY_MAX_QUEUED_OPERATIONS": "4"}
    async with running(environ, wire=Answering(graph)) as gateway:
        assert (await gateway.post(READ)).status_code == 200
        forged = [f"{gateway.graph_token(tenant_id=f't{number}').rpartition('.')[0]}.AAAA" for number in range(6)]
        flood = [asyncio.create_task(gateway.post(READ, as_=each)) for each in forged]
        await arrived.acquire()
        await arrived.acquire()
        known = [asyncio.create_task(gateway.post(READ)) for _ in range(2)]
        for refused in islice(asyncio.as_completed(flood), 2):
            assert (await refused).status_code == 503
        may_answer.set()
        assert [(await task).status_code for task in known] == [200, 200]
        codes = [(await task).json()["errors"][0]["extensions"]["code"] for task in flood]
        assert sorted(codes) == ["OVERLOADED"] * 2 + ["UNAUTHENTICATED"] * 4


async def test_a_write_whose_caller_has_gone_keeps_its_place() -> None:
    """It still runs; hanging up is no way to have more at a time than may be."""
    graph = Graph()
    environ = {"GATEWAY_MAX_OPERATIONS": "1", "GATEWAY_MAX_QUEUED_OPERATIONS": "0"}
    async with running(environ, wire=Answering(graph)) as gateway:
        assert await hang_up(gateway, CREATE, graph) == []
        assert (await gateway.post(READ)).status_code == 503
        graph.may_answer.set()
        await asyncio.sleep(0.001)
        assert (await gateway.post(READ)).status_code == 200
