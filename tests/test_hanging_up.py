"""A caller who hangs up before the answer: reads end, a write that was sent goes on."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.harness import Harness, running
from tests.wire import Answering

READ = '{ tenantTag(id: "A") { id } }'
CREATE = 'mutation { createTenantTag(input: { displayName: "New" }) { id } }'


class Graph:
    """Answers once it is told to; knows whether it was waited for to the end."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.given_up = False

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.arrived.set()
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        return httpx.Response(201, json={"id": "A"})


async def hang_up(gateway: Harness, document: str, graph: Graph, *, method: str = "POST") -> list[Any]:
    """Calls the application as its server does, and goes when Graph has the request: what was sent until then."""
    body = json.dumps({"query": document}).encode() if method == "POST" else b""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"" if body else urlencode({"query": document}).encode(),
        "headers": [
            (b"host", b"gateway.test"),
            (b"authorization", f"Bearer {gateway.token}".encode()),
            (b"content-type", b"application/json"),
        ],
    }
    messages, sent = iter([{"type": "http.request", "body": body}]), []

    async def receive() -> Any:
        for message in messages:
            return message
        await graph.arrived.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await gateway.app(scope, receive, send)
    return sent


def lines(logs: list[str], message: str) -> list[Any]:
    return [json.loads(line) for line in logs if line.startswith("{") and f'"message":"{message}"' in line]


async def test_a_read_ends_with_its_caller(logs: list[str]) -> None:
    """Nothing is sent to nobody, Graph is no longer waited for, and the log says so."""
    for method in ("GET", "POST"):
        graph = Graph()
        async with running(wire=Answering(graph)) as gateway:
            assert await hang_up(gateway, READ, graph, method=method) == []
            await asyncio.sleep(0)
            assert graph.given_up
    assert [line["code"] for line in lines(logs, "operation")] == ["CANCELLED", "CANCELLED"]


async def test_a_create_goes_on_without_its_caller(logs: list[str]) -> None:
    """Its outcome is awaited, and has a line of its own."""
    graph = Graph()
    async with running(wire=Answering(graph)) as gateway:
        assert await hang_up(gateway, CREATE, graph) == []
        assert [line["code"] for line in lines(logs, "operation")] == ["CANCELLED"]
        graph.may_answer.set()
    assert not graph.given_up
    [line] = lines(logs, "a write ended after its caller had gone")
    assert (line["method"], line["collection"], line["code"]) == (
        "POST",
        "/tenantRelationships/managedTenants/tenantTags",
        "OK",
    )


async def test_a_create_with_a_key_is_noted_without_its_caller(tmp_path: Path) -> None:
    """Whoever comes back with the key finds the object."""
    graph = Graph()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return await graph(request)
        return httpx.Response(200, json={"id": "A"} if request.url.path.endswith("/A") else {"value": []})

    document = CREATE.replace("})", '}, idempotencyKey: "k")')
    async with running({"GATEWAY_STORE_URL": f"sqlite:///{tmp_path}/store.db"}, wire=Answering(answer)) as gateway:
        assert await hang_up(gateway, document, graph) == []
        graph.may_answer.set()
        again = await gateway.execute(document)
    assert again == {"data": {"createTenantTag": {"id": "A"}}, "extensions": {"replayed": ["createTenantTag"]}}
