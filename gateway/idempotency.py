"""Creates with an idempotency key: none is ever sent twice.

What is kept of a key is a `Record`, written before the request leaves: a hash of the input, the state, Graph's id of
the object; never a token, never an answer. The object is read again from Graph, with the token of whoever asks.

Way of a record: absent → `running` → `done`, or absent again if nothing was changed, or `unknown` if a request was sent
and no trustworthy answer came. A `running` one whose time is over was left by a process that ended, and is as good as
`unknown`: the object is looked for, and taken for the one that was sent if exactly one was not there before.
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Final, Literal, Self
from uuid import uuid4

import orjson

from gateway.auth.bearer import Caller
from gateway.clock import Clock, Deadline
from gateway.errors import (
    DeadlineExceededError,
    GatewayError,
    IdempotencyConflictError,
    OutcomeUnknownError,
    StoreUnavailableError,
)
from gateway.graph.bulk import Outcome, not_attempted
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer
from gateway.state.store import Store

log = logging.getLogger("gateway")

SPARE_SECONDS: Final = 5.0
"""After its deadline a create may still be noting its outcome, and the clocks of replicas differ a little."""

FIRST_WAIT_SECONDS: Final = 0.05
LONGEST_WAIT_SECONDS: Final = 1.0

MOST_BEFORE: Final = 100
"""Of equal objects that were there before a create; with more it is not found out which is new."""


@dataclass(slots=True)
class Claimant:
    """Whose keys those of an operation are. `header_key` is the one of the header `Idempotency-Key`."""

    caller: Caller
    header_key: str | None

    @property
    def is_proven(self) -> bool:
        """Whether the token was verified here; otherwise Graph must take it before anything kept is looked at."""
        return self.caller.verified


@dataclass(frozen=True, slots=True)
class Item:
    """One create with a key. `name` is its record's."""

    request: GraphRequest
    name: str
    input_hash: str

    @classmethod
    def of(cls, request: GraphRequest, partition: str, key: str) -> Self:
        assert request.body is not None, "a create has one"
        said = orjson.dumps([request.path, orjson.loads(request.body)], option=orjson.OPT_SORT_KEYS)
        name = f"idempotency:{partition}:{sha256(key.encode()).hexdigest()}"
        return cls(request, name, sha256(said).hexdigest())


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a key. `before`: ids of the equal objects that were there already, None if nobody can tell.

    `until`: seconds since 1970, when the process that wrote it has certainly come to an end with it. `owner` tells
    records of different tries apart.
    """

    input_hash: str
    state: Literal["running", "unknown", "done"]
    until: float
    before: tuple[str, ...] | None
    id: str | None = None
    owner: str = field(default_factory=lambda: uuid4().hex)

    def to_bytes(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        members = orjson.loads(content)
        before = members["before"]
        return cls(**{**members, "before": None if before is None else tuple(before)})


@dataclass(frozen=True, slots=True)
class Replayed:
    """The object was created before, with this key; `id` is Graph's."""

    id: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An item that is to be sent, as noted."""

    item: Item
    record: Record


Result = Answer | Replayed | GatewayError
"""What became of an item: Graph's own answer to it, the object of an earlier one, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """What a create with a key needs to have done, on behalf of its caller. Each raises `GatewayError`.

    `look`: ids of the objects that are in all sent values as this item; None if that cannot be told. It must raise if
    Graph does not take the caller's token. `to_id`: the id in Graph's answer to a create, if it is there.
    """

    look: Callable[[Item], Awaitable[frozenset[str] | None]]
    send: Callable[[Sequence[GraphRequest]], Awaitable[Sequence[Outcome]]]
    to_id: Callable[[Answer], str | None]


class Ledger:
    """Keeps the records of all keys. One for each process."""

    def __init__(self, store: Store, *, kept_seconds: float, clock: Clock) -> None:
        self._store = store
        self._kept_seconds = kept_seconds
        self._clock = clock

    async def create(
        self, items: Sequence[Item], errands: Errands, *, is_proven: bool, deadline: Deadline, stop: bool
    ) -> list[Result]:
        """What became of each item, in order. `stop`: what follows a failure is not sent.

        Raises nothing that is foreseen. To be seen through once it was begun: a caller that goes must not end it.
        """
        found = await asyncio.gather(*(self._begin(each, errands, is_proven, deadline) for each in items))
        if stop:
            found = await self._stopped(found)
        begun = [each for each in found if isinstance(each, Begun)]
        outcomes = await _sent(begun, errands)
        settled = iter(
            await asyncio.gather(*(self._settle(*each, errands) for each in zip(begun, outcomes, strict=True)))
        )
        return [next(settled) if isinstance(each, Begun) else each for each in found]

    async def _begin(
        self, item: Item, errands: Errands, is_proven: bool, deadline: Deadline
    ) -> Begun | Replayed | GatewayError:
        """The item, noted as running; or what its key says."""
        noting: Begun | None = None
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                seen = None if is_proven else await errands.look(item)
                record = await self._free_record(item, deadline)
                while record is None:
                    before = await errands.look(item) if is_proven else seen
                    until = self._clock.time() + deadline.remaining_seconds + SPARE_SECONDS
                    noting = Begun(item, Record(item.input_hash, "running", until, _listed(before)))
                    if await self._swap(noting, None, noting.record):
                        return noting
                    record = await self._free_record(item, deadline)
                if record.id is not None:
                    return Replayed(record.id)
                return await self._recover(Begun(item, record), errands)
        except TimeoutError:
            failure: GatewayError = DeadlineExceededError("The time for the operation was up; nothing was sent.")
        except GatewayError as error:
            failure = error
        if noting is not None:
            await self._free(noting)  # it may have been noted, and only the answer been lost
        return failure

    async def _free_record(self, item: Item, deadline: Deadline) -> Record | None:
        """The record of the item's key once nobody works on it any more; raises `GatewayError`."""
        wait_seconds = FIRST_WAIT_SECONDS
        while content := await self._store.get(item.name):
            record = Record.from_bytes(content)
            if record.input_hash != item.input_hash:
                raise IdempotencyConflictError(
                    "This idempotency key was used before, with other input.",
                    hint="Take a new key for each new object; repeat a create with the same key and the same input.",
                )
            if record.state != "running" or record.until <= self._clock.time():
                return record
            if deadline.remaining_seconds <= wait_seconds:
                raise DeadlineExceededError(
                    "The first create with this idempotency key is still running.",
                    hint="Send it again with the same key and input to learn what became of it.",
                )
            await self._clock.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
        return None

    async def _stopped(self, found: Sequence[Begun | Replayed | GatewayError]) -> list[Begun | Replayed | GatewayError]:
        """The same, with nothing to be sent after the first failure."""
        end = next((index for index, each in enumerate(found) if isinstance(each, GatewayError)), len(found))
        for each in found[end:]:
            if isinstance(each, Begun):
                await self._free(each)
        return [
            *found[:end],
            *(not_attempted() if isinstance(each, Begun) else each for each in found[end:]),
        ]

    async def _settle(self, begun: Begun, outcome: Outcome, errands: Errands) -> Result:
        """Notes the outcome. What is not known is looked for at once."""
        if isinstance(outcome, GatewayError) and not isinstance(outcome, OutcomeUnknownError):
            await self._free(begun)
            return outcome
        key = errands.to_id(outcome) if isinstance(outcome, Answer) else None
        if key is not None:
            with _tolerated("the outcome of a create was not kept"):
                await self._swap(begun, begun.record, replace(begun.record, state="done", id=key))
                await self._claim(begun.item, key)
            return outcome
        unknown = replace(begun.record, state="unknown")
        with _tolerated("the outcome of a create was not kept"):
            await self._swap(begun, begun.record, unknown)
        try:
            recovered = await self._recover(Begun(begun.item, unknown), errands)
        except GatewayError:
            return outcome
        return recovered

    async def _recover(self, begun: Begun, errands: Errands) -> Replayed:
        """The object that an earlier request with this key has made, if there is no doubt. Raises `GatewayError`."""
        before = begun.record.before
        there = None if before is None else await errands.look(begun.item)
        fresh = [] if there is None else list(there.difference(before or ()))
        if len(fresh) != 1 or not await self._claim(begun.item, fresh[0]):
            raise OutcomeUnknownError(
                "An earlier create with this idempotency key was sent to Microsoft Graph and no complete answer came; "
                "which object it made, if any, cannot be told for certain. It was not sent again.",
                hint="List the objects. If yours is not there, create it with a new key.",
            )
        with _tolerated("the outcome of a create was not kept"):
            await self._swap(begun, begun.record, replace(begun.record, state="done", id=fresh[0]))
        return Replayed(fresh[0])

    async def _claim(self, item: Item, key: str) -> bool:
        """Whether the object counts for this item: for none else, so that two lost creates are not taken for one."""
        of = sha256(f"{item.request.path}/{key}".encode()).hexdigest()
        return await self._store.swap(f"created:{of}", None, item.name.encode(), lifetime_seconds=self._kept_seconds)

    async def _free(self, begun: Begun) -> None:
        """Nothing was changed: the key may be used again."""
        with _tolerated("an idempotency key was not freed"):
            await self._swap(begun, begun.record, None)

    async def _swap(self, begun: Begun, old: Record | None, new: Record | None) -> bool:
        return await self._store.swap(
            begun.item.name,
            old.to_bytes() if old else None,
            new.to_bytes() if new else None,
            lifetime_seconds=self._kept_seconds,
        )


async def _sent(begun: Sequence[Begun], errands: Errands) -> Sequence[Outcome]:
    if not begun:
        return []
    try:
        return await errands.send([each.item.request for each in begun])
    except GatewayError as error:  # of the whole: nothing was sent
        return [error] * len(begun)


def _listed(ids: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if ids is None or len(ids) > MOST_BEFORE else tuple(sorted(ids))


@contextmanager
def _tolerated(what: str) -> Iterator[None]:
    """A record that cannot be changed now stays as it is, and its key is looked into when it comes again."""
    try:
        yield
    except StoreUnavailableError as failure:
        log.warning(what, extra={"fields": {"reason": type(failure.__cause__ or failure).__name__}})
