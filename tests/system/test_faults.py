"""A create through a gateway process before an emulator process, for each fault at each point of the way."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.system.process import START_SECONDS, Emulation, Gateway, gateway_emulate, gateway_serve, until

CREATE = 'mutation { createTenantTag(input: { displayName: "New" }) { displayName } }'
READ = "{ tenantTags(first: 1) { nodes { id } } }"


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Gateway, Emulation]]:
    with gateway_emulate() as emulation, gateway_serve(emulation.settings) as gateway:
        yield gateway, emulation


@pytest.fixture
def emulation(stage: tuple[Gateway, Emulation]) -> Emulation:
    stage[1].reset()
    return stage[1]


@pytest.fixture
def gateway(stage: tuple[Gateway, Emulation]) -> Gateway:
    return stage[0]


def codes(gateway: Gateway, emulation: Emulation, document: str = CREATE, **headers: str) -> list[str]:
    answer = gateway.post(document, token=emulation.graph_token, headers=headers).json()
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def hang_up(gateway: Gateway, emulation: Emulation, document: str, request_id: str) -> None:
    """Sends the document and goes once Graph has been called."""
    body = json.dumps({"query": document}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nx-request-id: {request_id}\r\n"
        f"authorization: Bearer {emulation.graph_token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(gateway.address, timeout=START_SECONDS) as caller:
        caller.sendall(head.encode() + body)
        emulation.wait_for_calls(1)


def received(emulation: Emulation) -> list[tuple[str, int | None, bool]]:
    """Of each call to Graph: method, status told, and whether the work was done."""
    return [(each["method"], each["status"], each["workDone"]) for each in emulation.journal()]


@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [
        pytest.param({"kind": "DropBefore"}, "OUTCOME_UNKNOWN", (None, False), id="dropped before the work"),
        pytest.param({"kind": "DropAfter"}, "OUTCOME_UNKNOWN", (None, True), id="dropped after the work"),
        pytest.param({"kind": "TruncatedBody"}, "OUTCOME_UNKNOWN", (201, True), id="cut in the body"),
        pytest.param(
            {"kind": "HtmlBody", "status": 200, "after_work": True}, "OUTCOME_UNKNOWN", (200, True), id="HTML after it"
        ),
        pytest.param({"kind": "HtmlBody", "status": 502}, "OUTCOME_UNKNOWN", (502, False), id="502 of a proxy"),
        pytest.param({"kind": "HtmlBody", "status": 503}, "OUTCOME_UNKNOWN", (503, False), id="503 of a proxy"),
        pytest.param(
            {"kind": "HtmlBody", "status": 504, "after_work": True}, "OUTCOME_UNKNOWN", (504, True), id="504 after it"
        ),
        pytest.param({"kind": "Refuse", "status": 500}, "OUTCOME_UNKNOWN", (500, False), id="500"),
        pytest.param(
            {"kind": "Refuse", "status": 503, "code": "serviceNotAvailable"},
            "UPSTREAM_UNAVAILABLE",
            (503, False),
            id="503 of Graph",
        ),
        pytest.param(
            {"kind": "Refuse", "status": 429, "retry_after_seconds": 99}, "THROTTLED", (429, False), id="429 for long"
        ),
        pytest.param({"kind": "HugeBody"}, "OUTCOME_UNKNOWN", (201, True), id="too large"),
        pytest.param({"kind": "Redirect"}, "OUTCOME_UNKNOWN", (302, False), id="a redirect"),
    ],
)
def test_a_create_is_sent_once(
    gateway: Gateway, emulation: Emulation, fault: Mapping[str, Any], code: str, outcome: tuple[int | None, bool]
) -> None:
    """Whatever becomes of it, Graph has received one request, and the next create works."""
    emulation.fail(fault)
    assert codes(gateway, emulation) == [code]
    assert received(emulation) == [("POST", *outcome)]
    assert codes(gateway, emulation) == []


def test_a_create_that_was_throttled_is_sent_again(gateway: Gateway, emulation: Emulation) -> None:
    """429 says that nothing was done, and when to come back."""
    emulation.fail({"kind": "Refuse", "status": 429, "retry_after_seconds": 1})
    started = time.monotonic()
    assert codes(gateway, emulation) == []
    assert time.monotonic() - started > 1
    assert received(emulation) == [("POST", 429, False), ("POST", 201, True)]


def test_a_create_whose_time_is_up_is_not_sent_again(gateway: Gateway, emulation: Emulation) -> None:
    """The outcome is unknown at the caller's own deadline, not later."""
    emulation.fail({"kind": "Delay", "seconds": 2})
    started = time.monotonic()
    assert codes(gateway, emulation, **{"x-deadline-ms": "500"}) == ["OUTCOME_UNKNOWN"]
    assert time.monotonic() - started < 1.5
    assert [method for method, _, _ in received(emulation)] == ["POST"]


def test_a_create_goes_on_without_its_caller(gateway: Gateway, emulation: Emulation) -> None:
    """A caller who hangs up does not undo it: it is sent once, and its outcome is logged under the request's id."""
    emulation.fail({"kind": "Delay", "seconds": 0.5})
    hang_up(gateway, emulation, 'mutation { createTenantTag(input: { displayName: "Gone" }) { id } }', "gone-1")
    until(lambda: received(emulation) == [("POST", 201, True)])
    outcome = until(lambda: gateway.program.log_lines("a write ended after its caller had gone"))
    told = [*gateway.program.log_lines("operation")[-1:], *outcome]
    assert [(line["request_id"], line["code"]) for line in told] == [("gone-1", "CANCELLED"), ("gone-1", "OK")]
    answer = gateway.post("{ tenantTags(first: 50) { nodes { displayName } } }", token=emulation.graph_token).json()
    assert {"displayName": "Gone"} in answer["data"]["tenantTags"]["nodes"]


def test_a_read_ends_with_its_caller(gateway: Gateway, emulation: Emulation) -> None:
    """Long before Graph would have answered."""
    emulation.fail({"kind": "Delay", "seconds": 60}, method="GET")
    hang_up(gateway, emulation, READ, "gone-2")

    def ends() -> list[tuple[str, bool]]:
        lines = [line for line in gateway.program.log_lines("operation") if line["request_id"] == "gone-2"]
        return [(line["code"], line["duration_ms"] < 10_000) for line in lines]

    assert until(ends) == [("CANCELLED", True)]


@pytest.mark.parametrize(
    ("fault", "code", "calls"),
    [
        pytest.param({"kind": "DropBefore"}, [], 2, id="dropped once"),
        pytest.param({"kind": "TruncatedBody"}, [], 2, id="cut once"),
        pytest.param({"kind": "HtmlBody", "status": 503}, [], 2, id="503 of a proxy, once"),
        pytest.param({"kind": "Refuse", "status": 500}, ["UPSTREAM_UNAVAILABLE"], 1, id="500"),
    ],
)
def test_a_read_is_sent_again(
    gateway: Gateway, emulation: Emulation, fault: Mapping[str, Any], code: list[str], calls: int
) -> None:
    """It changes nothing."""
    emulation.fail(fault, method="GET")
    assert codes(gateway, emulation, READ) == code
    assert len(emulation.journal()) == calls


def test_faults_leave_no_trace_in_any_log(stage: tuple[Gateway, Emulation]) -> None:
    """Neither process was surprised by any of it."""
    gateway, emulation = stage
    assert "Traceback" not in gateway.program.errors
    assert emulation.program.errors == ""
