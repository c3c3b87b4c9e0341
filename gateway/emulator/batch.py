"""`$batch`: up to 20 calls in one request, each answered by itself, in no order that a client may rely on.

https://learn.microsoft.com/graph/json-batching; what that page leaves open is as in OData's own batches:
https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_BatchRequestsandResponses
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from gateway.emulator.access import authenticate
from gateway.emulator.bodies import UNREADABLE, is_json, read_object
from gateway.emulator.faults import ConnectionDroppedError
from gateway.emulator.messages import (
    Call,
    Json,
    RefusalError,
    Reply,
    bad_request,
    from_bytes,
    no_method,
    to_bytes,
    to_json_reply,
    to_refusal,
)
from gateway.emulator.paths import VERSIONS
from gateway.emulator.tokens import TokenIssuer

MOST_ITEMS: Final = 20
REQUIRED: Final = ("id", "method", "url")
MEMBERS: Final = (*REQUIRED, "headers", "body", "dependsOn")
WITH_BODY: Final = ("POST", "PATCH", "PUT")

INHERITED: Final = ("authorization", "client-request-id")
"""Headers that an item takes from the batch if it has none of its own."""

NOT_REPEATED: Final = {"strict-transport-security", "request-id", "client-request-id", "x-ms-ags-diagnostic"}
"""Headers that the answer has once, for all its items."""


@dataclass(frozen=True, slots=True)
class Item:
    """One call of a batch. `after` is the id of the item that must have succeeded, in lower case."""

    id: str
    call: Call
    after: str | None

    @property
    def key(self) -> str:
        """What other items know it by: ids have no case."""
        return self.id.lower()


def is_batch(call: Call) -> bool:
    return call.segments in ([version, "$batch"] for version in VERSIONS)


class Batches:
    """`issuer` knows the token that the batch must have, whatever its items need besides."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer

    async def answer(self, call: Call, run: Callable[[Call, str], Awaitable[Reply]]) -> Reply:
        """One refusal for the whole, or 200 and an answer to each item. `run` carries out an item, given its id.

        Items that depend on each other run in turn, all others at once. One whose predecessor failed is not run.
        """
        try:
            if call.method != "POST":
                raise no_method(["POST"])
            authenticate(call, self._issuer)
            items = _read_items(call)
            waves = _to_waves(items)
        except RefusalError as refusal:
            return to_refusal(call, refusal)
        replies: dict[str, Reply] = {}

        async def settle(item: Item) -> None:
            failed = item.after is not None and replies[item.after].status >= 400
            replies[item.key] = _failed_dependency(item.call) if failed else await run(item.call, item.id)

        for wave in waves:
            await asyncio.gather(*map(settle, wave))
        answers = [_to_answer(item, replies[item.key]) for item in items]
        # None stands where its request stood.
        return to_json_reply(call, 200, {"responses": answers[1:] + answers[:1]})


async def undropped(call: Call, answer: Awaitable[Reply]) -> Reply:
    """Between Graph and an item's service a lost connection is a 504; the client's own connection stands."""
    try:
        reply = await answer
        if reply.cut_at is None:
            return reply
    except ConnectionDroppedError:
        pass
    return to_refusal(call, RefusalError(504, "GatewayTimeout", "The service behind Microsoft Graph did not answer."))


def _read_items(batch: Call) -> list[Item]:
    if not is_json(batch):
        raise bad_request(UNREADABLE)
    requests = read_object(batch).get("requests")
    if not isinstance(requests, list) or not requests:
        raise bad_request("Invalid batch payload format: 'requests' must be a JSON array with something in it.")
    if len(requests) > MOST_ITEMS:
        message = f"Number of batch request steps exceeds the maximum value of {MOST_ITEMS}."
        raise RefusalError(400, "MaximumValueExceeded", message)
    items = [_read_item(batch, each) for each in requests]
    if len({item.key for item in items}) < len(items):
        raise bad_request("Invalid batch payload format: each id must be unique, without regard to case.")
    return items


def _read_item(batch: Call, content: Json) -> Item:
    """Stricter than Graph in one point: a member that does not exist is refused, not ignored."""
    if not isinstance(content, dict) or not set(MEMBERS).issuperset(content):
        raise bad_request(f"Invalid batch payload format: a request is a JSON object of {', '.join(MEMBERS)}.")
    for name in REQUIRED:
        if not isinstance(content.get(name), str) or not content[name]:
            raise bad_request(f"Invalid batch payload format: each request needs a text as '{name}'.")
    headers = content.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise bad_request(f"Invalid batch payload format: headers of request '{content['id']}' are no object of texts.")
    after = content.get("dependsOn", [])
    if not isinstance(after, list) or not all(isinstance(each, str) for each in after) or len(after) > 1:
        raise bad_request(f"Request '{content['id']}' can only depend on a single other request: dependsOn lists ids.")
    return Item(content["id"], _to_call(batch, content, headers), after[0].lower() if after else None)


def _to_call(batch: Call, content: dict[str, Json], headers: dict[str, str]) -> Call:
    path, _, query = content["url"].partition("?")
    if path.startswith("//") or ":" in path.partition("/")[0]:
        raise bad_request(f"The url of request '{content['id']}' must be relative to the version.")
    inherited = {name: batch.headers[name] for name in INHERITED if name in batch.headers}
    call = replace(
        batch,
        method=content["method"].upper(),
        path=f"/{batch.segments[0]}/{path.removeprefix('/')}",
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=inherited | {name.lower(): value for name, value in headers.items()},
        content=to_bytes(content["body"]) if "body" in content else b"",
    )
    if is_batch(call):
        raise bad_request("A batch cannot be part of a batch.")
    if call.method in WITH_BODY and not (call.content and "content-type" in call.headers):
        raise bad_request(f"Write request id : {content['id']} does not contain Content-Type header or body.")
    if call.method not in WITH_BODY and call.content:
        raise bad_request(f"Request '{content['id']}' has a body, which {call.method} cannot have.")
    return call


def _to_waves(items: list[Item]) -> list[list[Item]]:
    """Items that run at once, one list after the other; refuses any pattern but the three that Graph knows.

    No dependencies; each item on the one before it; or all that have one on the same item.
    """
    if [item.after for item in items] == [None, *(item.key for item in items[:-1])]:
        return [[item] for item in items]
    first = [item for item in items if item.after is None]
    then = [item for item in items if item.after is not None]
    named = {item.after for item in then}
    if len(named) > 1 or not named.issubset(item.key for item in first):
        raise bad_request("Requests must all be independent, or each depend on the one before, or all on the same one.")
    return [first, then]


def _failed_dependency(call: Call) -> Reply:
    return to_refusal(call, RefusalError(424, "FailedDependency", "A request that this one depends on has failed."))


def _to_answer(item: Item, reply: Reply) -> dict[str, Json]:
    headers = {name.title(): value for name, value in reply.headers.items() if name not in NOT_REPEATED}
    body = {"body": _to_body(reply)} if reply.content else {}
    return {"id": item.id, "status": reply.status, "headers": headers, **body}


def _to_body(reply: Reply) -> Json:
    """JSON as JSON; text, and what was to be JSON but is broken, as a string."""
    try:
        if reply.headers["content-type"].startswith("application/json"):
            return from_bytes(reply.content)
    except ValueError:
        pass
    return reply.content.decode(errors="replace")
