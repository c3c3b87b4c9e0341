"""`/health/live` and `/health/ready`: facts about this process only.

An outage of Graph must not take the gateway out of service: it would lose the errors that say so.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Send


class Health:
    """Whether this process takes requests, and the writes that must end before it may go."""

    def __init__(self) -> None:
        self._is_ready, self._is_leaving = False, False
        self._writes: set[asyncio.Task[Any]] = set()
        self.routes: list[BaseRoute] = [
            Route("/health/live", self._live),
            Route("/health/ready", self._ready),
        ]

    def hold(self, write: asyncio.Task[Any]) -> None:
        """Keeps a write that was sent from being forgotten before its outcome is known."""
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    def start(self) -> None:
        self._is_ready = True

    def leave(self) -> None:
        """From now on this process takes what still comes, and asks to be sent nothing more."""
        self._is_ready, self._is_leaving = False, True

    def parting(self, send: Send) -> Send:
        """The same, but once this process is leaving, each response ends its connection: proxies keep theirs."""

        async def sending(message: Message) -> None:
            if self._is_leaving and message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        return sending

    async def drain(self) -> None:
        """Stops being ready and waits for the writes; each ends by its deadline."""
        self._is_ready = False
        if self._writes:
            await asyncio.wait(self._writes)

    async def _live(self, _: Request) -> JSONResponse:
        return JSONResponse({"status": "live"})

    async def _ready(self, _: Request) -> JSONResponse:
        if self._is_ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "draining"}, status_code=503, headers={"retry-after": "1"})
