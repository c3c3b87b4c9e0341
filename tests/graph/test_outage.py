"""During an outage of Graph callers are told at once, and only probes go out."""

import time
from typing import Any

import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.faults import Delay, DropBefore, Fault, FaultRule, Refuse
from gateway.errors import GraphFault, UpstreamUnavailableError
from gateway.graph.outage import FAILURES, Outages
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running

FAULT = GraphFault(status=503, code="busy", message="Later.", request_id="r", client_request_id="c", date="d")
READ = '{ tenantTag(id: "A") { id } }'
CREATE = 'mutation { createTenantTag(input: { displayName: "A" }) { id } }'


def is_open(outages: Outages, template: str = "/a", *, is_hurried: bool = False) -> bool:
    """Whether a call is refused; one that is not comes to a failure."""
    try:
        with outages.attempt(template, is_hurried=is_hurried) as attempt:
            attempt.failed(None)
    except UpstreamUnavailableError:
        return True
    return False


def failing(clock: SteppingClock, times: int = FAILURES) -> Outages:
    outages = Outages(clock)
    for _ in range(times):
        outages.failed("/a", FAULT)
    return outages


def test_a_few_failures_are_no_outage() -> None:
    """Nor are more, if there was an answer between them."""
    clock = SteppingClock()
    outages = failing(clock, FAILURES - 2)
    assert not is_open(outages)
    outages.answered("/a")
    assert [is_open(outages) for _ in range(FAILURES)] == [False] * FAILURES
    assert is_open(outages)


def test_in_an_outage_one_probe_goes_out_each_second() -> None:
    """Until one is answered."""
    clock = SteppingClock()
    outages = failing(clock)
    assert is_open(outages)
    clock.advance(1)
    assert [is_open(outages) for _ in range(3)] == [False, True, True]
    clock.advance(1)
    with outages.attempt("/a", is_hurried=False) as attempt:
        attempt.answered()
    assert [is_open(outages) for _ in range(3)] == [False] * 3


def test_a_probe_that_tells_nothing_is_anybodys_again() -> None:
    """Its caller has gone, or its token was refused; and who will not wait for an answer gets none to make."""
    clock = SteppingClock()
    outages = failing(clock)
    clock.advance(1)
    assert is_open(outages, is_hurried=True)
    with outages.attempt("/a", is_hurried=False):
        assert is_open(outages)
    assert not is_open(outages)


def test_others_see_what_graph_said_last_but_no_ids() -> None:
    """A failure without words does not make it forget."""
    outages = failing(SteppingClock())
    outages.failed("/a", None)
    with pytest.raises(UpstreamUnavailableError) as raised:
        outages.check("/a")
    assert raised.value.message == "Microsoft Graph has been failing to answer; nothing was sent. It said: Later."
    assert raised.value.graph == GraphFault(status=503, code="busy", message="Later.", date="d")
    assert raised.value.retry_after_seconds == 1


def test_a_graph_that_said_nothing_is_not_quoted() -> None:
    """There may have been no connection at all."""
    outages = Outages(SteppingClock())
    for _ in range(FAILURES):
        outages.failed("/a", None)
    with pytest.raises(UpstreamUnavailableError, match=r"nothing was sent\.$"):
        outages.check("/a")


def test_each_part_is_out_by_itself() -> None:
    """Graph hands on to many services."""
    assert not is_open(failing(SteppingClock()), "/b")


async def send(gateway: Harness, document: str = READ, count: int = 1, **headers: str) -> list[Any]:
    answers = [await gateway.execute(document, headers=headers) for _ in range(count)]
    return [each["errors"][0]["extensions"]["code"] if "errors" in each else "OK" for each in answers]


@pytest.mark.parametrize(
    "fault", [Refuse(503, "busy", "Later."), Refuse(502), Refuse(504), DropBefore()], ids=["503", "502", "504", "lost"]
)
async def test_callers_fail_fast_in_an_outage(fault: Fault) -> None:
    """After ten calls in vain nothing goes out but a probe a second; readiness says nothing of it."""
    clock = SteppingClock(time=time.time())
    emulator = Emulator(issuer=ISSUER, clock=clock)
    emulator.faults.add(FaultRule(fault=fault, path="tenantTags", times=None))
    async with running(emulator=emulator, clock=clock) as gateway:
        assert await send(gateway, count=20) == ["UPSTREAM_UNAVAILABLE"] * 20
        assert 10 <= len(gateway.calls) < 20  # of 80; waiting for a retry gives time for a probe
        sent = len(gateway.calls)
        assert await send(gateway, CREATE) == ["UPSTREAM_UNAVAILABLE"]
        assert len(gateway.calls) == sent
        assert await send(gateway, '{ cloudPcConnection(id: "A") { id } }') == ["OK"]
        assert (await gateway.http.get("/health/ready")).status_code == 200
        emulator.faults.clear()
        clock.advance(1)
        assert await send(gateway, count=3) == ["OK"] * 3


async def test_callers_in_a_hurry_are_no_outage() -> None:
    """Whoever gives Graph a second to answer says nothing about it by giving up."""
    clock = SteppingClock(time=time.time())
    emulator = Emulator(issuer=ISSUER, clock=clock)
    emulator.faults.add(FaultRule(fault=Delay(5), times=None), FaultRule(fault=Delay(5), times=None))
    async with running(emulator=emulator, clock=clock) as gateway:
        await send(gateway, count=20, **{"x-deadline-ms": "1000"})
        emulator.faults.clear()
        assert await send(gateway) == ["OK"]
