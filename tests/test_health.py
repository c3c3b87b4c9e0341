"""Whether the process takes requests, and what it waits for before it goes."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from gateway.health import Health
from tests.harness import running
from tests.test_operations import CREATE, INPUT
from tests.wire import Answering, Wire


async def ask(health: Health, path: str) -> httpx.Response:
    app = Starlette(routes=health.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as http:
        return await http.get(path)


async def states(health: Health) -> list[tuple[int, object, str | None]]:
    answers = [await ask(health, f"/health/{name}") for name in ("live", "ready")]
    return [(each.status_code, each.json(), each.headers.get("retry-after")) for each in answers]


LIVE = (200, {"status": "live"}, None)
READY = (200, {"status": "ready"}, None)
DRAINING = (503, {"status": "draining"}, "1")


async def test_a_process_is_ready_from_its_start_to_its_drain() -> None:
    """And live all the time: it must not be killed while it drains."""
    health = Health()
    before = await states(health)
    health.start()
    between = await states(health)
    await health.drain()
    assert (before, between, await states(health)) == ([LIVE, DRAINING], [LIVE, READY], [LIVE, DRAINING])


async def test_a_process_that_leaves_ends_connections() -> None:
    """Each response says so, that of a request from before too; until then none does."""
    gate, arrived = asyncio.Event(), asyncio.Event()

    async def answer(_: httpx.Request) -> httpx.Response:
        arrived.set()
        await gate.wait()
        return httpx.Response(201, json={"id": "A"})

    async with running(wire=Answering(answer)) as gateway:

        async def told() -> list[tuple[int, str | None]]:
            answers = [await gateway.http.get(path) for path in ("/health/live", "/health/ready", "/graphql")]
            return [(each.status_code, each.headers.get("connection")) for each in answers]

        assert await told() == [(200, None), (200, None), (401, None)]
        before = asyncio.create_task(gateway.post(CREATE, {"input": INPUT}))
        await arrived.wait()
        gateway.app.health.leave()
        assert await told() == [(200, "close"), (503, "close"), (401, "close")]
        gate.set()
        assert (await before).headers["connection"] == "close"


async def test_a_drain_waits_for_writes_that_were_sent() -> None:
    """Not for those that are over; a write that fails is over too."""
    health = Health()
    outcomes = [asyncio.get_running_loop().create_future() for _ in range(3)]

    async def write(outcome: asyncio.Future[None]) -> None:
        await outcome

    tasks = [asyncio.create_task(write(outcome)) for outcome in outcomes]
    for task in tasks:
        health.hold(task)
    outcomes[0].set_result(None)
    await tasks[0]
    drain = asyncio.create_task(health.drain())
    await asyncio.sleep(0)
    assert (drain.done(), await states(health)) == (False, [LIVE, DRAINING])
    outcomes[1].set_exception(ConnectionError())
    outcomes[2].set_result(None)
    await drain
    assert [task.done() for task in tasks] == [True] * 3
    with pytest.raises(ConnectionError):
        tasks[1].result()


async def test_a_caller_who_hangs_up_does_not_stop_a_create() -> None:
    """The application goes only once Graph has answered: the object is there."""
    gate, arrived = asyncio.Event(), asyncio.Event()

    class Slow(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            arrived.set()
            await gate.wait()
            return await super().handle_async_request(request)

    wire = Slow(httpx.Response(201, content=b'{"id": "A"}'))
    async with running(wire=wire) as gateway:
        caller = asyncio.create_task(gateway.post(CREATE, {"input": INPUT}))
        await arrived.wait()
        caller.cancel()
        await asyncio.wait([caller])
        assert (caller.cancelled(), wire.requests) == (True, [])
        asyncio.get_running_loop().call_soon(gate.set)
    assert [request.method for request in wire.requests] == ["POST"]
