"""A gateway as a tutorial has it: Strawberry's ASGI view, resolvers that call httpx, everything at its defaults.

It runs on uvicorn, which finds uvloop and httptools installed and uses them.
"""

import os
from dataclasses import dataclass
from typing import Any

import httpx
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from benchmarks.contenders.strawberry_types import ROOT, Context, Mutation, Query

client = httpx.AsyncClient(base_url=os.environ["GRAPH_URL"])


@dataclass
class HttpxContext:
    authorization: str

    async def ask_graph(self, method: str, path: str, body: Any = None) -> Any:
        response = await client.request(method, ROOT + path, headers={"Authorization": self.authorization}, json=body)
        response.raise_for_status()
        return response.json()


class View(GraphQL[Context, None]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002 - Strawberry's
        return HttpxContext(request.headers["authorization"])


app = Starlette(routes=[Route("/graphql", View(strawberry.Schema(Query, Mutation)))])

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]))
