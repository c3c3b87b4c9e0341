"""Behaviours as files: each in `scenarios/` is one promise, what is sent to the gateway, and exactly what follows.

    promise = "One sentence."
    graph = '{"tenantTags": [{"id": "A"}]}'      # what Microsoft Graph has at first; nothing without it
    settings = { GATEWAY_… = "…" }               # the gateway's, where they differ from the defaults
    emulator = { … }                             # keyword arguments of `Emulator`
    faults = [{ method = "POST", fault = { kind = "Refuse", status = 503 } }]

    [[exchange]]                                 # one or more, in order
    document, variables, operationName, headers  # sent; `variables` is JSON text, as TOML has no null
    [[exchange.call]]                            # each request that Graph receives, in order
    request = "GET /v1.0/…"                      # with `query`, `headers` (those named), `body` (JSON text) as needed
    [exchange.response]
    status, headers (those named), body          # JSON text

`<name>` in what is expected stands for a value made at run time: the same one wherever it stands, also in what later
exchanges send. `<token>` is the caller's access token. JSON is compared with its order.
"""

import json
import re
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.fault_json import read_rules
from gateway.emulator.journal import JournalEntry
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
PLACEHOLDER = re.compile(r"<(\w+)>")


@dataclass(frozen=True, kw_only=True)
class Call:
    request: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "null"


@dataclass(frozen=True, kw_only=True)
class Response:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str


@dataclass(frozen=True, kw_only=True)
class Exchange:
    document: str
    response: dict[str, Any]
    variables: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    operationName: str | None = None  # noqa: N815 - the protocol's own name
    call: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    promise: str
    exchange: list[dict[str, Any]]
    graph: str = "{}"
    settings: dict[str, str] = field(default_factory=dict)
    emulator: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)


def read(file: Path) -> Scenario:
    return Scenario(**tomllib.loads(file.read_text(encoding="utf-8")))


class Values:
    """The values made at run time, by the names of their placeholders."""

    def __init__(self, **known: str) -> None:
        self._known = known

    def put(self, text: str) -> str:
        """The text with all placeholders filled in; each must be known."""
        return PLACEHOLDER.sub(lambda match: self._known[match[1]], text)

    def meet(self, expected: Any, actual: Any) -> Any:
        """What is expected, each new placeholder taking what stands in its place."""
        if isinstance(expected, dict) and isinstance(actual, dict):
            return {name: self.meet(value, actual.get(name)) for name, value in expected.items()}
        if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
            return [self.meet(*pair) for pair in zip(expected, actual, strict=True)]
        if isinstance(expected, str) and isinstance(actual, str):
            return self._meet_text(expected, actual)
        return expected

    def _meet_text(self, expected: str, actual: str) -> str:
        def pattern(match: re.Match[str]) -> str:
            known = self._known.get(match[1])
            return f"(?P<{match[1]}>[^/?]+)" if known is None else re.escape(known)

        found = re.fullmatch(PLACEHOLDER.sub(pattern, re.escape(expected)), actual)
        self._known |= found.groupdict() if found else {}
        return actual if found else expected


def shown(entry: JournalEntry, call: Call) -> dict[str, Any]:
    """A request that Graph received, as a scenario tells it."""
    return {
        "request": f"{entry.method} {entry.path}",
        "query": dict(entry.query),
        "headers": {name: entry.headers.get(name) for name in call.headers},
        "body": entry.body,
    }


def told(response: httpx.Response, expected: Response) -> dict[str, Any]:
    return {
        "status": response.status_code,
        "headers": {name: response.headers.get(name) for name in expected.headers},
        "body": response.json(),
    }


def as_text(content: object) -> str:
    """JSON in which a difference of order shows."""
    return json.dumps(content, indent=2, ensure_ascii=False)


async def keep(gateway: Harness, exchange: Exchange, values: Values) -> None:
    """Sends what the exchange says, and compares what follows."""
    gateway.emulator.journal.clear()
    name = {"operationName": exchange.operationName} if exchange.operationName else {}
    variables = json.loads(values.put(exchange.variables))
    response = await gateway.post(exchange.document, variables, headers=exchange.headers, **name)
    calls = [Call(**each) for each in exchange.call]
    received = [shown(*pair) for pair in zip(gateway.emulator.journal, calls, strict=False)]
    expected = [{**vars(call), "body": json.loads(call.body)} for call in calls]
    assert gateway.sent == values.meet([call.request for call in calls], gateway.sent)
    assert as_text(received) == as_text(values.meet(expected, received))
    answer = Response(**exchange.response)
    actual = told(response, answer)
    assert as_text(actual) == as_text(values.meet({**vars(answer), "body": json.loads(answer.body)}, actual))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_scenario_keeps_its_promise(file: Path) -> None:
    """The requests that Graph received and the response are exactly those of the file."""
    scenario = read(file)
    clock = SteppingClock(time=time.time())
    emulator = Emulator(issuer=ISSUER, clock=clock, **scenario.emulator)
    emulator.store.clear()
    for entity_set, entities in json.loads(scenario.graph).items():
        for entity in entities:
            emulator.store.add(entity_set, entity)
    emulator.faults.add(*read_rules(scenario.faults))
    async with running(scenario.settings, emulator=emulator, clock=clock) as gateway:
        values = Values(token=gateway.token)
        for each in scenario.exchange:
            await keep(gateway, Exchange(**each), values)


def test_each_scenario_makes_one_promise() -> None:
    """In a sentence, and none twice."""
    promises = [read(file).promise for file in FILES]
    assert len(set(promises)) == len(FILES) > 0
    assert [each for each in promises if not re.fullmatch(r"[A-Z`][^\n]{20,200}\.", each)] == []


@pytest.mark.parametrize(
    ("expected", "actual", "agrees"),
    [
        pytest.param({"id": "<a>"}, {"id": "1"}, True, id="any text"),
        pytest.param({"id": "<a>"}, {"id": None}, False, id="no text"),
        pytest.param({"id": "<a>"}, {"id": ""}, False, id="an empty text"),
        pytest.param({"id": "<a>", "x": "<a>"}, {"id": "1", "x": "1"}, True, id="the same value"),
        pytest.param({"id": "<a>", "x": "<a>"}, {"id": "1", "x": "2"}, False, id="another value"),
        pytest.param(["GET /x/<a>?b", {"id": "<a>"}], ["GET /x/1?b", {"id": "1"}], True, id="within a text"),
        pytest.param("GET /x/<a>", "GET /x/1/2", False, id="more than a segment"),
        pytest.param("<known>", "k", True, id="a known value"),
        pytest.param("<known>", "other", False, id="not the known value"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, False, id="a member more"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, False, id="another order"),
        pytest.param(["<a>"], ["1", "2"], False, id="an element more"),
        pytest.param({"a": None}, {}, False, id="null for absent"),
        pytest.param({"a": 1}, [1], False, id="another kind"),
    ],
)
def test_a_placeholder_stands_for_one_value(expected: Any, actual: Any, agrees: bool) -> None:
    """Everything else is compared as it is."""
    assert (as_text(Values(known="k").meet(expected, actual)) == as_text(actual)) is agrees
