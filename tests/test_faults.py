"""What the caller sees, and what Graph received, for each fault at each point."""

import time
from collections.abc import AsyncIterator

import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.faults import (
    ChangedMembers,
    ClaimsChallenge,
    ClampedTop,
    Delay,
    DropAfter,
    DropBefore,
    EmptyBody,
    EmptyPage,
    Fault,
    FaultRule,
    HtmlBody,
    HugeBody,
    IgnoredOptions,
    OmittedMembers,
    Redirect,
    Refuse,
    StrayNextLink,
    TruncatedBody,
)
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running
from tests.test_operations import CREATE, INPUT, PAGE

UPDATE = 'mutation ($id: ID!) { updateCloudPcConnection(id: $id, input: { displayName: "New" }) { id displayName } }'
DELETE = "mutation ($id: ID!) { deleteCloudPcConnection(id: $id) }"
READ = "query ($id: ID!) { cloudPcConnection(id: $id) { id displayName } }"


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(time=time.time())


@pytest.fixture
async def gateway(clock: SteppingClock) -> AsyncIterator[Harness]:
    async with running(clock=clock) as harness:
        yield harness


@pytest.mark.parametrize(
    ("fault", "code", "methods"),
    [
        pytest.param(DropBefore(), "OUTCOME_UNKNOWN", ["POST"], id="dropped before the work"),
        pytest.param(DropAfter(), "OUTCOME_UNKNOWN", ["POST"], id="dropped after the work"),
        pytest.param(Refuse(500), "OUTCOME_UNKNOWN", ["POST"], id="500"),
        pytest.param(Refuse(502), "OUTCOME_UNKNOWN", ["POST"], id="502"),
        pytest.param(Refuse(504), "OUTCOME_UNKNOWN", ["POST"], id="504"),
        pytest.param(HtmlBody(503), "OUTCOME_UNKNOWN", ["POST"], id="503 of a proxy"),
        pytest.param(Refuse(503, "serviceNotAvailable"), "UPSTREAM_UNAVAILABLE", ["POST"], id="503 of Graph"),
        pytest.param(HtmlBody(201, after_work=True), "OUTCOME_UNKNOWN", ["POST"], id="201 with HTML"),
        pytest.param(EmptyBody(location=False), "OUTCOME_UNKNOWN", ["POST"], id="201 with nothing"),
        pytest.param(EmptyBody(location=True), None, ["POST", "GET"], id="201 with Location only"),
        pytest.param(OmittedMembers(("id",)), None, ["POST", "GET"], id="201 without id"),
        pytest.param(TruncatedBody(announced=False), None, ["POST", "GET"], id="half a JSON"),
        pytest.param(TruncatedBody(announced=True), "OUTCOME_UNKNOWN", ["POST"], id="cut connection"),
        pytest.param(HugeBody(), "OUTCOME_UNKNOWN", ["POST"], id="10 MB"),
        pytest.param(Redirect(), "OUTCOME_UNKNOWN", ["POST"], id="a redirect"),
        pytest.param(Refuse(400, "BadRequest", "Bad."), "BAD_USER_INPUT", ["POST"], id="400"),
        pytest.param(Refuse(401, "InvalidAuthenticationToken"), "UNAUTHENTICATED", ["POST"], id="401"),
        pytest.param(ClaimsChallenge(), "CLAIMS_CHALLENGE", ["POST"], id="claims challenge"),
        pytest.param(ClaimsChallenge(status=403), "CLAIMS_CHALLENGE", ["POST"], id="older claims challenge"),
        pytest.param(Refuse(403, "Forbidden"), "FORBIDDEN", ["POST"], id="403"),
        pytest.param(Refuse(405), "UPSTREAM_UNSUPPORTED", ["POST"], id="405"),
        pytest.param(Refuse(409), "CONFLICT", ["POST"], id="409"),
        pytest.param(Refuse(412), "PRECONDITION_FAILED", ["POST"], id="412"),
        pytest.param(Refuse(501), "UPSTREAM_UNSUPPORTED", ["POST"], id="501"),
        pytest.param(Refuse(429, retry_after_seconds=2), None, ["POST", "POST"], id="429, then 201"),
        pytest.param(
            Refuse(429, retry_after_seconds=2, retry_after_date=True), None, ["POST", "POST"], id="429, a date"
        ),
        pytest.param(Refuse(429, retry_after_seconds=900), "THROTTLED", ["POST"], id="429 beyond the deadline"),
        pytest.param(
            ChangedMembers({"extra": 1, "healthCheckStatus": "Passed"}), None, ["POST"], id="extra members, other case"
        ),
        pytest.param(ChangedMembers({"displayName": {"a": 1}}), "UPSTREAM_UNSUPPORTED", ["POST"], id="a wrong type"),
    ],
)
async def test_a_create_is_never_sent_twice_once_it_may_have_been_done(
    gateway: Harness, fault: Fault, code: str | None, methods: list[str]
) -> None:
    """Each fault has its code, no body or URL of Graph's side is told, and the next create works."""
    gateway.emulator.faults.add(FaultRule(fault=fault, method="POST"))
    answer = await gateway.execute(CREATE, {"input": INPUT})
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == ([code] if code else [])
    assert [entry.method for entry in gateway.emulator.journal] == methods
    assert "<html" not in str(answer)
    assert "elsewhere.example" not in str(answer)
    again = await gateway.execute(CREATE, {"input": INPUT})
    assert "errors" not in again


@pytest.mark.parametrize(
    ("fault", "times", "code", "calls"),
    [
        pytest.param(DropBefore(), 1, None, 2, id="a lost connection"),
        pytest.param(HtmlBody(502), 2, None, 3, id="502 twice"),
        pytest.param(Refuse(503), 3, None, 4, id="503 three times"),
        pytest.param(Refuse(504), 4, "UPSTREAM_UNAVAILABLE", 4, id="504 for good"),
        pytest.param(HtmlBody(200), 1, None, 2, id="HTML instead of JSON"),
        pytest.param(TruncatedBody(announced=False), 4, "UPSTREAM_UNAVAILABLE", 4, id="half a JSON for good"),
        pytest.param(DropBefore(), 4, "UPSTREAM_UNAVAILABLE", 4, id="no connection for good"),
        pytest.param(Refuse(429, retry_after_seconds=1), 1, None, 2, id="429"),
        pytest.param(Refuse(429, retry_after_seconds=99), 1, "THROTTLED", 1, id="429 beyond the deadline"),
        pytest.param(Refuse(500), 1, "UPSTREAM_UNAVAILABLE", 1, id="500"),
        pytest.param(HugeBody(), 1, "UPSTREAM_UNSUPPORTED", 1, id="10 MB"),
        pytest.param(Redirect(), 1, "UPSTREAM_UNAVAILABLE", 1, id="a redirect"),
        pytest.param(Refuse(403, "Forbidden"), 1, "FORBIDDEN", 1, id="403"),
        pytest.param(OmittedMembers(("id",)), 1, None, 1, id="without its id"),
    ],
)
async def test_a_read_is_repeated_while_that_can_help(
    gateway: Harness, fault: Fault, times: int, code: str | None, calls: int
) -> None:
    """Reads change nothing, so they are repeated: at most three times, never past the deadline."""
    connection = (await gateway.execute(CREATE, {"input": INPUT}))["data"]["createCloudPcConnection"]
    gateway.emulator.journal.clear()
    gateway.emulator.faults.add(FaultRule(fault=fault, times=times))
    answer = await gateway.execute(READ, {"id": connection["id"]})
    if code is None:
        wanted = {"id": connection["id"], "displayName": INPUT["displayName"]}
        assert answer == {"data": {"cloudPcConnection": wanted}}
    else:
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert len(gateway.emulator.journal) == calls


async def test_a_wait_that_graph_asks_for_is_kept_and_told(gateway: Harness, clock: SteppingClock) -> None:
    """`Retry-After` is waited for exactly; where it passes the deadline, the caller is told it."""
    gateway.emulator.faults.add(
        FaultRule(fault=Refuse(429, retry_after_seconds=3)), FaultRule(fault=Refuse(429, retry_after_seconds=60))
    )
    response = await gateway.post(CREATE, {"input": INPUT})
    assert clock.sleeps == [3]
    assert response.headers["retry-after"] == "60"
    extensions = response.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["retryable"], extensions["retryAfterSeconds"]) == ("THROTTLED", True, 60)


async def test_time_up_while_waiting_changes_nothing() -> None:
    """The caller's own deadline bounds a write that was sent: its outcome is then unknown, and it is not repeated."""
    async with running() as gateway:
        gateway.emulator.faults.add(FaultRule(fault=Delay(5), method="POST"))
        answer = await gateway.execute(CREATE, {"input": INPUT}, headers={"x-deadline-ms": "250"})
        assert answer["errors"][0]["extensions"]["code"] == "OUTCOME_UNKNOWN"
        gateway.emulator.faults.add(FaultRule(fault=Delay(5), method="GET"))
        answer = await gateway.execute(READ, {"id": "x"}, headers={"x-deadline-ms": "250"})
        assert answer["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
        assert [entry.method for entry in gateway.emulator.journal] == ["POST", "GET"]


@pytest.mark.parametrize(("document", "method"), [(UPDATE, "PATCH"), (DELETE, "DELETE")])
async def test_other_writes_are_not_repeated_either(gateway: Harness, document: str, method: str) -> None:
    """A lost answer to an update or a delete leaves its outcome unknown."""
    connection = (await gateway.execute(CREATE, {"input": INPUT}))["data"]["createCloudPcConnection"]
    gateway.emulator.journal.clear()
    gateway.emulator.faults.add(FaultRule(fault=DropAfter(), method=method))
    answer = await gateway.execute(document, {"id": connection["id"]})
    assert answer["errors"][0]["extensions"]["code"] == "OUTCOME_UNKNOWN"
    assert [entry.method for entry in gateway.emulator.journal] == [method]


async def test_an_update_that_cannot_be_read_back_says_that_it_was_done(gateway: Harness) -> None:
    """Graph reported 204; what failed is the read after it."""
    connection = (await gateway.execute(CREATE, {"input": INPUT}))["data"]["createCloudPcConnection"]
    gateway.emulator.faults.add(FaultRule(fault=Refuse(403, "Forbidden", "No."), method="GET"))
    answer = await gateway.execute(UPDATE, {"id": connection["id"]})
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "OUTCOME_UNKNOWN"
    assert error["message"].startswith("Microsoft Graph reported 204, so the write was done; reading id ")


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(ClampedTop(2), None, id="clamped $top"),
        pytest.param(IgnoredOptions(("$top",)), None, id="ignored $top"),
        pytest.param(EmptyPage(), 1, id="an empty page with a link"),
    ],
)
async def test_pages_of_any_size_make_full_slices(gateway: Harness, fault: Fault, times: int | None) -> None:
    """However Graph cuts its pages, callers get what `first` says and can go on."""
    plain = (await gateway.execute(PAGE, {"first": 12}))["data"]["cloudPcConnections"]["nodes"]
    gateway.emulator.faults.add(FaultRule(fault=fault, times=times))
    one = (await gateway.execute(PAGE, {"first": 7}))["data"]["cloudPcConnections"]
    two = (await gateway.execute(PAGE, {"first": 5, "after": one["pageInfo"]["endCursor"]}))["data"]
    assert one["nodes"] + two["cloudPcConnections"]["nodes"] == plain


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(StrayNextLink(), id="another host"),
        pytest.param(StrayNextLink(origin=None, path="/v1.0/me"), id="another path"),
        pytest.param(IgnoredOptions(("$filter",)), id="an ignored filter"),
        pytest.param(OmittedMembers(("id",)), id="rows without key"),
    ],
)
async def test_an_answer_that_cannot_be_trusted_is_an_error(gateway: Harness, fault: Fault) -> None:
    """A token goes nowhere else, and no row is wrong."""
    gateway.emulator.faults.add(FaultRule(fault=fault, times=None))
    answer = await gateway.execute(PAGE, {"first": 2, "filter": {"displayName": {"ne": "nobody has this name"}}})
    if isinstance(fault, IgnoredOptions):
        answer = await gateway.execute(PAGE, {"filter": {"displayName": {"eq": "nobody has this name"}}})
    assert answer["errors"][0]["extensions"]["code"] == "UPSTREAM_UNSUPPORTED"
    assert {entry.path for entry in gateway.emulator.journal} == {
        "/v1.0/tenantRelationships/managedTenants/cloudPcConnections"
    }


async def test_a_failing_page_is_an_error_not_a_short_list(gateway: Harness) -> None:
    """Rows that were read already are not told as if they were all."""
    gateway.emulator.faults.add(
        FaultRule(fault=ClampedTop(2), times=1), FaultRule(fault=Refuse(500, "generalException", "Oops."))
    )
    answer = await gateway.execute(PAGE, {"first": 5})
    assert answer["data"] == {"cloudPcConnections": None}
    assert answer["errors"][0]["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_a_refusal_says_what_graph_said_and_what_to_do(gateway: Harness) -> None:
    """403 names the least permission and the roles to check; Graph's words and ids are there."""
    answer = await gateway.execute(CREATE, {"input": INPUT}, as_=gateway.graph_token("CloudPC.Read.All"))
    [error] = answer["errors"]
    graph = error["extensions"].pop("graph")
    assert (graph["status"], bool(graph["requestId"]), bool(graph["clientRequestId"])) == (403, True, True)
    assert error["extensions"] == {
        "code": "FORBIDDEN",
        "retryable": False,
        "permissions": ["CloudPC.ReadWrite.All"],
        "hint": "The token needs the delegated permission listed. If it has it, the person lacks a role: check the "
        "GDAP roles for the customer tenant and the Lighthouse role (`myRoles`).",
    }


async def test_the_wrong_version_is_recognised() -> None:
    """v1.0 of the public service has no such segment: the error names the setting."""
    async with running(emulator=Emulator(issuer=ISSUER, namespace_versions=("beta",))) as gateway:
        [error] = (await gateway.execute(CREATE, {"input": INPUT}))["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_UNSUPPORTED"
    assert "GATEWAY_GRAPH_VERSION=beta" in error["extensions"]["hint"]
