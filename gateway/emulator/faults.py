"""Faults on demand: each wraps the work of one call and answers in its own way.

`DropAfter` does the work and then drops the connection, `Refuse` leaves it alone, `IgnoredOptions` does it for a
changed call, `ChangedMembers` changes what comes out. They are plain values; `fault_rules.py` decides when one applies,
`fault_json.py` reads them from JSON.
"""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from gateway.emulator.clock import Clock
from gateway.emulator.messages import Call, Json, RefusalError, Reply, to_bytes, to_refusal
from gateway.emulator.options import next_link, read_start

NEXT_LINK: Final = "@odata.nextLink"
HTML: Final = (
    b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head>"
    b"<body><h2>Our services aren't available right now.</h2></body></html>"
)
CLAIMS: Final = '{"access_token":{"nbf":{"essential":true,"value":"1796000000"}}}'


class ConnectionDroppedError(Exception):
    """The connection ends here. `server.py` cuts the socket; in process it reaches the caller."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a fault is given: the call, the work on a call, and the clock."""

    call: Call
    work: Callable[[Call], Awaitable[Reply]]
    clock: Clock

    async def done(self) -> Reply:
        """What the service answers to the call as it is."""
        return await self.work(self.call)


class Fault(Protocol):
    async def __call__(self, attempt: Attempt, /) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error in Graph's shape, and no work. `retry_after_date`: the header says when, not how long."""

    status: int
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after_seconds: int | None = None
    retry_after_date: bool = False

    async def __call__(self, attempt: Attempt, /) -> Reply:
        headers = dict(self.headers)
        if self.retry_after_seconds is not None:
            moment = formatdate(attempt.call.received_at + self.retry_after_seconds, usegmt=True)
            headers["retry-after"] = moment if self.retry_after_date else str(self.retry_after_seconds)
        return to_refusal(attempt.call, RefusalError(self.status, self.code, self.message, headers=headers))


@dataclass(frozen=True, slots=True)
class ClaimsChallenge:
    """Continuous access evaluation wants another token; with status 403 in its older form.

    https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """

    claims: str = CLAIMS
    status: int = 401

    async def __call__(self, attempt: Attempt, /) -> Reply:
        encoded = base64.b64encode(self.claims.encode()).decode()
        challenge = (
            'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
            f'client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{encoded}"'
        )
        code = "InvalidAuthenticationToken" if self.status == 401 else "insufficient_claims"
        message = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
        return await Refuse(self.status, code, message, {"www-authenticate": challenge})(attempt)


@dataclass(frozen=True, slots=True)
class Delay:
    """`after_work`: the work is done at once, and the answer held back."""

    seconds: float
    after_work: bool = False

    async def __call__(self, attempt: Attempt, /) -> Reply:
        reply = await attempt.done() if self.after_work else None
        await attempt.clock.sleep(self.seconds)
        return reply or await attempt.done()


@dataclass(frozen=True, slots=True)
class DropBefore:
    """The connection is dropped, and nothing was done."""

    async def __call__(self, _: Attempt, /) -> Reply:
        raise ConnectionDroppedError


@dataclass(frozen=True, slots=True)
class DropAfter:
    """The work is done, and the connection is dropped before a byte of the answer."""

    async def __call__(self, attempt: Attempt, /) -> Reply:
        await attempt.done()
        raise ConnectionDroppedError


@dataclass(frozen=True, slots=True)
class TruncatedBody:
    """Half of the body. `announced`: Content-Length tells the whole and the connection is cut; else HTTP is intact."""

    announced: bool = True

    async def __call__(self, attempt: Attempt, /) -> Reply:
        reply = await attempt.done()
        half = len(reply.content) // 2
        return replace(reply, cut_at=half) if self.announced else replace(reply, content=reply.content[:half])


@dataclass(frozen=True, slots=True)
class HtmlBody:
    """A page of something between client and Graph. `after_work`: Graph did what was asked."""

    status: int = 502
    after_work: bool = False

    async def __call__(self, attempt: Attempt, /) -> Reply:
        if self.after_work:
            await attempt.done()
        return Reply(self.status, {"content-type": "text/html; charset=utf-8"}, HTML)


@dataclass(frozen=True, slots=True)
class EmptyBody:
    """The work is done, its body missing. `status` None keeps the real one; `location` keeps that header."""

    status: int | None = None
    location: bool = True

    async def __call__(self, attempt: Attempt, /) -> Reply:
        reply = await attempt.done()
        dropped = {"content-type"} if self.location else {"content-type", "location"}
        headers = {name: value for name, value in reply.headers.items() if name not in dropped}
        return Reply(self.status or reply.status, headers)


@dataclass(frozen=True, slots=True)
class Redirect:
    location: str = "https://elsewhere.example/"
    status: int = 302

    async def __call__(self, _: Attempt, /) -> Reply:
        return Reply(self.status, {"location": self.location})


@dataclass(frozen=True, slots=True)
class HugeBody:
    """A valid answer with a member of the given size."""

    size_bytes: int = 10_000_000

    async def __call__(self, attempt: Attempt, /) -> Reply:
        return _changed(await attempt.done(), lambda content: {**content, "padding": "x" * self.size_bytes})


@dataclass(frozen=True, slots=True)
class StrayNextLink:
    """A next link that leads to another host or another path; made up if the page has none."""

    origin: str | None = "https://elsewhere.example"
    path: str | None = None

    async def __call__(self, attempt: Attempt, /) -> Reply:
        def stray(content: dict[str, Json]) -> dict[str, Json]:
            link = urlsplit(content.get(NEXT_LINK) or next_link(attempt.call, 0))
            origin = self.origin or f"{link.scheme}://{link.netloc}"
            return {**content, NEXT_LINK: f"{origin}{self.path or link.path}?{link.query}"}

        return _changed(await attempt.done(), stray)


@dataclass(frozen=True, slots=True)
class EmptyPage:
    """A page without rows whose link leads to the rows that it should have had."""

    async def __call__(self, attempt: Attempt, /) -> Reply:
        def emptied(content: dict[str, Json]) -> dict[str, Json]:
            return {**content, NEXT_LINK: next_link(attempt.call, read_start(attempt.call)), "value": []}

        return _changed(await attempt.done(), emptied)


@dataclass(frozen=True, slots=True)
class IgnoredOptions:
    """Query options that have no effect; without `$top` there are surplus rows."""

    names: tuple[str, ...] = ("$filter",)

    async def __call__(self, attempt: Attempt, /) -> Reply:
        kept = tuple((name, value) for name, value in attempt.call.query if name not in self.names)
        return await attempt.work(attempt.call.with_query(kept))


@dataclass(frozen=True, slots=True)
class ClampedTop:
    """No page is longer than this, whatever `$top` says."""

    most: int

    async def __call__(self, attempt: Attempt, /) -> Reply:
        options = dict.fromkeys(("$top",), str(self.most)) | dict(attempt.call.query)
        if options["$top"].isdecimal():
            options["$top"] = str(min(int(options["$top"]), self.most))
        return await attempt.work(attempt.call.with_query(tuple(options.items())))


@dataclass(frozen=True, slots=True)
class ChangedMembers:
    """Members that every entity of the answer gets: undeclared ones, other values, wrong types."""

    members: Mapping[str, Json]

    async def __call__(self, attempt: Attempt, /) -> Reply:
        return _changed_entities(await attempt.done(), lambda entity: {**entity, **self.members})


@dataclass(frozen=True, slots=True)
class OmittedMembers:
    """Members that no entity of the answer has."""

    names: tuple[str, ...]

    async def __call__(self, attempt: Attempt, /) -> Reply:
        return _changed_entities(
            await attempt.done(), lambda entity: {name: entity[name] for name in entity if name not in self.names}
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """Several faults at once, the first outermost."""

    faults: tuple[Fault, ...]

    async def __call__(self, attempt: Attempt, /) -> Reply:
        if not self.faults:
            return await attempt.done()
        first, rest = self.faults[0], Stack(self.faults[1:])
        return await first(replace(attempt, work=lambda call: rest(replace(attempt, call=call))))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """When a fault applies: to calls of the method whose path has the regular expression somewhere in it.

    The first `skip` of them are spared, then `times` of them meet it; None is without end.
    """

    fault: Fault
    method: str | None = None
    path: str | None = None
    skip: int = 0
    times: int | None = 1

    def is_about(self, call: Call) -> bool:
        return self.method in {None, call.method} and re.search(self.path or "", call.path) is not None

    def decides(self, number: int) -> bool:
        """Whether it is met by the call of that number, of those that it is about; the first one is 0."""
        return number >= self.skip and (self.times is None or number < self.skip + self.times)


def _changed(reply: Reply, change: Callable[[dict[str, Json]], Any]) -> Reply:
    """The reply with other JSON; refusals and what is no JSON stay as they are."""
    if reply.status >= 400 or not reply.headers.get("content-type", "").startswith("application/json"):
        return reply
    return replace(reply, content=to_bytes(change(json.loads(reply.content))))


def _changed_entities(reply: Reply, change: Callable[[dict[str, Json]], Json]) -> Reply:
    def each(content: dict[str, Json]) -> dict[str, Json]:
        if "value" in content:
            return {**content, "value": [change(entity) for entity in content["value"]]}
        return dict(change(content))

    return _changed(reply, each)
