"""Trusted documents: named by their ids, refused or told of if they are others, read again when they change."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.clock import SystemClock
from gateway.documents import Document, Documents
from gateway.settings import SettingsError
from gateway.trusted import TrustedDocuments
from tests.harness import Harness, running
from tests.test_documents import LIMITS, SCHEMA
from tests.test_telemetry import operations

TAG = "query Tag($id: ID!) { tenantTag(id: $id) { id } }"
OTHER = "{ tenantTags(first: 1) { totalCount } }"
NEVER = "query Never { __typename }"
SWITCHED = """
query Switched($a: Boolean!, $b: Boolean!) { tenantTags { totalCount @skip(if: $a) id: __typename @include(if: $b) } }
"""
IDS = {"tag": TAG, "sha256:0c4d": OTHER, "again": OTHER, "switched": SWITCHED}


def write(path: Path, ids: Mapping[str, str]) -> None:
    path.write_text(json.dumps(ids), encoding="utf-8")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    write(path, IDS)
    return path


@asynccontextmanager
async def trusting(manifest: Path, mode: str = "only", compiled: str = "true", **seams: Any) -> AsyncIterator[Harness]:
    environ = {"GATEWAY_TRUSTED_DOCUMENTS": mode, "GATEWAY_TRUSTED_DOCUMENTS_PATH": str(manifest)}
    environ |= {"GATEWAY_COMPILED": compiled}
    async with running(environ, **seams) as gateway:
        yield gateway


async def send(gateway: Harness, **members: Any) -> Any:
    """The body of the answer to a request with just these members; if it is refused, the error's code."""
    headers = {"authorization": f"Bearer {gateway.token}", "accept": "application/graphql-response+json"}
    response = await gateway.http.post("/graphql", json=members, headers=headers)
    content = response.json()
    return content["data"] if "data" in content else (response.status_code, content["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"documentId": "0c4d"}, id="documentId"),
        pytest.param({"documentId": "sha256:0c4d"}, id="documentId with the name of the hash"),
        pytest.param({"documentId": "again"}, id="another id of the same document"),
        pytest.param({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0c4d"}}}, id="Apollo's way"),
        pytest.param({"documentId": "0c4d", "query": OTHER}, id="id and text"),
        pytest.param({"query": OTHER}, id="the text"),
    ],
)
async def test_a_trusted_document_is_named_in_any_of_the_usual_ways(manifest: Path, members: Any) -> None:
    """Or sent as it is."""
    async with trusting(manifest) as gateway:
        assert (await send(gateway, **members))["tenantTags"]["totalCount"] > 0


async def test_it_can_be_named_in_a_url(manifest: Path) -> None:
    """As a query over GET."""
    async with trusting(manifest) as gateway:
        options = {"documentId": "tag", "variables": '{"id": "none"}'}
        headers = {"authorization": f"Bearer {gateway.token}", "accept": "*/*, text/html"}
        assert (await gateway.http.get("/graphql", params=options, headers=headers)).json() == {
            "data": {"tenantTag": None}
        }


@pytest.mark.parametrize(
    ("mode", "members", "refusal"),
    [
        pytest.param("only", {"query": NEVER}, (403, "UNTRUSTED_DOCUMENT"), id="another document"),
        pytest.param("only", {"query": f"{OTHER} "}, (403, "UNTRUSTED_DOCUMENT"), id="with a space more"),
        pytest.param("only", {"query": "{"}, (403, "UNTRUSTED_DOCUMENT"), id="no document"),
        pytest.param("only", {"query": NEVER, "documentId": "x"}, (403, "UNTRUSTED_DOCUMENT"), id="with an unknown id"),
        pytest.param("log", {"documentId": "x"}, (400, "PERSISTED_QUERY_NOT_FOUND"), id="an unknown id"),
        pytest.param(
            "log", {"documentId": "tag", "query": OTHER}, (400, "BAD_REQUEST"), id="id and text of different ones"
        ),
        pytest.param("log", {"documentId": 5}, (400, "BAD_REQUEST"), id="an id that is no text"),
        pytest.param("log", {"documentId": ""}, (400, "BAD_REQUEST"), id="an empty id"),
        pytest.param("log", {"extensions": {"persistedQuery": "0c4d"}}, (400, "BAD_REQUEST"), id="not Apollo's way"),
        pytest.param(
            "log",
            {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0c4d"}}},
            (400, "BAD_REQUEST"),
            id="a later version of Apollo's way",
        ),
        pytest.param(
            "log",
            {"extensions": {"persistedQuery": {"version": 1}}},
            (400, "BAD_REQUEST"),
            id="Apollo's without a hash",
        ),
    ],
)
async def test_what_is_not_trusted_is_refused(manifest: Path, mode: str, members: Any, refusal: Any) -> None:
    """Before it is parsed, and with a code of its own where clients know one."""
    async with trusting(manifest, mode) as gateway:
        assert await send(gateway, **members) == refusal
        assert gateway.sent == []


async def test_a_gateway_without_trusted_documents_says_so(gateway: Harness) -> None:
    """Apollo's clients then send the text; what comes with one runs."""
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0c4d"}}}
    assert await send(gateway, **persisted) == (400, "PERSISTED_QUERY_NOT_SUPPORTED")
    assert await send(gateway, query=NEVER, **persisted) == {"__typename": "Query"}


async def test_others_are_told_of(manifest: Path, logs: list[str]) -> None:
    """With `log` they run, and an operator sees whom `only` would lock out."""
    async with trusting(manifest, "log") as gateway:
        assert await send(gateway, query=NEVER) == {"__typename": "Query"}
        await send(gateway, documentId="0c4d")
        await send(gateway, query="{", documentId="x")
    assert [line.get("trusted") for line in operations(logs)] == [False, True, False]


async def test_they_are_compiled_before_anyone_asks(manifest: Path) -> None:
    """For each value of the variables in `@skip` and `@include`; a document without a plan is no fault."""
    write(manifest, {**IDS, "told": "{ __schema { description } }"})
    registry = CollectorRegistry()
    async with trusting(manifest, registry=registry) as gateway:
        for a, b in ((True, False), (False, True)):
            await send(gateway, documentId="switched", variables={"a": a, "b": b})
        await send(gateway, documentId="told")
    ways = {
        way: registry.get_sample_value("gateway_executions_total", {"way": way}) for way in ("planned", "interpreted")
    }
    assert ways == {"planned": 2, "interpreted": 1}


async def test_without_plans_they_run_too(manifest: Path) -> None:
    """`GATEWAY_COMPILED=false` holds for them."""
    async with trusting(manifest, compiled="false") as gateway:
        assert await send(gateway, documentId="tag", variables={"id": "none"}) == {"tenantTag": None}


@pytest.mark.parametrize(
    ("ids", "faults"),
    [
        pytest.param(
            {"x": "{ nothing }"}, ["document x: Cannot query field 'nothing' on type 'Query'."], id="not of the schema"
        ),
        pytest.param({"x": "{"}, ["document x: Syntax Error: Expected Name, found <EOF>."], id="no document"),
        pytest.param(
            {"x": "{ " + "__typename " * 51 + "}"},
            ["document x: The operation has root fields: 51. Allowed: 50 (GATEWAY_MAX_ROOT_FIELDS)."],
            id="over a limit",
        ),
        pytest.param(
            {str(number): f"{{ nothing{number} }}" for number in range(30)},
            [
                *(f"document {n}: Cannot query field 'nothing{n}' on type 'Query'." for n in range(20)),
                "and 10 more faults",
            ],
            id="many",
        ),
    ],
)
async def test_a_document_that_cannot_run_stops_the_start(manifest: Path, ids: Any, faults: list[str]) -> None:
    """All are told, up to a number."""
    write(manifest, ids)
    with pytest.raises(SettingsError) as raised:
        async with trusting(manifest):
            pass
    assert list(raised.value.faults) == [f"GATEWAY_TRUSTED_DOCUMENTS_PATH: {fault}" for fault in faults]


# Changes


class Hasty(SystemClock):
    """Waits a hundredth of what is asked for."""

    def __init__(self) -> None:
        self.waits = 0
        self.has_looked = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.waits += 1
        if self.waits > 2:
            self.has_looked.set()
        await asyncio.sleep(seconds / 100)


async def until_logged(logs: list[str], message: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            for line in logs:
                if line.startswith("{") and json.loads(line)["message"] == message:
                    found: dict[str, Any] = json.loads(line)
                    return found
            await asyncio.sleep(0.01)


async def test_a_change_is_taken_over_without_a_restart(manifest: Path, logs: list[str]) -> None:
    """What is new runs, what is gone does not."""
    clock = Hasty()
    async with trusting(manifest, clock=clock) as gateway:
        await clock.has_looked.wait()
        assert not [line for line in logs if "trusted documents" in line], "nothing has changed yet"
        write(manifest, {"new": NEVER})
        line = await until_logged(logs, "trusted documents were read again")
        assert await send(gateway, documentId="new") == {"__typename": "Query"}
        assert await send(gateway, documentId="tag") == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert line["documents"] == 1


async def test_a_file_more_is_a_change(tmp_path: Path, logs: list[str]) -> None:
    """Of a folder, as another client's build adds it."""
    write(tmp_path / "web.json", {"tag": TAG})
    async with trusting(tmp_path, clock=Hasty()) as gateway:
        write(tmp_path / "mobile.json", {"new": NEVER})
        await until_logged(logs, "trusted documents were read again")
        assert await send(gateway, documentId="new") == {"__typename": "Query"}


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("{"), Path.unlink], ids=["half written", "gone"])
async def test_a_change_that_cannot_be_used_changes_nothing(
    manifest: Path, logs: list[str], spoil: Callable[[Path], Any]
) -> None:
    """It is told in the log, and the next one is looked at again."""
    async with trusting(manifest, clock=Hasty()) as gateway:
        spoil(manifest)
        line = await until_logged(logs, "trusted documents stay as they were")
        assert await send(gateway, documentId="tag", variables={"id": "none"}) == {"tenantTag": None}
        write(manifest, {"new": NEVER})
        await until_logged(logs, "trusted documents were read again")
        assert await send(gateway, documentId="new") == {"__typename": "Query"}
    assert (line["level"], str(manifest) in line["faults"][0]) == ("error", True)


async def test_a_fault_that_lasts_is_told_once(tmp_path: Path, logs: list[str]) -> None:
    """Each look finds it again; the gateway goes on."""
    write(tmp_path / "web.json", {"new": NEVER})
    clock = Hasty()
    async with trusting(tmp_path, clock=clock) as gateway:
        (tmp_path / "web.json").rename(tmp_path / "web.txt")
        await until_logged(logs, "trusted documents stay as they were")
        clock.waits = 0
        clock.has_looked.clear()
        await clock.has_looked.wait()
        assert await send(gateway, documentId="new") == {"__typename": "Query"}
        (tmp_path / "web.txt").rename(tmp_path / "web.json")
    assert len([line for line in logs if line.startswith("{") and "stay as they were" in line]) == 1


async def test_a_look_that_fails_in_a_way_that_nobody_foresaw_ends_nothing(manifest: Path, logs: list[str]) -> None:
    """It is told like a manifest that cannot be used."""

    def fail(_: Document) -> None:
        raise RuntimeError("nobody foresaw it")

    documents = Documents(SCHEMA, LIMITS, introspection=True, cache_entries=9, cache_bytes=999)
    write(manifest, {})
    known = TrustedDocuments(manifest, documents, only=True, make_ready=fail)
    watching = asyncio.create_task(known.watch(Hasty()))
    write(manifest, {"new": "{ name }"})
    line = await until_logged(logs, "trusted documents stay as they were")
    assert line["faults"] == ["RuntimeError('nobody foresaw it')"]
    assert not watching.done()
    watching.cancel()


def replace_quietly(path: Path, ids: Mapping[str, str]) -> None:
    status, other = path.stat(), path.with_suffix(".new")
    write(other, ids)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


async def test_a_file_that_is_replaced_is_noticed_by_more_than_its_time(manifest: Path, logs: list[str]) -> None:
    """Copies can keep the time, and be as long as what was there."""
    write(manifest, {"old": NEVER})
    async with trusting(manifest, clock=Hasty()) as gateway:
        replace_quietly(manifest, {"new": NEVER})
        await until_logged(logs, "trusted documents were read again")
        assert await send(gateway, documentId="old") == (400, "PERSISTED_QUERY_NOT_FOUND")


async def test_what_is_known_already_is_not_made_ready_again(manifest: Path, logs: list[str]) -> None:
    """Nor is a text that has several ids made ready for each."""
    made: list[str] = []
    documents = Documents(SCHEMA, LIMITS, introspection=True, cache_entries=9, cache_bytes=999)
    write(manifest, {"a": "{ name }", "b": "{ name }"})
    known = TrustedDocuments(manifest, documents, only=True, make_ready=lambda each: made.append(each.text))
    watching = asyncio.create_task(known.watch(Hasty()))
    write(manifest, {"a": "{ name }", "c": "{ other { name } }"})
    await until_logged(logs, "trusted documents were read again")
    watching.cancel()
    assert made == ["{ name }", "{ other { name } }"]
