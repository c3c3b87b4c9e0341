"""The floor in Python: bare ASGI in front of the gateway's own HTTP client, with its log line and ids, without GraphQL.

It reads the operation's name, makes that job's one call to Graph, and passes the answer on as it is.
"""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import uvicorn

from benchmarks.jobs import JOBS
from gateway.graph.aiohttp_transport import AiohttpTransport
from gateway.graph.request import HEADERS
from gateway.ids import new_id
from gateway.logs import configure_logging

log = logging.getLogger("gateway")

GRAPH_URL = os.environ["GRAPH_URL"]
CA_FILE = Path(os.environ["CA_FILE"]) if "CA_FILE" in os.environ else None
CALLS = {job.operation_name: job.call for job in JOBS.values() if job.call}
BODIES = {name: orjson.dumps(call.body) for name, call in CALLS.items() if call.body}

transport = AiohttpTransport(ca_file=CA_FILE, connections=64, max_answer_bytes=8_000_000)


async def live(receive: Any, send: Any) -> None:
    await receive()
    async with transport:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    started, request_id, body, more = time.monotonic(), new_id(), b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    name = orjson.loads(body)["operationName"]
    call = CALLS[name]
    headers = {
        "authorization": dict(scope["headers"])[b"authorization"].decode(),
        "client-request-id": new_id(),
        **HEADERS,
    }
    if call.body:
        headers["content-type"] = "application/json"
    answer = await transport(call.method, GRAPH_URL + call.target, headers, BODIES.get(name), 30)
    answer_headers = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": answer_headers})
    await send({"type": "http.response.body", "body": answer.body})
    fields = {
        "request_id": request_id,
        "operation": name,
        "kind": "none",
        "code": "OK",
        "duration_ms": round((time.monotonic() - started) * 1000, 1),
        "graph_calls": 1,
        "graph_request_ids": [answer.headers["request-id"]],
    }
    log.info("operation", extra={"fields": fields})


if __name__ == "__main__":
    configure_logging(style="json", level="info", stream=sys.stderr)
    uvicorn.run(app, port=int(os.environ["PORT"]), access_log=False, log_config=None, lifespan="on")
