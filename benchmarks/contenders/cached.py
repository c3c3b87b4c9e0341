"""The same schema as a careful team would serve it with public libraries: nothing is parsed or validated twice.

Strawberry's caches, orjson in and out, aiohttp with one session, no access log, and a garbage collector that neither
looks at what stays nor looks too often.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from benchmarks.contenders.strawberry_types import ROOT, Context, Mutation, Query


@dataclass(frozen=True, slots=True)
class AiohttpContext:
    session: aiohttp.ClientSession
    authorization: str

    async def ask_graph(self, method: str, path: str, body: Any = None) -> Any:
        headers, content = {"authorization": self.authorization}, None
        if body is not None:
            headers["content-type"] = "application/json"
            content = orjson.dumps(body)
        async with self.session.request(method, ROOT + path, headers=headers, data=content) as response:
            response.raise_for_status()
            return orjson.loads(await response.read())


class View(GraphQL[Context, None]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002 - Strawberry's
        return AiohttpContext(request.state.session, request.headers["authorization"])

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


@asynccontextmanager
async def live(_: Starlette) -> AsyncIterator[dict[str, aiohttp.ClientSession]]:
    async with aiohttp.ClientSession(
        os.environ["GRAPH_URL"],
        connector=aiohttp.TCPConnector(limit=64),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        yield {"session": session}


schema = strawberry.Schema(Query, Mutation, extensions=[ParserCache, ValidationCache])
app = Starlette(routes=[Route("/graphql", View(schema))], lifespan=live)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), loop="uvloop", http="httptools", access_log=False)
