"""The emulated Graph as an ASGI application: HTTP → `Call`, faults around the work, `Reply` → HTTP, and the journal."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Final
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from gateway.emulator.batch import Batches, is_batch, undropped
from gateway.emulator.clock import Clock
from gateway.emulator.fault_rules import FaultRules
from gateway.emulator.faults import ConnectionDroppedError
from gateway.emulator.journal import Journal
from gateway.emulator.messages import Call, Reply

BODILESS: Final = frozenset({204, 304})
"""Statuses whose answers have no body (RFC 9110 section 6.4.1)."""

GZIP_FROM_BYTES: Final = 500


class Graph:
    """`answer` is the service. Raises `ConnectionDroppedError` where a connection is to be dropped."""

    def __init__(
        self,
        answer: Callable[[Call], Reply],
        faults: FaultRules,
        journal: Journal,
        clock: Clock,
        *,
        batches: Batches | None = None,
    ) -> None:
        self._answer = answer
        self._batches = batches
        self._faults = faults
        self._journal = journal
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await self._read(Request(scope, receive))
        except ClientDisconnect:
            return
        reply = await self._work(call)
        if reply.content and "gzip" in call.headers.get("accept-encoding", ""):
            reply = _compressed(reply)
        await self._send(reply, send)

    async def _read(self, request: Request) -> Call:
        """A plus sign in the query stands for a space, as on the real service."""
        return Call(
            method=request.method,
            origin=f"{request.url.scheme}://{request.url.netloc}",
            path=request.scope["raw_path"].decode("ascii"),
            query=tuple(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=dict(request.headers),
            content=await request.body(),
            request_id=str(uuid4()),
            received_at=self._clock.time(),
        )

    async def _work(self, call: Call, item: str | None = None) -> Reply:
        """`item` is the call's id in the batch that it is part of: each item is journalled and meets faults itself."""
        number = self._journal.open(call, item=item)
        status, work_done = None, False

        async def work(call: Call) -> Reply:
            nonlocal work_done
            if self._batches and is_batch(call):
                reply = await self._batches.answer(call, self._work)
            else:
                reply = self._answer(call)
            work_done = reply.status < 400
            return reply

        answer = self._faults.answer(call, work)
        try:
            reply = await (answer if item is None else undropped(call, answer))
            status = reply.status
        finally:
            self._journal.settle(number, status=status, work_done=work_done)
        return reply

    async def _send(self, reply: Reply, send: Send) -> None:
        headers = {"date": formatdate(self._clock.time(), usegmt=True), **reply.headers}
        if reply.status in BODILESS:
            reply = replace(reply, content=b"", cut_at=None)
        else:
            headers["content-length"] = str(len(reply.content))
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        if reply.cut_at is not None:
            await send({"type": "http.response.body", "body": reply.content[: reply.cut_at], "more_body": True})
            raise ConnectionDroppedError
        await send({"type": "http.response.body", "body": reply.content})


def _compressed(reply: Reply) -> Reply:
    headers = {**reply.headers, "vary": "Accept-Encoding"}
    if len(reply.content) < GZIP_FROM_BYTES or reply.cut_at is not None:
        return replace(reply, headers=headers)
    return replace(
        reply, headers=headers | {"content-encoding": "gzip"}, content=gzip.compress(reply.content, 1, mtime=0)
    )
