"""Small documents that want many calls: each is stopped by a limit that it names, before the flood."""

import asyncio

import httpx
import pytest

from gateway.emulator.app import Emulator
from tests.harness import ISSUER, InProcess, running
from tests.schema.test_joins import BATCH, add_connection, add_tenants, calls

MEMBERS = "{ tenants(first: 40) { nodes { cloudPcDevices { totalCount } managedTenantAlerts { totalCount } } } }"


def circle(turns: int) -> str:
    """Tenant → connections → tenant → … in a document of `3 * turns + 3` levels."""
    inner = "id"
    for _ in range(turns):
        inner = f"cloudPcConnections(first: 2) {{ nodes {{ tenant {{ {inner} }} }} }}"
    return f"{{ tenants(first: 2) {{ nodes {{ {inner} }} }} }}"


@pytest.mark.parametrize(
    ("environ", "wanted", "allowed"),
    [
        pytest.param({"GATEWAY_GRAPH_BATCH": "false"}, 81, 100, id="all of them"),
        pytest.param({"GATEWAY_GRAPH_BATCH": "false"}, 81, 81, id="exactly"),
        pytest.param({"GATEWAY_GRAPH_BATCH": "false"}, 81, 80, id="one too many"),
        pytest.param({}, 5, 5, id="exactly, in batches"),
        pytest.param({}, 5, 4, id="one batch too many"),
    ],
)
async def test_an_operation_that_wants_too_many_calls_is_stopped(
    environ: dict[str, str], wanted: int, allowed: int
) -> None:
    """At the level where they would be too many: nothing of that level is sent, what came before stays."""
    async with running({**environ, "GATEWAY_MAX_GRAPH_CALLS": str(allowed)}) as gateway:
        answer = await gateway.execute(MEMBERS)
        if wanted <= allowed:
            assert ("errors" in answer, len(gateway.calls)) == (False, wanted)
            return
        assert calls(gateway) == ["GET tenants"]
        assert {each["extensions"]["code"] for each in answer["errors"]} == {"OPERATION_LIMIT"}
        [message] = {each["message"] for each in answer["errors"]}
        assert message == (
            f"The operation wants {wanted} calls to Microsoft Graph, or more. Allowed: {allowed} "
            "(GATEWAY_MAX_GRAPH_CALLS)."
        )
        assert answer["data"]["tenants"]["nodes"] == [{"cloudPcDevices": None, "managedTenantAlerts": None}] * 40
        assert "errors" not in await gateway.execute("{ tenants { totalCount } }")


async def test_a_circle_within_the_depth_limit_works() -> None:
    """Twelve levels: back at the tenant, three times."""
    async with running() as gateway:
        add_tenants(gateway, 2)
        for number in range(4):
            add_connection(gateway, number, f"T-{number % 2}")
        answer = await gateway.execute(circle(3))
        assert "errors" not in answer
        nodes = answer["data"]["tenants"]["nodes"]
        for _ in range(3):
            nodes = [each["tenant"] for tenant in nodes for each in tenant["cloudPcConnections"]["nodes"]]
        assert nodes == [{"id": "T-0"}] * 8 + [{"id": "T-1"}] * 8
        # What is met again is not asked for again.
        assert calls(gateway) == ["GET tenants", BATCH, "GET tenants"]


async def test_a_circle_beyond_the_depth_limit_is_refused() -> None:
    """Before anything is sent."""
    async with running() as gateway:
        response = await gateway.post(circle(4))
        assert (response.status_code, response.json()) == (
            400,
            {
                "errors": [
                    {
                        "message": "The operation has depth: 15. Allowed: 12 (GATEWAY_MAX_DEPTH).",
                        "extensions": {"code": "OPERATION_LIMIT", "retryable": False},
                    }
                ]
            },
        )
        assert gateway.sent == []


class Gate(httpx.AsyncBaseTransport):
    """Lets calls through in threes, once three have come; counts how many are under way."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._barrier = asyncio.Barrier(3)
        self._now = 0
        self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/tenants"):
            return await self._inner.handle_async_request(request)
        self._now += 1
        self.most = max(self.most, self._now)
        await self._barrier.wait()
        response = await self._inner.handle_async_request(request)
        self._now -= 1
        return response


@pytest.mark.parametrize(
    ("batch", "tenants"), [pytest.param("false", 15, id="singly"), pytest.param("true", 60, id="in batches")]
)
async def test_only_so_many_calls_are_under_way_at_once(batch: str, tenants: int) -> None:
    """`GATEWAY_GRAPH_CONCURRENCY` of them, no fewer and no more, be they batches or single requests."""
    emulator = Emulator(issuer=ISSUER)
    gate = Gate(InProcess(emulator.graph))
    environ = {"GATEWAY_GRAPH_CONCURRENCY": "3", "GATEWAY_GRAPH_BATCH": batch}
    async with running(environ, emulator=emulator, wire=gate) as gateway:
        add_tenants(gateway, tenants)
        answer = await gateway.execute("{ tenants(first: 60) { nodes { cloudPcDevices { totalCount } } } }")
        assert "errors" not in answer
        assert (gate.most, len(gateway.calls)) == (3, 1 + (15 if batch == "false" else 3))
