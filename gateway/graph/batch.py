"""Many requests ↔ one `$batch` call.

The outer answer says nothing about the items: each has a status and headers of its own, in any order.
https://learn.microsoft.com/graph/json-batching
"""

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import orjson

from gateway.graph.answer import BrokenAnswerError, to_object
from gateway.graph.request import HEADERS, JSON, GraphRequest, Json
from gateway.graph.transport import Answer

BATCH_PATH: Final = "/$batch"
MAX_ITEMS: Final = 20

NOT_OFFERED: Final = frozenset({404, 405, 501})
"""Statuses of the outer answer that say: there is no `$batch` here. Nothing was done."""

FAILED_DEPENDENCY: Final = 424
"""Status of an item that was not tried because the one before it failed."""


def to_batch(requests: Sequence[GraphRequest], *, in_order: bool = False) -> GraphRequest:
    """The call for up to 20 requests; in order, each is tried only once the one before it has succeeded."""
    items = [_to_item(str(number), request) for number, request in enumerate(requests)]
    if in_order:
        for before, item in pairwise(items):
            item["dependsOn"] = [before["id"]]
    permissions = {request.permission for request in requests}
    return GraphRequest(
        "POST",
        BATCH_PATH,
        permissions.pop() if len(permissions) == 1 else None,
        body=orjson.dumps({"requests": items}),
        only_reads=not any(request.is_write for request in requests),
        count=len(requests),
    )


def from_batch(answer: Answer, count: int) -> list[Answer | None]:
    """The items' answers in the order of the requests; None for one that is missing, broken or told twice."""
    try:
        responses = to_object(answer).get("responses")
    except BrokenAnswerError:
        responses = None
    items = responses if isinstance(responses, list) else []
    told = [pair for item in items for pair in _from_item(item)]
    times = Counter(number for number, _ in told)
    # Of two answers nobody can tell which one is true, and what looks refused would be sent again.
    found = {number: each for number, each in told if times[number] == 1}
    return [found.get(str(number)) for number in range(count)]


def _to_item(number: str, request: GraphRequest) -> dict[str, Json]:
    headers = {**HEADERS}
    item: dict[str, Json] = {"id": number, "method": request.method, "url": request.target, "headers": headers}
    if request.body is not None:
        headers["content-type"] = JSON
        item["body"] = orjson.Fragment(request.body)
    return item


def _from_item(item: Json) -> Iterator[tuple[str, Answer]]:
    """The item's id and its answer, if it has both."""
    members: Mapping[str, Json] = item if isinstance(item, dict) else {}
    number, status, headers = members.get("id"), members.get("status"), members.get("headers")
    if isinstance(number, str) and isinstance(status, int):
        told = headers if isinstance(headers, dict) else {}
        lower = {name.lower(): value for name, value in told.items() if isinstance(value, str)}
        yield number, Answer(status, lower, _to_bytes(members.get("body")))


def _to_bytes(body: Json) -> bytes:
    """A body that is no JSON comes as a base64 string; nothing at all is an empty body."""
    if body is None:
        return b""
    if isinstance(body, str):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            return body.encode()
    return orjson.dumps(body)
