"""The hop to Graph over real sockets, alone and with the whole gateway before it."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from gateway.app import create_app
from gateway.emulator.tokens import TokenIssuer
from gateway.graph.aiohttp_transport import AiohttpTransport
from gateway.graph.httpx_transport import HttpxTransport, build_client
from gateway.graph.transport import Answer, Transport, TransportError
from gateway.settings import Settings
from tests.clock import SteppingClock
from tests.system.sockets import Peer, Talk

MOST = 1_000_000
TOKEN = TokenIssuer().issue(audience="https://graph.microsoft.com", scopes=["ManagedTenants.ReadWrite.All"])
CREATE = 'mutation { createTenantTag(input: { displayName: "New" }) { id } }'
HEAD = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"


class Opener(Protocol):
    """Opens a transport over one of the libraries."""

    def __call__(
        self, ca_file: Path | None = None, *, connections: int = 2
    ) -> AbstractAsyncContextManager[Transport]: ...


def over_aiohttp(ca_file: Path | None = None, *, connections: int = 2) -> AbstractAsyncContextManager[Transport]:
    return AiohttpTransport(ca_file=ca_file, connections=connections, max_answer_bytes=MOST)


@asynccontextmanager
async def over_httpx(ca_file: Path | None = None, *, connections: int = 2) -> AsyncIterator[Transport]:
    async with build_client(ca_file=ca_file, connections=connections) as client:
        yield HttpxTransport(client, max_answer_bytes=MOST)


async def post(hop: Transport, url: str, body: bytes = b"{}", seconds: float = 5) -> Answer:
    return await hop("POST", url, {"content-type": "application/json"}, body, seconds)


async def failure(opener: Opener, url: str, *, seconds: float = 5, ca_file: Path | None = None) -> TransportError:
    async with opener(ca_file) as hop:
        with pytest.raises(TransportError) as raised:
            await post(hop, url, seconds=seconds)
    return raised.value


async def created(url: str, **settings: str) -> str | None:
    """The error code of a create that the whole gateway sends to the URL."""
    environ: Mapping[str, str] = {"GATEWAY_GRAPH_URL": url, "GATEWAY_MAX_ANSWER_BYTES": str(MOST), **settings}
    app = create_app(Settings.from_environ(environ), clock=SteppingClock(time=time.time()))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with (
        app.starlette.router.lifespan_context(app.starlette),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as caller,
    ):
        answer = (await caller.post("/graphql", json={"query": CREATE}, headers=headers)).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


def says(*pieces: bytes) -> Talk:
    """Takes the request, sends the pieces, and closes."""

    async def talk(peer: Peer) -> None:
        await peer.receive()
        for piece in pieces:
            await peer.send(piece)

    return talk


async def silent(peer: Peer) -> None:
    await peer.receive()
    await peer.until_closed()
