"""The state machine behind idempotency keys, driven at random against a model of what may and may not happen.

Graph and time are made up here; ledger and store are real. Each rule is something that happens to creates with a key:
Graph makes the object, refuses, loses answers; the process is killed; somebody else makes an equal object; time passes.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.clock import Deadline
from gateway.errors import ConflictError, GatewayError, OutcomeUnknownError
from gateway.graph.bulk import Outcome
from gateway.graph.request import GraphRequest
from gateway.graph.transport import Answer
from gateway.idempotency import SPARE_SECONDS, Errands, Item, Ledger, Replayed, Result
from gateway.state.sqlite import SqliteStore
from tests.clock import SteppingClock

KEYS = st.sampled_from(["a", "b"])
INPUTS = st.sampled_from(["x", "y"])
DEADLINE_SECONDS = 30.0
KEPT_SECONDS = 3600.0 * 24


class KilledError(BaseException):
    """The process ends here."""


@dataclass
class Graph:
    """Has objects, each with the input that it was made of. `fate` is what the next create meets."""

    objects: dict[str, str] = field(default_factory=dict)
    made_by: dict[str, str] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    fate: str = "made"
    key: str = ""

    def add(self, value: str, by: str) -> str:
        name = f"object-{len(self.made_by)}"
        self.objects[name], self.made_by[name] = value, by
        return name

    async def look(self, item: Item) -> frozenset[str]:
        return frozenset(name for name, value in self.objects.items() if value == _value(item.request))

    async def send(self, requests: Sequence[GraphRequest]) -> list[Outcome]:
        [request] = requests
        self.posts.append(self.key)
        if self.fate == "killed before":
            raise KilledError
        if self.fate == "refused":
            return [ConflictError("No.")]
        name = self.add(_value(request), self.key) if self.fate != "lost before" else None
        if self.fate == "killed after":
            raise KilledError
        if self.fate == "made":
            return [Answer(201, {}, str(name).encode())]
        return [OutcomeUnknownError("Lost.")]


def _value(request: GraphRequest) -> str:
    assert request.body is not None
    return str(orjson.loads(request.body)["value"])


class Creates(RuleBasedStateMachine):
    """What the model remembers of each key: the input that holds it, and what Graph did with requests under it."""

    store: SqliteStore

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = SteppingClock()
        self.graph = Graph()
        self.runner = asyncio.Runner()
        self.held: dict[str, str] = {}
        self.answered: dict[str, str] = {}
        self.there_before: dict[str, set[str]] = {}
        self.busy_until: dict[str, float] = {}
        self.restart()

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.store.close())
            self.runner.close()
            self.folder.cleanup()

    @rule()
    def restart(self) -> None:
        """Another process with the same store."""
        if hasattr(self, "store"):
            self.runner.run(self.store.close())
        self.store = SqliteStore(Path(self.folder.name) / "store.db", max_entries=1000, clock=self.clock)
        self.ledger = Ledger(self.store, kept_seconds=KEPT_SECONDS, clock=self.clock)

    @rule(seconds=st.sampled_from([1, 20, 100]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(value=INPUTS)
    def somebody_else_creates(self, value: str) -> None:
        self.graph.add(value, "somebody else")

    @rule(
        key=KEYS,
        value=INPUTS,
        fate=st.sampled_from(["made", "refused", "lost before", "lost after", "killed before", "killed after"]),
        is_proven=st.booleans(),
    )
    def create(self, key: str, value: str, fate: str, is_proven: bool) -> None:
        self.graph.fate, self.graph.key = fate, key
        before, there = len(self.graph.posts), set(self.graph.objects)
        until = self.clock.time() + DEADLINE_SECONDS + SPARE_SECONDS
        try:
            result = self.runner.run(self._create(key, value, is_proven=is_proven))
        except KilledError:
            self.held[key], self.busy_until[key], self.there_before[key] = value, until, there
            self.restart()
            return
        was_sent = len(self.graph.posts) > before
        assert was_sent == (key not in self.held)
        if was_sent:
            self.there_before[key] = there
        match result:
            case Answer():
                assert was_sent
                assert fate == "made"
                self.held[key], self.answered[key] = value, result.body.decode()
            case Replayed():
                self._check_replayed(key, value, result.id)
            case OutcomeUnknownError():
                assert self.clock.time() >= self.busy_until.get(key, 0)
                self.held.setdefault(key, value)
                assert self.held[key] == value
                assert key not in self.answered
            case _:
                self._check_refused(result, key, value, fate)

    def _check_replayed(self, key: str, value: str, name: str) -> None:
        """The object is as was sent, was not there before, and is always the same; nobody may be at it still."""
        assert self.clock.time() >= self.busy_until.get(key, 0)
        assert name not in self.there_before[key]
        assert self.held.setdefault(key, value) == value
        assert self.graph.objects[name] == value
        assert self.answered.setdefault(key, name) == name

    def _check_refused(self, error: Any, key: str, value: str, fate: str) -> None:
        assert isinstance(error, GatewayError)
        if key in self.held:
            is_other = self.held[key] != value
            assert error.code == ("IDEMPOTENCY_CONFLICT" if is_other else "DEADLINE_EXCEEDED")
        else:
            assert (fate, error.code) == ("refused", "CONFLICT")

    async def _create(self, key: str, value: str, *, is_proven: bool) -> Result:
        request = GraphRequest("POST", "/things", None, body=orjson.dumps({"value": value}))
        errands = Errands(look=self.graph.look, send=self.graph.send, to_id=lambda answer: answer.body.decode() or None)
        deadline = Deadline.after(self.clock, DEADLINE_SECONDS)
        items = [Item.of(request, "somebody", key)]
        [result] = await self.ledger.create(items, errands, is_proven=is_proven, deadline=deadline, stop=False)
        return result

    @invariant()
    def no_key_made_two_objects(self) -> None:
        """However it went."""
        if hasattr(self, "graph"):
            makers = [by for by in self.graph.made_by.values() if by != "somebody else"]
            assert len(makers) == len(set(makers))

    @invariant()
    def no_object_counts_for_two_keys(self) -> None:
        if hasattr(self, "answered"):
            assert len(set(self.answered.values())) == len(self.answered)


TestCreates = Creates.TestCase
TestCreates.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
