"""Creates with an idempotency key: what the caller sees, what Graph receives, what is kept."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from gateway.emulator.app import Emulator
from gateway.emulator.faults import (
    ChangedMembers,
    ClampedTop,
    Delay,
    DropAfter,
    DropBefore,
    EmptyBody,
    Fault,
    FaultRule,
    HtmlBody,
    IgnoredOptions,
    Refuse,
    Stack,
)
from gateway.errors import StoreUnavailableError
from gateway.state.buckets import Buckets
from tests.clock import SteppingClock
from tests.harness import ISSUER, Harness, running
from tests.test_operations import INPUT

ROOT = "/v1.0/tenantRelationships/managedTenants"
CONNECTIONS, TAGS, INTENTS = f"{ROOT}/cloudPcConnections", f"{ROOT}/tenantTags", f"{ROOT}/managementIntents"
POST, GET = f"POST {CONNECTIONS}", f"GET {CONNECTIONS}"
CREATE = """
mutation ($input: CreateCloudPcConnectionInput!, $key: String) {
  createCloudPcConnection(input: $input, idempotencyKey: $key) { id displayName lastRefreshedDateTime }
}
"""
CREATE_MANY = """
mutation ($inputs: [CreateTenantTagInput!]!, $key: String, $onError: OnError! = CONTINUE) {
  made: createTenantTags(inputs: $inputs, idempotencyKey: $key, onError: $onError) {
    results { __typename ... on TenantTag { id displayName } ... on ItemError { code } }
  }
}
"""
REPLAYED = {"replayed": ["createCloudPcConnection"]}
UNKNOWN_HINT = "List the objects. If yours is not there, create it with a new key."

Open = Callable[..., AbstractAsyncContextManager[Harness]]


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(time=time.time())


@pytest.fixture
def emulator(clock: SteppingClock) -> Emulator:
    return Emulator(issuer=ISSUER, clock=clock)


@pytest.fixture
def open_gateway(tmp_path: Path, clock: SteppingClock, emulator: Emulator) -> Open:
    """Opened again it is another process before the same Graph, with the same store."""

    @asynccontextmanager
    async def opened(**environ: str) -> AsyncIterator[Harness]:
        url = {"GATEWAY_STORE_URL": f"sqlite:///{tmp_path}/store.db"}
        async with running(url | environ, emulator=emulator, clock=clock) as gateway:
            yield gateway

    return opened


@pytest.fixture
async def keeping(open_gateway: Open) -> AsyncIterator[Harness]:
    """A gateway with a store."""
    async with open_gateway() as gateway:
        yield gateway


async def create(gateway: Harness, key: str | None = "key-1", *, given: Any = INPUT, **options: Any) -> Any:
    return await gateway.execute(CREATE, {"input": given, "key": key}, **options)


def error_of(answer: Any) -> tuple[str, str | None]:
    [error] = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("hint")


def posts(gateway: Harness) -> int:
    return sum(each.startswith("POST") for each in gateway.calls)


def rule(fault: Fault, *, method: str = "POST", **options: Any) -> FaultRule:
    return FaultRule(fault=fault, method=method, path="cloudPcConnections", **options)


async def test_the_same_key_makes_one_object(keeping: Harness) -> None:
    """The second answer is the object as Graph has it now, read with the caller's own token, and says so."""
    first = await create(keeping)
    made = first["data"]["createCloudPcConnection"]
    assert first == {"data": {"createCloudPcConnection": made}}
    keeping.emulator.store.change("cloudPcConnections", made["id"], {"displayName": "Renamed"})
    again = await create(keeping)
    assert again == {
        "data": {"createCloudPcConnection": {**made, "displayName": "Renamed"}},
        "extensions": REPLAYED,
    }
    assert keeping.calls == [GET, POST, GET, f"{GET}/{made['id']}"]
    assert {entry.headers["authorization"] for entry in keeping.emulator.journal} == {f"Bearer {keeping.token}"}


async def test_another_process_knows_the_key(open_gateway: Open) -> None:
    """What one has noted the next one reads."""
    async with open_gateway() as gateway:
        first = await create(gateway)
    async with open_gateway() as gateway:
        assert await create(gateway) == {**first, "extensions": REPLAYED}
        assert posts(gateway) == 1


async def test_a_new_token_of_the_same_person_is_the_same_caller(keeping: Harness) -> None:
    """Tokens are renewed every hour; a key outlives them."""
    first = await create(keeping)
    token = keeping.graph_token(expires_in_seconds=7000)
    assert token != keeping.token
    assert await create(keeping, as_=token) == {**first, "extensions": REPLAYED}


async def test_without_a_key_each_create_is_its_own(keeping: Harness) -> None:
    """One call each, and nothing is read before it."""
    one, other = [(await create(keeping, None))["data"]["createCloudPcConnection"] for _ in range(2)]
    assert one["id"] != other["id"]
    assert keeping.calls == [POST, POST]


@pytest.mark.parametrize("header", ["key-1", '"key-1"'], ids=["bare", "as a structured field"])
async def test_the_header_is_the_same_as_the_argument(keeping: Harness, header: str) -> None:
    """Of one create, whichever way it is given."""
    first = await create(keeping)
    again = await create(keeping, None, headers={"idempotency-key": header})
    assert again == {**first, "extensions": REPLAYED}
    both = await create(keeping, headers={"idempotency-key": header})
    assert both == again


SECOND = 'b: createTenantTag(input: { displayName: "B" }) { id }'


@pytest.mark.parametrize(
    ("document", "header", "message"),
    [
        pytest.param(
            "mutation { a: createTenantTags(inputs: []) { __typename } ...F } "
            f"fragment F on Mutation {{ {SECOND} }}",
            "k",
            "The header `Idempotency-Key` is for an operation with exactly one create; this one has 2.",
            id="two creates",
        ),
        pytest.param(
            'mutation { ... { deleteTenantTag(id: "x") } }',
            "k",
            "The header `Idempotency-Key` is for an operation with exactly one create; this one has 0.",
            id="none",
        ),
        pytest.param(
            f"mutation {{ {SECOND} }}",
            "two words",
            "The header `Idempotency-Key` must be 1 to 255 printable ASCII characters, no spaces.",
            id="malformed",
        ),
        pytest.param(
            f"mutation {{ {SECOND} }}",
            '""',
            "The header `Idempotency-Key` must be 1 to 255 printable ASCII characters, no spaces.",
            id="empty",
        ),
    ],
)
async def test_a_header_that_means_nothing_is_refused(
    keeping: Harness, document: str, header: str, message: str
) -> None:
    """Before anything is sent."""
    response = await keeping.post(document, headers={"idempotency-key": header})
    [error] = response.json()["errors"]
    assert (response.status_code, error["message"]) == (400, message)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert keeping.calls == []


async def test_queries_may_have_the_header(keeping: Harness) -> None:
    """Some clients send one with everything."""
    answer = await keeping.execute("{ tenantTags { nodes { id } } }", headers={"idempotency-key": "k"})
    assert list(answer) == ["data"]


@pytest.mark.parametrize(
    ("key", "header", "message"),
    [
        pytest.param("", None, "`idempotencyKey` must be 1 to 255 printable ASCII characters, no spaces.", id="empty"),
        pytest.param("ä", None, "`idempotencyKey` must be 1 to 255 printable ASCII characters, no spaces.", id="text"),
        pytest.param(
            "x" * 256, None, "`idempotencyKey` must be 1 to 255 printable ASCII characters, no spaces.", id="long"
        ),
        pytest.param("a", "b", "`idempotencyKey` and the header `Idempotency-Key` differ.", id="another header"),
    ],
)
async def test_a_key_that_means_nothing_is_refused(
    keeping: Harness, key: str, header: str | None, message: str
) -> None:
    """It is named, and nothing is sent."""
    answer = await create(keeping, key, headers={"idempotency-key": header} if header else None)
    [error] = answer["errors"]
    assert (error["message"], error["extensions"]["fields"]) == (message, ["idempotencyKey"])
    assert keeping.calls == []


async def test_without_a_store_keys_are_refused(gateway: Harness) -> None:
    """A key that protects nothing must not look as if it did."""
    answer = await create(gateway)
    assert error_of(answer) == ("BAD_USER_INPUT", "Its operator can give it a store for them: GATEWAY_STORE_URL.")
    assert gateway.calls == []
    assert "errors" not in await create(gateway, None)


async def test_another_input_under_the_same_key_is_a_conflict(keeping: Harness) -> None:
    """Also another kind of object; the order of members is no difference."""
    await create(keeping)
    assert "errors" not in await create(keeping, given=dict(reversed(INPUT.items())))
    answer = await create(keeping, given={**INPUT, "displayName": "Other"})
    assert error_of(answer)[0] == "IDEMPOTENCY_CONFLICT"
    tag = await keeping.execute(
        'mutation { createTenantTag(input: { displayName: "T" }, idempotencyKey: "key-1") { id } }'
    )
    assert error_of(tag)[0] == "IDEMPOTENCY_CONFLICT"
    assert posts(keeping) == 1


async def test_callers_have_keys_of_their_own(keeping: Harness) -> None:
    """The same key of another person, app or tenant is another key."""
    others: list[dict[str, Any]] = [{}, {"object_id": "o2"}, {"app_id": "a2"}, {"tenant_id": "t2"}]
    made = [
        await create(keeping, given={**INPUT, "displayName": str(claims)}, as_=keeping.graph_token(**claims))
        for claims in others
    ]
    assert [list(each) for each in made] == [["data"]] * 4
    assert posts(keeping) == 4


async def test_a_forged_token_neither_writes_nor_learns_anything(keeping: Harness) -> None:
    """Whatever it claims to be, and whatever key it guesses: Graph refuses it before the store is asked."""
    await create(keeping)
    forged = f"{keeping.token.rpartition('.')[0]}.AAAA"
    for given in (INPUT, {**INPUT, "displayName": "Other"}):
        assert error_of(await create(keeping, given=given, as_=forged))[0] == "UNAUTHENTICATED"
    assert error_of(await create(keeping, "fresh", as_=forged))[0] == "UNAUTHENTICATED"
    assert "errors" not in await create(keeping, "fresh", given={**INPUT, "displayName": "Mine"})


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 503])
async def test_a_refusal_frees_the_key(keeping: Harness, status: int) -> None:
    """Nothing was made, so the same key may be tried again, with other input too."""
    keeping.emulator.faults.add(rule(Refuse(status, "refused", "No."), times=4 if status == 429 else 1))
    assert "errors" in await create(keeping)
    answer = await create(keeping, given={**INPUT, "displayName": "Mended"})
    assert answer["data"]["createCloudPcConnection"]["displayName"] == "Mended"


@pytest.mark.parametrize("fault", [DropAfter(), HtmlBody(502, after_work=True), EmptyBody(location=False)], ids=repr)
async def test_an_answer_that_is_lost_is_made_good(keeping: Harness, fault: Fault) -> None:
    """The object that was not there before and equals what was sent is the one: it is answered, now and later."""
    keeping.emulator.faults.add(rule(fault))
    answers = [await create(keeping) for _ in range(2)]
    assert answers[0]["extensions"] == REPLAYED
    assert answers[0] == answers[1]
    assert posts(keeping) == 1
    assert len(keeping.emulator.store.all("cloudPcConnections")) == SAMPLES + 1


SAMPLES = len(Emulator(issuer=ISSUER).store.all("cloudPcConnections"))


@pytest.mark.parametrize("fault", [DropBefore(), HtmlBody(), Refuse(500, "internalServerError")], ids=repr)
async def test_what_cannot_be_told_is_never_sent_again(keeping: Harness, fault: Fault) -> None:
    """However often the caller asks, and although nothing was made."""
    keeping.emulator.faults.add(rule(fault))
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"
    assert error_of(await create(keeping)) == ("OUTCOME_UNKNOWN", UNKNOWN_HINT)
    assert posts(keeping) == 1


async def test_an_object_that_appears_later_is_found_then(keeping: Harness) -> None:
    """A request that was thought lost may still arrive."""
    keeping.emulator.faults.add(rule(DropBefore()))
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"
    keeping.emulator.store.add("cloudPcConnections", {**INPUT, "id": "late"})
    answer = await create(keeping)
    assert (answer["data"]["createCloudPcConnection"]["id"], answer["extensions"]) == ("late", REPLAYED)


async def test_an_equal_object_that_was_there_before_is_not_taken_for_it(keeping: Harness) -> None:
    """It is somebody else's, or an earlier one."""
    keeping.emulator.store.add("cloudPcConnections", {**INPUT, "id": "old"})
    keeping.emulator.faults.add(rule(DropBefore()))
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"
    keeping.emulator.faults.add(rule(DropAfter()))
    answer = await create(keeping, "key-2")
    assert answer["data"]["createCloudPcConnection"]["id"] != "old"


@pytest.mark.parametrize(
    "changes",
    [
        {"displayName": "contoso west europe"},
        {"healthCheckStatus": None},
        {"lastRefreshedDateTime": "2026-11-24T09:00:00Z"},
    ],
    ids=["case", "a missing value", "another moment"],
)
async def test_an_object_that_differs_is_not_taken_for_it(keeping: Harness, changes: dict[str, Any]) -> None:
    """Not in one value that was sent."""
    keeping.emulator.faults.add(rule(DropBefore()))
    await create(keeping)
    keeping.emulator.store.add("cloudPcConnections", {**INPUT, "id": "late", **changes})
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"


async def test_the_same_moment_in_other_words_is_no_difference(keeping: Harness) -> None:
    """Graph writes instants in its own way, and may add members of its own."""
    keeping.emulator.faults.add(rule(DropBefore()))
    await create(keeping)
    moment = "2026-11-24T10:00:00.12345670+01:00"
    keeping.emulator.store.add("cloudPcConnections", {**INPUT, "id": "late", "lastRefreshedDateTime": moment, "x": 1})
    assert (await create(keeping))["data"]["createCloudPcConnection"]["id"] == "late"


async def test_two_candidates_are_one_too_many(keeping: Harness) -> None:
    """Which of them it is cannot be told."""
    keeping.emulator.faults.add(rule(DropAfter()))
    keeping.emulator.faults.add(rule(Refuse(503, "busy"), method="GET", skip=1, times=4))
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"
    keeping.emulator.store.add("cloudPcConnections", {**INPUT, "id": "twin"})
    assert error_of(await create(keeping)) == ("OUTCOME_UNKNOWN", UNKNOWN_HINT)


async def test_one_object_is_not_taken_for_two_creates(keeping: Harness) -> None:
    """It counts for the key that made it; the other one, which was lost with the same input, stays unknown."""
    keeping.emulator.faults.add(rule(DropBefore()))
    assert error_of(await create(keeping, "lost"))[0] == "OUTCOME_UNKNOWN"
    assert "errors" not in await create(keeping, "made")
    assert error_of(await create(keeping, "lost"))[0] == "OUTCOME_UNKNOWN"


async def test_a_filter_that_graph_ignores_does_no_harm(keeping: Harness) -> None:
    """Rows that were not asked for are left out."""
    keeping.emulator.faults.add(rule(IgnoredOptions(("$filter",)), method="GET", times=None), rule(DropAfter()))
    assert (await create(keeping))["extensions"] == REPLAYED


async def test_without_a_natural_key_nothing_is_guessed(open_gateway: Open) -> None:
    """Such an object cannot be told from others of its kind."""
    document = 'mutation { createManagementIntent(input: { displayName: "I" }, idempotencyKey: "k") { id } }'
    async with open_gateway(GATEWAY_CONVENTION_WRITES="all") as gateway:
        gateway.emulator.faults.add(FaultRule(fault=DropAfter(), method="POST"))
        for _ in range(2):
            assert error_of(await gateway.execute(document))[0] == "OUTCOME_UNKNOWN"
        assert gateway.calls == [f"GET {INTENTS}", f"POST {INTENTS}", f"GET {INTENTS}"]


@pytest.mark.parametrize("status", [400, 403, 404, 405])
async def test_a_graph_that_does_not_answer_the_question_still_creates(keeping: Harness, status: int) -> None:
    """What cannot be listed cannot be looked for: after a lost answer its outcome stays unknown."""
    keeping.emulator.faults.add(rule(Refuse(status, "no"), method="GET", times=None))
    assert "errors" not in await create(keeping)
    keeping.emulator.faults.add(rule(DropAfter()))
    assert error_of(await create(keeping, "key-2", given={**INPUT, "displayName": "Other"}))[0] == "OUTCOME_UNKNOWN"


async def test_a_graph_that_is_down_is_not_written_to(keeping: Harness) -> None:
    """If it cannot be asked what is there before, the create can wait."""
    keeping.emulator.faults.add(rule(Refuse(503, "down"), method="GET", times=4))
    assert error_of(await create(keeping))[0] == "UPSTREAM_UNAVAILABLE"
    assert posts(keeping) == 0
    assert "errors" not in await create(keeping)


async def test_too_many_equal_objects_are_not_looked_through(keeping: Harness) -> None:
    """Beyond a bound it is not found out which one is new."""
    for number in range(101):
        keeping.emulator.store.add("cloudPcConnections", {**INPUT, "id": f"old-{number}"})
    keeping.emulator.faults.add(rule(DropAfter()))
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"


async def test_pages_without_end_are_not_walked(keeping: Harness) -> None:
    """What a Graph that ignores the filter has of other objects may be more than is looked through."""
    keeping.emulator.faults.add(
        rule(Stack((IgnoredOptions(("$filter",)), ClampedTop(1))), method="GET", times=None), rule(DropAfter())
    )
    assert error_of(await create(keeping))[0] == "OUTCOME_UNKNOWN"


async def test_the_object_may_be_gone(keeping: Harness) -> None:
    """A key is not a way to make it again."""
    made = (await create(keeping))["data"]["createCloudPcConnection"]
    keeping.emulator.store.remove("cloudPcConnections", made["id"])
    answer = await create(keeping)
    assert error_of(answer) == ("NOT_FOUND", "To create another one take a new key.")
    assert answer["data"] == {"createCloudPcConnection": None}
    assert posts(keeping) == 1


async def test_the_second_waits_for_the_first(open_gateway: Open) -> None:
    """Two at once make one object, and both have it."""
    async with open_gateway() as gateway:
        gateway.emulator.faults.add(rule(Delay(0.2)))
        answers = await asyncio.gather(create(gateway), create(gateway))
    assert answers[0]["data"] == answers[1]["data"]
    assert [each.get("extensions") for each in answers].count(REPLAYED) == 1
    assert posts(gateway) == 1


async def test_a_key_is_forgotten_after_its_time(open_gateway: Open, clock: SteppingClock) -> None:
    """As long as GATEWAY_IDEMPOTENCY_HOURS says."""
    async with open_gateway(GATEWAY_IDEMPOTENCY_HOURS="2") as gateway:
        token = gateway.graph_token(expires_in_seconds=100_000)
        first = await create(gateway, as_=token)
        clock.advance(7199)
        assert (await create(gateway, as_=token))["data"] == first["data"]
        clock.advance(2)
        assert (await create(gateway, as_=token))["data"] != first["data"]


async def test_an_answer_that_graphql_core_must_judge_is_sent_once(keeping: Harness) -> None:
    """An operation that is run again from its beginning creates nothing again, and its key is noted once."""
    keeping.emulator.faults.add(rule(ChangedMembers({"displayName": []})))
    assert error_of(await create(keeping))[0] == "UPSTREAM_UNSUPPORTED"
    assert posts(keeping) == 1
    assert (await create(keeping))["extensions"] == REPLAYED


async def test_each_item_of_a_bulk_has_a_key(keeping: Harness) -> None:
    """Sent again, what was made is read and what failed is tried again."""
    inputs = [{"displayName": name} for name in "ABC"]
    keeping.emulator.faults.add(FaultRule(fault=Refuse(409, "no"), method="POST", path="tenantTags$", skip=1))
    first = await keeping.execute(CREATE_MANY, {"inputs": inputs, "key": "k"})
    results = first["data"]["made"]["results"]
    assert [each.get("displayName") for each in results] == ["A", None, "C"]
    again = await keeping.execute(CREATE_MANY, {"inputs": inputs, "key": "k"})
    results[1] = again["data"]["made"]["results"][1]
    assert again["data"]["made"]["results"] == results
    assert again["extensions"] == {"replayed": ["made.results.0", "made.results.2"]}
    assert [entry.body["displayName"] for entry in keeping.emulator.journal if entry.path == TAGS and entry.body] == [
        "A",
        "B",
        "C",
        "B",
    ]


async def test_a_bulk_that_is_lost_is_made_good(keeping: Harness) -> None:
    """Item by item, each looked for by itself."""
    inputs = [{"displayName": f"Tag {number}"} for number in range(25)]
    keeping.emulator.faults.add(FaultRule(fault=DropAfter(), method="POST", path="batch", skip=2))
    answer = await keeping.execute(CREATE_MANY, {"inputs": inputs, "key": "k"})
    assert [each["displayName"] for each in answer["data"]["made"]["results"]] == [
        each["displayName"] for each in inputs
    ]
    assert answer["extensions"] == {"replayed": [f"made.results.{number}" for number in range(20)]}


async def test_a_bulk_that_stops_sends_nothing_after_a_conflict(keeping: Harness) -> None:
    """What follows is not attempted, and its key is free."""
    first = {"inputs": [{"displayName": name} for name in "AB"], "key": "k"}
    await keeping.execute(CREATE_MANY, first)
    given = {"inputs": [{"displayName": name} for name in "AXC"], "key": "k", "onError": "STOP"}
    answer = await keeping.execute(CREATE_MANY, given)
    assert [each.get("code") for each in answer["data"]["made"]["results"]] == [
        None,
        "IDEMPOTENCY_CONFLICT",
        "NOT_ATTEMPTED",
    ]
    answer = await keeping.execute(CREATE_MANY, {**given, "inputs": [{"displayName": name} for name in "ABC"]})
    assert [each.get("displayName") for each in answer["data"]["made"]["results"]] == ["A", "B", "C"]


async def test_a_bulk_that_wants_too_many_calls_frees_its_keys(open_gateway: Open) -> None:
    """It is refused as a whole, and nothing of it is noted."""
    async with open_gateway(GATEWAY_GRAPH_BATCH="false", GATEWAY_MAX_GRAPH_CALLS="5") as gateway:
        variables = {"inputs": [{"displayName": name} for name in "ABC"], "key": "k"}
        answer = await gateway.execute(CREATE_MANY, variables)
        assert [each["code"] for each in answer["data"]["made"]["results"]] == ["OPERATION_LIMIT"] * 3
        assert posts(gateway) == 0
    async with open_gateway() as gateway:
        answer = await gateway.execute(CREATE_MANY, variables)
        assert [each.get("displayName") for each in answer["data"]["made"]["results"]] == ["A", "B", "C"]


async def test_the_store_has_no_secret_and_no_answer(keeping: Harness, tmp_path: Path) -> None:
    """Neither token, nor key, nor input is in its file: hashes and Graph's id alone."""
    answer = await create(keeping)
    content = b"".join(each.read_bytes() for each in tmp_path.glob("store.db*"))  # noqa: ASYNC240 - it is small
    assert answer["data"]["createCloudPcConnection"]["id"].encode() in content
    for text in (keeping.token, keeping.token.rpartition(".")[2], "key-1", *INPUT.values()):
        assert text.encode() not in content


class Failing:
    """A store that does not answer, from the given call on."""

    def __init__(self, after: int) -> None:
        self.buckets: Buckets | None = None
        self.kept: dict[str, bytes] = {}
        self.left = after

    async def get(self, name: str) -> bytes | None:
        self._count()
        return self.kept.get(name)

    async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
        self._count()
        assert lifetime_seconds > 0
        if self.kept.get(name) not in (old, new):
            return False
        self.kept = {key: value for key, value in {**self.kept, name: new}.items() if value is not None}
        return True

    async def close(self) -> None:
        """Nothing is open."""

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailableError.silent()


async def test_a_gateway_starts_without_its_redis() -> None:
    """Only creates with a key need it."""
    environ = {"GATEWAY_STORE_URL": "redis://127.0.0.1:1", "GATEWAY_SECRET_KEYS": Fernet.generate_key().decode()}
    async with running(environ) as gateway:
        assert "errors" not in await create(gateway, None)


@pytest.mark.parametrize("after", [0, 1])
async def test_without_an_answer_of_the_store_nothing_is_sent(after: int) -> None:
    """A create that could not be noted is refused; one without a key, and all else, goes on."""
    async with running(store=Failing(after)) as gateway:
        answer = await create(gateway)
        assert error_of(answer) == (
            "STORE_UNAVAILABLE",
            "Send it again later with the same key. Creates without a key need no store.",
        )
        assert posts(gateway) == 0
        assert "errors" not in await create(gateway, None)
        assert "errors" not in await gateway.execute("{ tenantTags { nodes { id } } }")


@pytest.mark.parametrize("after", [2, 3], ids=["the outcome is not noted", "the object is not claimed"])
async def test_an_outcome_that_cannot_be_noted_is_told_all_the_same(
    after: int, clock: SteppingClock, emulator: Emulator, logs: list[str]
) -> None:
    """And found out once the store answers again and the first try has certainly ended."""
    store = Failing(after)
    async with running(store=store, clock=clock, emulator=emulator) as gateway:
        first = await create(gateway)
        assert list(first) == ["data"]
        assert [line for line in logs if "the outcome of a create was not kept" in line]
        store.left = 100
        clock.advance(60)
        assert await create(gateway) == {**first, "extensions": REPLAYED}
        assert posts(gateway) == 1


async def test_a_key_that_cannot_be_freed_is_told_unknown(
    clock: SteppingClock, emulator: Emulator, logs: list[str]
) -> None:
    """Rather than sent a second time."""
    store = Failing(2)
    async with running(store=store, clock=clock, emulator=emulator) as gateway:
        gateway.emulator.faults.add(rule(Refuse(409, "no")))
        assert error_of(await create(gateway))[0] == "CONFLICT"
        assert [line for line in logs if "an idempotency key was not freed" in line]
        store.left = 100
        clock.advance(60)
        assert error_of(await create(gateway)) == ("OUTCOME_UNKNOWN", UNKNOWN_HINT)
        assert posts(gateway) == 1


async def test_a_try_that_never_ends_is_waited_for_no_longer_than_the_deadline(
    clock: SteppingClock, emulator: Emulator
) -> None:
    """Whoever left it may still be at it: it is neither sent nor looked for before its time is over."""
    store = Failing(2)
    async with running(store=store, clock=clock, emulator=emulator) as gateway:
        first = await create(gateway)
        store.left = 1000
        answer = await create(gateway, headers={"x-deadline-ms": "1000"})
        hint = "Send it again with the same key and input to learn what became of it."
        assert error_of(answer) == ("DEADLINE_EXCEEDED", hint)
        clock.advance(30)
        assert await create(gateway) == {**first, "extensions": REPLAYED}
        assert posts(gateway) == 1


@pytest.mark.parametrize("code", ["STORE_UNAVAILABLE", "DEADLINE_EXCEEDED"])
async def test_a_record_whose_writing_was_not_confirmed_is_taken_back(code: str, emulator: Emulator) -> None:
    """Nothing was sent, so the key is not used up."""

    class Unconfirmed(Failing):
        async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
            swapped = await super().swap(name, old, new, lifetime_seconds=lifetime_seconds)
            if old is None and self.left == 98:
                if code == "DEADLINE_EXCEEDED":
                    await asyncio.Event().wait()
                raise StoreUnavailableError.silent()
            return swapped

    async with running(store=Unconfirmed(100), emulator=emulator) as gateway:
        assert error_of(await create(gateway, headers={"x-deadline-ms": "100"}))[0] == code
        assert "extensions" not in await create(gateway)
        assert posts(gateway) == 1


async def test_a_store_that_never_answers_is_given_up_by_the_deadline(emulator: Emulator) -> None:
    """Nobody waits longer than that, and nothing is sent."""

    class Hanging(Failing):
        async def get(self, name: str) -> bytes | None:
            del name
            await asyncio.Event().wait()
            return None

    async with running(store=Hanging(100), emulator=emulator) as gateway:
        answer = await create(gateway, headers={"x-deadline-ms": "50"})
        assert error_of(answer)[0] == "DEADLINE_EXCEEDED"
        assert posts(gateway) == 0
