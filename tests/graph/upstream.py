"""Graph as a function in the transport's place: it answers `$batch` item by item, and other calls as they are."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry

from gateway.clock import Deadline
from gateway.graph.client import Errand, GraphClient
from gateway.graph.gather import Batching, Calls
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer
from gateway.telemetry import Operation, Telemetry
from tests.clock import SteppingClock

BASE = "https://graph.microsoft.com/v1.0"
PATH = "/tenantRelationships/managedTenants/tenantTags"

Reply = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]
"""Status, body, headers."""


def read(key: object) -> GraphRequest:
    return GraphRequest("GET", f"{PATH}/{key}", "ManagedTenants.Read.All")


def create(name: object) -> GraphRequest:
    body = json.dumps({"displayName": str(name)}).encode()
    return GraphRequest("POST", PATH, "ManagedTenants.ReadWrite.All", body=body)


class Upstream:
    """`reply` answers one request by what it is about: the last segment of a read, the name in a create.

    `outer` answers whole batches, in order, before `reply` is asked; None lets it through. `calls` are the HTTP calls:
    for a batch, what its items are about.
    """

    def __init__(self, reply: Callable[[str], Reply | None], *outer: Reply | Exception | None) -> None:
        self._reply = reply
        self._outer = list(outer)
        self.calls: list[Any] = []
        self.bodies: list[Any] = []

    async def __call__(
        self,
        method: str,  # noqa: ARG002 - a `Transport` has these arguments
        url: str,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes | None,
        timeout_seconds: float,  # noqa: ARG002
    ) -> Answer:
        content: Any = json.loads(body) if body else None
        self.bodies.append(content)
        if not url.endswith("/$batch"):
            about = _about(url, content)
            self.calls.append(about)
            return _to_answer(self._reply(about) or (500, None))
        items = content["requests"]
        self.calls.append([_about(item["url"], item.get("body")) for item in items])
        told = self._outer.pop(0) if self._outer else None
        if isinstance(told, Exception):
            raise told
        return _to_answer(told if told is not None else (200, {"responses": self._respond(items)}))

    def _respond(self, items: list[Any]) -> list[Any]:
        """In the opposite order, without the items whose reply is None; what depends on a failure fails."""
        responses: dict[str, Any] = {}
        for item in items:
            failed = [responses[each]["status"] >= 400 for each in item.get("dependsOn", []) if each in responses]
            reply = (424, {"error": {"code": "FailedDependency"}}) if any(failed) else self._reply(_item_about(item))
            if reply is not None:
                told = dict(zip(("status", "body", "headers"), reply, strict=False))
                responses[item["id"]] = {"id": item["id"], **told}
        return list(reversed(responses.values()))


def _item_about(item: Any) -> str:
    return _about(item["url"], item.get("body"))


def _about(url: str, content: Any) -> str:
    return str(content["displayName"]) if content else url.rpartition("/")[2]


def _to_answer(reply: Reply) -> Answer:
    status, body, *headers = reply
    return Answer(status, headers[0] if headers else {}, b"" if body is None else json.dumps(body).encode())


class Station:
    """A client before an upstream, and the errand of one operation."""

    def __init__(self, upstream: Upstream, *, seconds: float = 30, most: int = 100, batches: bool = True) -> None:
        self.clock = SteppingClock()
        self.upstream = upstream
        telemetry = Telemetry(self.clock, CollectorRegistry())
        self.client = GraphClient(upstream, base_url=BASE, clock=self.clock, telemetry=telemetry)
        self.errand = Errand(_token, Deadline.after(self.clock, seconds), Operation(request_id="r-1"))
        self.calls = Calls(most=most, concurrency=10)
        self.batching = Batching(batches)


async def _token(_: str | None) -> str:
    return "t-1"
