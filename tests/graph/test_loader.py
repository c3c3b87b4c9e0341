"""The one way upstream of an operation: what is asked once, what runs side by side, and what outlives its caller."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from prometheus_client import CollectorRegistry

from gateway.clock import Deadline
from gateway.errors import GatewayError, OperationLimitError
from gateway.graph.client import Errand, GraphClient
from gateway.graph.gather import Batching
from gateway.graph.httpx_transport import HttpxTransport, build_client
from gateway.graph.loader import Loader
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer
from gateway.telemetry import Operation, Telemetry
from tests.clock import SteppingClock
from tests.harness import running
from tests.wire import Wire, unread

BASE = "https://graph.microsoft.com/v1.0"
PATH = "/tenantRelationships/managedTenants/tenantTags"


def read(key: str) -> GraphRequest:
    return GraphRequest("GET", f"{PATH}/{key}", "ManagedTenants.Read.All")


CREATE = GraphRequest("POST", PATH, "ManagedTenants.ReadWrite.All", body=b"{}")


class Gate(httpx.AsyncBaseTransport):
    """Lets requests through when it is opened; knows which ones wait, and which were given up."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[httpx.Response]] = []
        self.most = 0
        self.given_up = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("http11.send_request_headers.started", {})
        arrived: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self.waiting.append(arrived)
        self.most = max(self.most, len(self.waiting))
        try:
            return unread(await arrived)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.waiting.remove(arrived)

    async def has(self, count: int) -> None:
        """Returns once that many requests wait."""
        await until(lambda: len(self.waiting) == count)

    def open(self, content: str = "{}") -> None:
        """Answers all that wait now."""
        for each in self.waiting:
            each.set_result(httpx.Response(200, content=content, headers={"request-id": "g-1"}))


async def until(holds: Callable[[], bool]) -> None:
    """Lets the others run until it holds."""
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


class Desk:
    """A loader before a wire; `held` are the writes that the process must not forget."""

    def __init__(self, wire: httpx.AsyncBaseTransport, *, max_calls: int = 100, concurrency: int = 10) -> None:
        clock = SteppingClock()
        self.operation = Operation(request_id="r-1")
        self.held: list[asyncio.Task[Answer]] = []
        transport = HttpxTransport(build_client(ca_file=None, connections=99, transport=wire), max_answer_bytes=1_000)
        client = GraphClient(transport, base_url=BASE, clock=clock, telemetry=Telemetry(clock, CollectorRegistry()))
        errand = Errand(_token, Deadline.after(clock, 30), self.operation)
        self.loader = Loader(
            client,
            errand,
            max_calls=max_calls,
            concurrency=concurrency,
            batching=Batching(is_on=False),
            hold=self.held.append,
        )


async def _token(_: str | None) -> str:
    return "t-1"


async def test_equal_reads_are_one_call() -> None:
    """However many wait for it, also one after the other."""
    wire = Wire(*(httpx.Response(200, content=json.dumps({"id": key})) for key in "AB"))
    loader = Desk(wire).loader
    both = await asyncio.gather(loader.read(read("A")), loader.read(read("A")), loader.read(read("B")))
    assert [*both, await loader.read(read("A"))] == [{"id": "A"}, {"id": "A"}, {"id": "B"}, {"id": "A"}]
    assert wire.seen == [f"GET {BASE}{PATH}/A", f"GET {BASE}{PATH}/B"]


async def test_a_failed_read_fails_for_all_who_asked() -> None:
    """It is not tried again behind their backs."""
    wire = Wire(httpx.Response(404))
    loader = Desk(wire).loader
    outcomes = await asyncio.gather(*(loader.read(read("A")) for _ in range(3)), return_exceptions=True)
    assert [each.code for each in outcomes if isinstance(each, GatewayError)] == ["NOT_FOUND"] * 3
    assert len(wire.requests) == 1


async def test_a_write_makes_what_was_read_before_out_of_date() -> None:
    """The next read asks again."""
    wire = Wire(*(httpx.Response(200, content=content) for content in ('{"n": 1}', "{}", '{"n": 2}')))
    loader = Desk(wire).loader
    before = await loader.read(read("A"))
    await loader.write(CREATE)
    assert (before, await loader.read(read("A"))) == ({"n": 1}, {"n": 2})
    assert [request.method for request in wire.requests] == ["GET", "POST", "GET"]


async def test_equal_writes_are_each_sent() -> None:
    """Two creates are two objects."""
    wire = Wire(httpx.Response(201), httpx.Response(201))
    loader = Desk(wire).loader
    await loader.write(CREATE)
    await loader.write(CREATE)
    assert len(wire.requests) == 2


async def test_what_was_sent_is_not_sent_again_from_the_beginning() -> None:
    """Reads and writes have the outcomes that they had, failures among them; what is new is sent."""
    answers = ('{"n": 1}', '{"w": 1}', '{"n": 2}', '{"n": 3}')
    wire = Wire(*(httpx.Response(200, content=content) for content in answers), httpx.Response(403))
    loader = Desk(wire).loader

    async def run() -> list[object]:
        before = await loader.read(read("A"))
        written = await loader.write(CREATE)
        return [before, written.body, await loader.read(read("A"))]

    first = await run()
    loader.rewind()
    assert await run() == first
    assert await loader.read(read("B")) == {"n": 3}
    for _ in range(2):
        with pytest.raises(GatewayError):
            await loader.write(CREATE)
        loader.rewind()
        await loader.write(CREATE)
    assert [request.method for request in wire.requests] == ["GET", "POST", "GET", "GET", "POST"]


async def test_another_write_than_the_first_time_is_refused() -> None:
    """Rather than sent: one of the two would be sent twice."""
    wire = Wire(httpx.Response(201))
    loader = Desk(wire).loader
    await loader.write(CREATE)
    loader.rewind()
    with pytest.raises(RuntimeError, match="another way"):
        await loader.write(GraphRequest("POST", PATH, None, body=b"[]"))
    assert len(wire.requests) == 1


async def test_reads_run_side_by_side_up_to_a_cap() -> None:
    """The rest wait for a slot, and each gets its own answer."""
    gate = Gate()
    loader = Desk(gate, concurrency=3).loader
    reads = [asyncio.create_task(loader.read(read(str(number)))) for number in range(7)]
    for most in (3, 3, 1):
        await gate.has(most)
        gate.open()
        await until(lambda: not gate.waiting)
    assert await asyncio.gather(*reads) == [{}] * 7
    assert gate.most == 3


@pytest.mark.parametrize("most", [1, 3])
async def test_an_operation_makes_only_so_many_calls(most: int) -> None:
    """Reads and writes count, equal reads once; what is over is refused before it is sent."""
    wire = Wire(*(httpx.Response(200, content="{}") for _ in range(most)))
    loader = Desk(wire, max_calls=most).loader
    for number in range(most - 1):
        await loader.read(read(str(number)))
        await loader.read(read(str(number)))
    await loader.write(CREATE)
    refused: list[Callable[[], Awaitable[object]]] = [lambda: loader.read(read("A")), lambda: loader.write(CREATE)]
    for each in refused:
        with pytest.raises(OperationLimitError) as raised:
            await each()
        assert raised.value.message == (
            f"The operation wants {most + 1} calls to Microsoft Graph, or more. Allowed: {most} "
            "(GATEWAY_MAX_GRAPH_CALLS)."
        )
    assert len(wire.requests) == most


# Callers who go


async def test_a_reader_that_goes_does_not_take_the_read_along() -> None:
    """Others may wait for it."""
    gate = Gate()
    loader = Desk(gate).loader
    going, staying = (asyncio.create_task(loader.read(read("A"))) for _ in range(2))
    await gate.has(1)
    going.cancel()
    await until(going.done)
    gate.open('{"id": "A"}')
    assert (await staying, going.cancelled(), gate.given_up) == ({"id": "A"}, True, 0)


async def test_reads_end_with_the_operation() -> None:
    """Nobody waits for them any more: the calls are given up, and nothing is logged about them."""
    gate = Gate()
    loader = Desk(gate, concurrency=2).loader
    reads = [asyncio.create_task(loader.read(read(str(number)))) for number in range(5)]
    await gate.has(2)
    for each in reads:
        each.cancel()
    loader.close()
    await until(lambda: all(each.done() for each in reads) and not gate.waiting)
    assert (gate.given_up, gate.most) == (2, 2)


async def test_a_caller_who_hangs_up_ends_the_reads() -> None:
    """Through the whole gateway: Graph is not kept busy for nobody."""
    gate = Gate()
    async with running({"GATEWAY_GRAPH_BATCH": "false"}, wire=gate) as gateway:
        caller = asyncio.create_task(gateway.post('{ a: tenantTag(id: "1") { id } b: tenantTags { totalCount } }'))
        await gate.has(2)
        caller.cancel()
        await until(lambda: caller.done() and not gate.waiting)
    assert gate.given_up == 2


async def abandoned(gate: Gate) -> Desk:
    """A write that is under way and whose caller has gone."""
    desk = Desk(gate)
    caller = asyncio.create_task(desk.loader.write(CREATE))
    await gate.has(1)
    caller.cancel()
    await until(caller.done)
    desk.loader.close()
    assert (caller.cancelled(), len(desk.held), gate.given_up) == (True, 1, 0)
    return desk


def reported(logs: list[str]) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in logs if line.startswith("{")]
    return [line for line in lines if line["message"] == "a write ended after its caller had gone"]


async def test_a_write_that_was_sent_is_awaited_without_its_caller(logs: list[str]) -> None:
    """Its outcome is logged under the request's id: it was done, and somebody will ask."""
    gate = Gate()
    desk = await abandoned(gate)
    gate.open()
    await asyncio.wait(desk.held)
    [line] = reported(logs)
    del line["time"]
    assert line == {
        "level": "warning",
        "message": "a write ended after its caller had gone",
        "request_id": "r-1",
        "method": "POST",
        "collection": PATH,
        "code": "OK",
        "graph_request_ids": ["g-1"],
    }


@pytest.mark.parametrize(
    ("outcome", "level", "code"),
    [
        pytest.param(httpx.ReadError("reset"), "warning", "OUTCOME_UNKNOWN", id="lost"),
        pytest.param(ValueError("a mistake"), "error", "INTERNAL_SERVER_ERROR", id="not foreseen"),
    ],
)
async def test_a_write_that_fails_without_its_caller_is_reported(
    logs: list[str], outcome: Exception, level: str, code: str
) -> None:
    """What was not foreseen has its trace beside it."""
    gate = Gate()
    desk = await abandoned(gate)
    gate.waiting[0].set_exception(outcome)
    await asyncio.wait(desk.held)
    [line] = reported(logs)
    assert (line["level"], line["code"], "ValueError: a mistake" in str(line.get("trace"))) == (
        level,
        code,
        level == "error",
    )


async def test_a_write_that_ends_with_the_process_is_reported(logs: list[str]) -> None:
    """Its outcome will never be known here."""
    gate = Gate()
    desk = await abandoned(gate)
    desk.held[0].cancel()
    await asyncio.wait(desk.held)
    assert [line["code"] for line in reported(logs)] == ["CANCELLED"]


async def test_a_write_whose_caller_stays_is_not_reported(logs: list[str]) -> None:
    """The caller is told."""
    desk = Desk(Wire(httpx.Response(201), httpx.Response(403)))
    await desk.loader.write(CREATE)
    with pytest.raises(GatewayError):
        await desk.loader.write(CREATE)
    assert (len(desk.held), reported(logs)) == (2, [])
