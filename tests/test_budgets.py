"""Callers are kept within Microsoft Graph's limits, each within its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.auth.bearer import Caller
from gateway.budgets import Budgets
from gateway.clock import Deadline
from gateway.emulator.app import Emulator
from gateway.emulator.faults import Fault, FaultRule, HtmlBody, Refuse
from gateway.errors import StoreUnavailableError
from gateway.state.buckets import NO_WAIT, Bucket, Wait
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running
from tests.test_idempotency import Failing

ON = {"GATEWAY_GRAPH_BUDGETS": "true"}
CREATE = 'mutation { createTenantTag(input: { displayName: "A" }) { id } }'
READ = '{ tenantTag(id: "A") { id } }'
BULK = (
    "mutation ($i: [CreateTenantTagInput!]!) { createTenantTags(inputs: $i) { results { ... on ItemError { code } } } }"
)


@asynccontextmanager
async def budgeted(environ: dict[str, str] | None = None, **seams: Any) -> AsyncIterator[tuple[Harness, SteppingClock]]:
    clock = SteppingClock(time=time.time())
    emulator = Emulator(issuer=ISSUER, clock=clock)
    async with running(ON | (environ or {}), emulator=emulator, clock=clock, **seams) as gateway:
        await gateway.execute(READ)  # so that Graph has taken the token
        yield gateway, clock


async def test_a_burst_of_writes_is_free_and_then_they_are_held_back() -> None:
    """Twenty at once, then four each second: a hundred in no twenty seconds."""
    registry = CollectorRegistry()
    async with budgeted(registry=registry) as (gateway, clock):
        for _ in range(24):
            assert "errors" not in await gateway.execute(CREATE)
        assert clock.sleeps == pytest.approx([0.25] * 4)
    assert registry.get_sample_value("gateway_budget_wait_seconds_count") == 4


async def test_reads_have_a_larger_budget() -> None:
    """A write counts as a call, a read not as a write."""
    async with budgeted() as (gateway, clock):
        for _ in range(100):
            await gateway.execute(READ)
        assert clock.sleeps == []


async def test_a_bulk_counts_each_item() -> None:
    """Graph does too; a hundred are made within a deadline."""
    async with budgeted() as (gateway, clock):
        answer = await gateway.execute(BULK, {"i": [{"displayName": str(number)} for number in range(100)]})
        assert answer["data"]["createTenantTags"]["results"] == [{}] * 100
        assert clock.sleeps == pytest.approx([5.0] * 4)


async def test_who_would_wait_too_long_is_told_when_to_come_again() -> None:
    """Nothing is sent; the header says the same."""
    async with budgeted() as (gateway, _):
        await gateway.execute(BULK, {"i": [{"displayName": str(number)} for number in range(20)]})
        response = await gateway.post(CREATE, headers={"x-deadline-ms": "100"})
        assert response.headers["retry-after"] == "1"
        [error] = response.json()["errors"]
        assert error["message"] == (
            "Too many writes: Microsoft Graph may be sent no more than 100 in 20 seconds for one app in a tenant "
            "(GATEWAY_GRAPH_BUDGETS). Nothing was sent."
        )
        assert error["extensions"] == {
            "code": "THROTTLED",
            "retryable": True,
            "retryAfterSeconds": 1,
            "hint": "Wait as long as it says, or ask for less at a time.",
        }
        assert len(gateway.calls) == 2


async def spent(gateway: Harness, token: str) -> None:
    """The caller's burst of writes, after Graph has taken its token."""
    await gateway.execute(READ, as_=token)
    await gateway.execute(BULK, {"i": [{"displayName": str(number)} for number in range(20)]}, as_=token)


@pytest.mark.parametrize(
    ("claims", "waits"),
    [
        pytest.param({}, [0.25], id="the same app"),
        pytest.param({"object_id": "another"}, [0.25], id="another person with the same app"),
        pytest.param({"app_id": "another"}, [], id="another app"),
        pytest.param({"tenant_id": "another"}, [], id="another tenant"),
    ],
)
async def test_a_budget_is_of_an_app_in_a_tenant(claims: dict[str, str], waits: Sequence[float]) -> None:
    """Whoever the person is, as Graph counts; others are not held back."""
    async with budgeted() as (gateway, clock):
        await spent(gateway, gateway.token)
        other = gateway.graph_token(**claims)
        await gateway.execute(READ, as_=other)
        await gateway.execute(CREATE, as_=other)
        assert clock.sleeps == pytest.approx(waits)


async def test_apps_of_a_tenant_share_one_too() -> None:
    """Forty writes at once of all of them."""
    async with budgeted() as (gateway, clock):
        for app in ("a", "b"):
            await spent(gateway, gateway.graph_token(app_id=app))
        other = gateway.graph_token(app_id="c")
        await gateway.execute(READ, as_=other)
        await gateway.execute(CREATE, as_=other)
        assert clock.sleeps == pytest.approx([0.125])


async def test_a_token_uses_up_its_tenants_budget_only_once_graph_has_taken_it() -> None:
    """A forged one, whatever it claims, uses up its own."""
    async with budgeted() as (gateway, clock):
        forged = f"{gateway.token.rpartition('.')[0]}.AAAA"
        for _ in range(3):
            await gateway.execute(BULK, {"i": [{"displayName": str(number)} for number in range(20)]}, as_=forged)
        assert clock.sleeps == pytest.approx([5.0, 5.0])
        await gateway.execute(CREATE)
        assert len(clock.sleeps) == 2


async def test_each_try_counts() -> None:
    """Graph counts what it refuses too."""
    async with budgeted() as (gateway, clock):
        gateway.emulator.faults.add(FaultRule(fault=Refuse(429, "busy", retry_after_seconds=0), times=3))
        for _ in range(18):
            await gateway.execute(CREATE)
        assert [each for each in clock.sleeps if each] == pytest.approx([0.25])


async def test_one_caller_may_have_a_limit_of_its_own() -> None:
    """In calls to Graph; told like the others, with its own setting, and nobody else's."""
    environ = {"GATEWAY_GRAPH_BUDGETS": "false", "GATEWAY_CALLER_CALLS_PER_MINUTE": "10"}
    async with budgeted(environ) as (gateway, clock):
        assert [await gateway.execute(READ) for _ in range(3)] == [{"data": {"tenantTag": None}}] * 3
        assert clock.sleeps == pytest.approx([7.5])
        answer = await gateway.execute(READ, headers={"x-deadline-ms": "1000"})
        [error] = answer["errors"]
        assert error["message"] == (
            "Too many calls: Microsoft Graph may be sent no more than 10 in 60 seconds for one caller "
            "(GATEWAY_CALLER_CALLS_PER_MINUTE). Nothing was sent."
        )
        await gateway.execute(READ, as_=gateway.graph_token(object_id="another"))
        assert len(clock.sleeps) == 1


class Shared(Failing):
    """A store whose buckets are another replica's too; `down` makes it fail."""

    def __init__(self, *, down: bool) -> None:
        super().__init__(0)
        self.buckets = self
        self.down = down
        self.taken: list[tuple[list[str], int]] = []

    async def take(self, buckets: Sequence[Bucket], count: int, *, longest_seconds: float) -> Wait:
        assert longest_seconds > 0
        if self.down:
            raise StoreUnavailableError.silent()
        self.taken.append(([each.name for each in buckets], count))
        return NO_WAIT


async def test_replicas_share_their_budgets() -> None:
    """What is asked of the store says whose calls they are, and how many."""
    store = Shared(down=False)
    async with budgeted(store=store) as (gateway, _):
        await gateway.execute(READ)
        await gateway.execute(CREATE)
    [(names, count), (of_write, _)] = store.taken
    assert [each.partition(" of ")[0] for each in names] == ["calls", "calls"]
    assert names[0].startswith("calls of app ")
    assert [each.partition(" of ")[0] for each in of_write] == ["writes", "writes", "calls", "calls"]
    assert of_write[1].startswith("writes of tenant ")
    assert count == 1


async def test_without_the_store_each_replica_keeps_its_own(logs: list[str]) -> None:
    """Nothing stops, the limits still hold for each, and the store is asked again only after a while."""
    store = Shared(down=True)
    async with budgeted(store=store) as (gateway, clock):
        for _ in range(22):
            assert "errors" not in await gateway.execute(CREATE)
        assert clock.sleeps == pytest.approx([0.25] * 2)
        assert len([line for line in logs if "budgets are each replica's own" in line]) == 2  # in both formats
        store.down = False
        await gateway.execute(READ)
        assert store.taken == []
        clock.advance(10)
        await gateway.execute(READ)
        assert len(store.taken) == 1


@pytest.mark.parametrize(
    "fault",
    [Refuse(503, "busy"), Refuse(429, "busy", retry_after_seconds=900), HtmlBody(403), HtmlBody(500)],
    ids=["503", "429", "403 of a proxy", "500 of a proxy"],
)
async def test_only_graph_itself_makes_a_token_known(fault: Fault) -> None:
    """An answer that any token gets says nothing about this one: it goes on using up its own budget."""
    async with budgeted() as (gateway, clock):
        forged = f"{gateway.token.rpartition('.')[0]}.AAAA"
        gateway.emulator.faults.add(FaultRule(fault=fault, method="GET"))
        await gateway.execute(READ, as_=forged, headers={"x-deadline-ms": "10"})
        before = len(clock.sleeps)
        await gateway.execute(BULK, {"i": [{"displayName": str(number)} for number in range(20)]}, as_=forged)
        await gateway.execute(CREATE)
        assert clock.sleeps[before:] == []


async def test_a_token_that_graph_takes_no_more_is_unknown_again() -> None:
    """Revoked or expired, it speaks for nobody."""
    async with budgeted() as (gateway, clock):
        await spent(gateway, gateway.token)
        gateway.emulator.faults.add(FaultRule(fault=Refuse(401, "InvalidAuthenticationToken")))
        await gateway.execute(READ)
        await gateway.execute(CREATE)
        assert clock.sleeps == []


async def test_who_goes_while_waiting_owes_nothing() -> None:
    """What was taken is given back, and the next one waits no longer for it."""
    forever, waits = asyncio.Event(), list[float]()

    class Blocked(SteppingClock):
        async def sleep(self, seconds: float) -> None:
            del seconds
            await forever.wait()

    clock = Blocked()
    budgets = Budgets(
        of_graph=True,
        calls_per_minute=None,
        app_id=None,
        tenant_id=None,
        shared=None,
        clock=clock,
        observe=waits.append,
    )
    budget = budgets.of(Caller("a", "t", "o", "p", None, verified=True, digest=b"a"))
    deadline = Deadline.after(clock, 30)
    await budget.spend(20, is_write=True, deadline=deadline)
    for _ in range(2):
        waiting = asyncio.create_task(budget.spend(1, is_write=True, deadline=deadline))
        await asyncio.sleep(0.001)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert waits == pytest.approx([0.25, 0.25])


async def test_a_store_that_is_slow_is_done_without() -> None:
    """After a quarter of a second; then one call asks it first, and the others go on."""
    store = Slow()
    async with budgeted(store=store) as (gateway, clock):
        await gateway.execute(READ)
        await gateway.execute(READ)
        assert store.asked == 1
        clock.advance(10)
        await asyncio.gather(*(gateway.execute(READ) for _ in range(3)))
        assert store.asked == 2


class Slow(Failing):
    """Its buckets answer nothing."""

    def __init__(self) -> None:
        super().__init__(0)
        self.buckets = self
        self.asked = 0

    async def take(self, buckets: Sequence[Bucket], count: int, *, longest_seconds: float) -> Wait:
        del buckets, count, longest_seconds
        self.asked += 1
        await asyncio.Event().wait()
        return NO_WAIT
