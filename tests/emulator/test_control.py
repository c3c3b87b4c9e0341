"""The control endpoints: how a test in another process sets the stage and sees what was received."""

import hashlib
from dataclasses import is_dataclass
from typing import Any

import httpx
import pytest

from gateway.emulator import faults
from gateway.emulator.fault_json import KINDS, read_rules
from gateway.emulator.faults import (
    ChangedMembers,
    ClampedTop,
    Delay,
    DropBefore,
    EmptyBody,
    FaultRule,
    IgnoredOptions,
    Refuse,
    Stack,
    StrayNextLink,
)
from gateway.emulator.messages import Reply
from tests.emulator.client import TAG_TYPE, TAGS, Client, graph_token

FAULTS = "/_emulator/faults"
JOURNAL = "/_emulator/journal"


async def journal(graph: Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await graph.get(JOURNAL)).json()["value"]
    return entries


async def test_the_journal_shows_each_request_and_its_outcome(graph: Client) -> None:
    """All that was sent, and what became of it; of the token only the start of its hash leaves the process."""
    token = graph_token("ManagedTenants.Read.All")
    body = {"@odata.type": TAG_TYPE, "displayName": "Büro"}
    response = await graph.send(
        "POST", f"{TAGS}?a=%20b&a", json=body, headers={"authorization": f"Bearer {token}", "x-more": "1"}
    )
    [entry] = await journal(graph)
    headers = entry.pop("headers")
    assert entry == {
        "method": "POST",
        "path": TAGS,
        "query": [["a", " b"], ["a", ""]],
        "body": body,
        "requestId": response.headers["request-id"],
        "item": None,
        "status": 403,
        "workDone": False,
    }
    digest = hashlib.sha256(token.encode()).hexdigest()[:12]
    assert (headers["authorization"], headers["x-more"]) == (f"Bearer sha256:{digest}", "1")


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b'{"a":1}', {"a": 1}, id="JSON"),
        pytest.param(b"a=1", "a=1", id="text"),
        pytest.param(b"\xff", "\N{REPLACEMENT CHARACTER}", id="no text"),
        pytest.param(b'"\\ud800"', "?", id="half a surrogate pair"),
    ],
)
async def test_the_journal_shows_any_body(graph: Client, content: bytes, shown: Any) -> None:
    """JSON as JSON, anything else as text."""
    await graph.send("POST", TAGS, content=content)
    assert [entry["body"] for entry in await journal(graph)] == [shown]


async def test_a_connection_that_was_dropped_has_no_status(graph: Client) -> None:
    """What the client was told is nothing; that the work was done shows."""
    await graph.send("POST", FAULTS, json={"fault": {"kind": "DropAfter"}})
    with pytest.raises(httpx.ReadError):
        await graph.get(TAGS)
    assert [(entry["status"], entry["workDone"]) for entry in await journal(graph)] == [(None, True)]


async def test_the_journal_can_be_cleared(graph: Client) -> None:
    """204, and only later requests are shown."""
    await graph.get(TAGS)
    assert (await graph.send("DELETE", JOURNAL)).status_code == 204
    assert (await journal(graph), len(graph.emulator.journal)) == ([], 0)
    await graph.get(TAGS)
    assert len(await journal(graph)) == 1


async def test_a_request_under_way_is_shown_and_can_be_forgotten(graph: Client) -> None:
    """It is entered when it comes, without an outcome; after a clearing its outcome is not entered either."""
    shown: list[tuple[int | None, bool]] = []

    class Clearing:
        async def __call__(self, attempt: faults.Attempt, /) -> Reply:
            shown.extend((entry.status, entry.work_done) for entry in graph.emulator.journal)
            graph.emulator.journal.clear()
            return await attempt.done()

    graph.emulator.faults.add(FaultRule(fault=Clearing()))
    assert (await graph.get(TAGS)).status_code == 200
    assert (shown, list(graph.emulator.journal)) == ([(None, False)], [])


async def test_faults_can_be_added_and_cleared(graph: Client) -> None:
    """201 with how many; a rule is in force at once, and gone after a DELETE."""
    rules = [{"times": None, "fault": {"kind": "Refuse", "status": 503}}, {"fault": {"kind": "Delay", "seconds": 1}}]
    added = await graph.send("POST", FAULTS, json=rules)
    assert (added.status_code, added.json()) == (201, {"added": 2})
    assert (await graph.get(TAGS)).status_code == 503
    assert (await graph.send("DELETE", FAULTS)).status_code == 204
    assert (await graph.get(TAGS)).status_code == 200


async def test_a_reset_is_a_new_emulator(graph: Client) -> None:
    """The sample again, no faults, an empty journal."""
    sample = graph.emulator.store.all("tenantTags")
    assert (await graph.send("DELETE", f"{TAGS}/{sample[0]['id']}")).status_code == 204
    await graph.send("POST", FAULTS, json={"times": None, "fault": {"kind": "Refuse", "status": 503}})
    assert (await graph.send("POST", "/_emulator/reset")).status_code == 204
    assert await journal(graph) == []
    assert await graph.rows(TAGS) == sample


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/_emulator/nothing", 404), ("PUT", FAULTS, 405), ("GET", "/_emulator/reset", 405)],
)
async def test_what_is_no_control_is_no_request_to_graph(graph: Client, method: str, path: str, status: int) -> None:
    """A wrong path or method below `/_emulator` is told so, and no journal shows it."""
    assert (await graph.send(method, path)).status_code == status
    assert await journal(graph) == []


async def test_control_requests_meet_no_faults(graph: Client) -> None:
    """A rule about everything does not lock its author out."""
    await graph.send("POST", FAULTS, json={"times": None, "fault": {"kind": "DropBefore"}})
    assert (await graph.get(JOURNAL)).status_code == 200


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param({"fault": {"kind": "DropBefore"}}, FaultRule(fault=DropBefore()), id="the least"),
        pytest.param(
            {"method": "POST", "path": "Tags$", "skip": 0, "times": 1, "fault": {"kind": "Delay", "seconds": 1}},
            FaultRule(fault=Delay(1), method="POST", path="Tags$", skip=0, times=1),
            id="everything",
        ),
        pytest.param(
            {"times": 2**31 - 1, "fault": {"kind": "Delay", "seconds": 2**31 - 1}},
            FaultRule(fault=Delay(2**31 - 1), times=2**31 - 1),
            id="the greatest numbers",
        ),
        pytest.param(
            {"method": None, "path": None, "times": None, "fault": {"kind": "Delay", "seconds": 0.5}},
            FaultRule(fault=Delay(0.5), times=None),
            id="nulls",
        ),
        pytest.param(
            {
                "fault": {
                    "kind": "Refuse",
                    "status": 429,
                    "headers": {"x-more": "1"},
                    "retry_after_seconds": 1,
                    "retry_after_date": True,
                }
            },
            FaultRule(fault=Refuse(429, headers={"x-more": "1"}, retry_after_seconds=1, retry_after_date=True)),
            id="a mapping, a flag",
        ),
        pytest.param(
            {"fault": {"kind": "IgnoredOptions", "names": ["$top"]}},
            FaultRule(fault=IgnoredOptions(("$top",))),
            id="a list",
        ),
        pytest.param(
            {"fault": {"kind": "ChangedMembers", "members": {"a": None, "b": True, "c": [0]}}},
            FaultRule(fault=ChangedMembers({"a": None, "b": True, "c": [0]})),
            id="any JSON",
        ),
        pytest.param(
            {"fault": {"kind": "StrayNextLink", "origin": None, "path": "/x"}},
            FaultRule(fault=StrayNextLink(None, "/x")),
            id="a null",
        ),
        pytest.param({"fault": {"kind": "EmptyBody", "status": None}}, FaultRule(fault=EmptyBody()), id="no status"),
        pytest.param(
            {"fault": [{"kind": "Delay", "seconds": 1}, [{"kind": "ClampedTop", "most": 0}]]},
            FaultRule(fault=Stack((Delay(1), Stack((ClampedTop(0),))))),
            id="several at once",
        ),
    ],
)
def test_a_rule_is_read_from_json(content: Any, rule: FaultRule) -> None:
    """Names are those of the classes; alone or in a list it is the same rule."""
    assert read_rules(content) == read_rules([content]) == [rule]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(5, "a rule must be a JSON object", id="no object"),
        pytest.param({}, "a fault must be a JSON object", id="no fault"),
        pytest.param(
            {"fault": {"kind": "DropBefore"}, "url": "x"},
            "a rule has no 'url'; it takes fault, method, path, skip, times",
            id="an unknown member",
        ),
        pytest.param(
            {"fault": {"kind": "DropBefore"}, "times": "2"},
            "a rule: 'times' must be a whole number from 0 to 2147483647 or null",
            id="text",
        ),
        pytest.param(
            {"fault": {"kind": "DropBefore"}, "skip": True},
            "a rule: 'skip' must be a whole number from 0 to 2147483647",
            id="true as 1",
        ),
        pytest.param(
            {"fault": {"kind": "DropBefore"}, "skip": None},
            "a rule: 'skip' must be a whole number from 0 to 2147483647",
            id="a null",
        ),
        pytest.param(
            {"fault": {"kind": "DropBefore"}, "times": -1},
            "a rule: 'times' must be a whole number from 0 to 2147483647 or null",
            id="minus",
        ),
        pytest.param(
            {"fault": {"kind": "DropBefore"}, "path": "("},
            "'path' is no regular expression: missing ), unterminated subpattern at position 0",
            id="no regular expression",
        ),
        pytest.param({"fault": {"kind": "Boom"}}, f"'kind' must be one of {', '.join(KINDS)}", id="an unknown kind"),
        pytest.param({"fault": {"kind": []}}, f"'kind' must be one of {', '.join(KINDS)}", id="a kind of no text"),
        pytest.param(
            {"fault": {"kind": "DropBefore", "status": 500}},
            "DropBefore has no 'status'; it takes nothing",
            id="a member too many",
        ),
        pytest.param({"fault": {"kind": "Delay"}}, "Delay needs 'seconds'", id="a missing member"),
        pytest.param(
            {"fault": {"kind": "Delay", "seconds": 2**31}},
            "Delay: 'seconds' must be a number from 0 to 2147483647",
            id="forever",
        ),
        pytest.param(
            {"fault": {"kind": "Refuse", "status": 99}}, "Refuse: 'status' must be from 200 to 599", id="no status"
        ),
        pytest.param(
            {"fault": {"kind": "EmptyBody", "status": 1000}},
            "EmptyBody: 'status' must be from 200 to 599",
            id="no status either",
        ),
        pytest.param(
            {"fault": {"kind": "Refuse", "status": 500, "headers": {"a": 1}}},
            "Refuse: 'headers' must be an object of strings",
            id="a header of no text",
        ),
        pytest.param(
            {"fault": {"kind": "Refuse", "status": 500, "headers": []}},
            "Refuse: 'headers' must be an object of strings",
            id="headers of no object",
        ),
        pytest.param(
            {"fault": {"kind": "IgnoredOptions", "names": "$top"}},
            "IgnoredOptions: 'names' must be a list of strings",
            id="no list",
        ),
        pytest.param(
            {"fault": {"kind": "IgnoredOptions", "names": [1]}},
            "IgnoredOptions: 'names' must be a list of strings",
            id="a list of numbers",
        ),
        pytest.param(
            {"fault": {"kind": "ChangedMembers", "members": []}},
            "ChangedMembers: 'members' must be an object",
            id="members of no object",
        ),
        pytest.param(
            {"fault": {"kind": "Redirect", "location": 1}}, "Redirect: 'location' must be a string", id="no string"
        ),
        pytest.param(
            {"fault": {"kind": "EmptyBody", "location": 0}},
            "EmptyBody: 'location' must be true or false",
            id="0 as false",
        ),
        pytest.param({"fault": [{"kind": "Delay"}]}, "Delay needs 'seconds'", id="one of several"),
    ],
)
async def test_a_rule_that_is_wrong_says_what_is_allowed(graph: Client, content: Any, error: str) -> None:
    """400 in one sentence; a list with one wrong rule adds none."""
    good = {"fault": {"kind": "Refuse", "status": 503}}
    response = await graph.send("POST", FAULTS, json=[good, content])
    assert (response.status_code, response.json()) == (400, {"error": error})
    assert (await graph.get(TAGS)).status_code == 200


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"", "Expecting value: line 1 column 1 (char 0)", id="nothing"),
        pytest.param(b'{"times": Infinity}', "Infinity is no JSON", id="no number"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="nested without end"),
    ],
)
async def test_rules_must_be_json(graph: Client, content: bytes, error: str) -> None:
    """400 that says what cannot be read."""
    response = await graph.send("POST", FAULTS, content=content)
    assert (response.status_code, response.json()) == (400, {"error": error})


def test_every_fault_can_be_asked_for_by_name() -> None:
    """The kinds that JSON may name are all the faults there are; a list stands for `Stack`."""
    there = {name for name, kind in vars(faults).items() if is_dataclass(kind) and "__call__" in vars(kind)}
    assert there == {*KINDS, "Stack"}
