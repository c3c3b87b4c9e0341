"""Text that tries to be more than text: in what Graph is sent, in log lines, in headers."""

import json
import time
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gateway.emulator.faults import Attempt, FaultRule, Refuse
from gateway.emulator.messages import Reply
from tests.clock import SteppingClock
from tests.harness import Harness, running
from tests.test_operations import CREATE, INPUT

TAGS: Final = "/v1.0/tenantRelationships/managedTenants/tenantTags"
LIST: Final = "query ($filter: TenantTagFilter) { tenantTags(filter: $filter) { nodes { id } } }"
NASTY: Final = "a\r\nb\nc\rX-Evil: 1\x1b[31m\x9b31m\x85\u2028\u2029\x0b\x0c\x00\x08\x7f"

ATTEMPTS: Final = [
    "'",
    "''",
    "'''",
    "\\'",
    "`'\"",
    "x' or 1 eq 1 or '",
    "' or '1' eq '1",
    "') or (1 eq 1",
    "x')) or true --",
    "' or 1 eq 1 /* ' */",
    "'; drop table tenantTags; --",
    "' and contains(displayName,'",
    "%27 or 1 eq 1 or %27",
    "%2527",
    "%u0027",
    "&#39; or &apos;",
    "\\u0027",
    "x&$filter=true&$top=1",
    "x#",
    "x?$expand=*",
    "a+b c%20d",
    "\u2019 or 1 eq 1",
    "\u2018\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02c8\u05f3\u00b4\u0060",
    "\uff07 or 1 eq 1 or \uff07",
    "\ua78c\u0313\u0315\u055a\u07f4\u07f5",
    "'\u0307",
    "\0' or 1 eq 1",
    "\r\n$filter=true",
    "null",
    "true",
    "@x",
    "$it/displayName",
    "datetime'2026-01-01'",
]
"""The Unicode quotes are such as some databases make `'` of: by NFKC, or by the nearest character of a code page."""


@pytest.mark.parametrize("operator", ["eq", "contains"])
@pytest.mark.parametrize("value", ATTEMPTS, ids=ascii)
async def test_a_value_is_one_literal_of_the_filter(gateway: Harness, value: str, operator: str) -> None:
    """What Graph receives is the filter with the value in it, and nothing besides."""
    answer = await gateway.execute(LIST, {"filter": {"displayName": {operator: value}}})
    literal = "'" + value.replace("'", "''") + "'"
    text = f"displayName eq {literal}" if operator == "eq" else f"contains(displayName,{literal})"
    [call] = gateway.emulator.journal
    assert (f"{call.method} {call.path}", call.body) == (f"GET {TAGS}", None)
    assert call.query == (("$select", "id,displayName"), ("$filter", text), ("$top", "50"))
    assert answer == {"data": {"tenantTags": {"nodes": []}}}


async def test_a_graph_that_takes_another_quote_for_one_shows_nothing(gateway: Harness) -> None:
    """Should what is behind it break the literal, no row that the caller did not ask for comes out."""
    assert unicodedata.normalize("NFKC", "\uff07") == "'"
    gateway.emulator.faults.add(FaultRule(fault=Broken(), method="GET"))
    answer = await gateway.execute(LIST, {"filter": {"displayName": {"eq": "\uff07 or 1 eq 1 or \uff07"}}})
    assert answer["errors"][0]["extensions"]["code"] == "UPSTREAM_UNSUPPORTED"
    assert answer["data"] is None or answer["data"]["tenantTags"] is None


@dataclass(frozen=True, slots=True)
class Broken:
    """The answer to the same call, as if its filter were true of every row."""

    async def __call__(self, attempt: Attempt, /) -> Reply:
        kept = tuple((name, value) for name, value in attempt.call.query if name != "$filter")
        return await attempt.work(attempt.call.with_query(kept))


@pytest.mark.parametrize("value", ATTEMPTS, ids=ascii)
async def test_a_value_of_a_body_is_one_value(gateway: Harness, value: str) -> None:
    """Also one that looks like JSON or OData."""
    await gateway.execute(CREATE, {"input": {**INPUT, "displayName": f'{value}","id":"x'}})
    [call] = gateway.emulator.journal
    assert call.body == {
        "@odata.type": "#microsoft.graph.managedTenants.cloudPcConnection",
        **INPUT,
        "displayName": f'{value}","id":"x',
    }


@pytest.mark.parametrize(
    "given",
    [{"name": "displayName"}, {"displayName": {"eq or 1": "x"}}, {"displayName' or '": {"eq": "x"}}],
    ids=["a property", "an operator", "a property with a quote"],
)
async def test_only_values_come_from_the_caller(gateway: Harness, given: dict[str, Any]) -> None:
    """Names are those of the schema, and what is not of it is not sent."""
    assert "data" not in await gateway.execute(LIST, {"filter": given})
    assert gateway.sent == []


OF_PYTHON: Final = [
    "None",
    "lambda",
    "exec",
    "source",
    "below",
    "get",
    "made",
    "asked",
    "value_0",
    "complete_0",
    "read_0",
]
OF_OTHERS: Final = ["__class__", "__import__", "__proto__", "constructor", "toString", "data", "errors", "extensions"]
NAMES: Final = OF_PYTHON + OF_OTHERS


@pytest.mark.parametrize("compiled", ["true", "false"])
async def test_a_name_is_a_name_in_whatever_is_made_of_a_document(compiled: str) -> None:
    """Also one that means something where plans are written as Python, or to a client in JavaScript."""
    aliases = " ".join(f"{name}: displayName" for name in NAMES)
    document = f"query {NAMES[0]} {{ tenantTags(first: 1) {{ nodes {{ {aliases} }} }} }}"
    async with running({"GATEWAY_COMPILED": compiled}) as gateway:
        for _ in range(3):
            [tag] = (await gateway.execute(document))["data"]["tenantTags"]["nodes"]
            assert list(tag) == NAMES
            assert len(set(tag.values())) == 1


# Log lines and headers


def assert_plain(logs: list[str], response: httpx.Response) -> None:
    """Each log line is one line; in neither it nor a header is anything that ends a line or speaks to a terminal."""
    assert [line for line in logs if len(line.splitlines()) != 1 or not line.isprintable()] == []
    assert [f"{name}: {value}" for name, value in response.headers.items() if not value.isprintable()] == []
    assert "x-evil" not in response.headers


async def sent(gateway: Harness, name: str, value: str) -> httpx.Response:
    """The answer to a create with a header that no HTTP server would let through."""
    given = {"content-type": "application/json", "authorization": f"Bearer {gateway.token}", name: value}
    headers = [(each.encode(), given[each].encode("latin-1")) for each in given]
    return await gateway.http.post("/graphql", json={"query": CREATE, "variables": {"input": INPUT}}, headers=headers)


@dataclass(frozen=True, slots=True)
class Telling:
    """A refusal that has the text wherever Graph says something."""

    text: str

    async def __call__(self, attempt: Attempt, /) -> Reply:
        # In a header what is beyond Latin-1 cannot be.
        latin = self.text.encode("latin-1", "ignore").decode("latin-1")
        names = ("request-id", "client-request-id", "date", "retry-after", "www-authenticate", "location", "x-evil")
        reply = await Refuse(403, self.text, self.text, dict.fromkeys(names, latin))(attempt)
        error = {"code": self.text, "message": self.text, "target": self.text}
        inner = {"code": self.text, "request-id": self.text, "date": self.text, "innerError": {"code": self.text}}
        return replace(reply, content=json.dumps({"error": {**error, "innerError": inner}}).encode())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
async def test_what_graph_says_stays_on_its_line(logs: list[str], status: int) -> None:
    """Codes, messages, ids and dates of a refusal, in the log, in headers and in the answer."""

    @dataclass(frozen=True, slots=True)
    class Answered:
        async def __call__(self, attempt: Attempt, /) -> Reply:
            return replace(await Telling(NASTY)(attempt), status=status)

    async with running(clock=SteppingClock(time=time.time())) as gateway:
        gateway.emulator.faults.add(FaultRule(fault=Answered(), times=None))
        response = await gateway.post(CREATE, {"input": INPUT})
    assert "errors" in response.json()
    [error] = response.json()["errors"]
    said = [error["message"], *error["extensions"]["graph"].values(), *error["extensions"]["graph"]["innerCodes"]]
    assert [text for text in said if isinstance(text, str) and not text.isprintable()] == []
    assert_plain(logs, response)


HEADERS: Final = (
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "x-deadline-ms",
    "accept",
    "accept-encoding",
    "origin",
    "idempotency-key",
    "user-agent",
    "x-forwarded-for",
    "referer",
    "cookie",
    "content-encoding",
    "content-type",
)


@pytest.mark.parametrize("name", HEADERS)
async def test_what_a_caller_says_in_a_header_stays_there(gateway: Harness, logs: list[str], name: str) -> None:
    """It begins no line of the log and no header of the answer, and is not sent on."""
    text = NASTY.encode("latin-1", "ignore").decode("latin-1")
    assert_plain(logs, await sent(gateway, name, text))
    assert [call for call in gateway.emulator.journal if "Evil" in str(dict(call.headers))] == []
    assert [line for line in logs if "Evil" in line] == []


@pytest.mark.parametrize(
    "value", ["a\n", "a\r", "a\x85", "a\u2028".encode().decode("latin-1"), "a b", "a;b", "\x1b[31m"]
)
async def test_a_request_id_that_could_split_a_line_is_replaced(gateway: Harness, logs: list[str], value: str) -> None:
    """The one at the end of a text included, which `$` would let through."""
    response = await sent(gateway, "x-request-id", value)
    assert response.headers["x-request-id"].replace("-", "").isalnum()
    assert len(response.headers["x-request-id"]) == 36
    assert_plain(logs, response)


@pytest.mark.parametrize(
    ("document", "variables", "members"),
    [
        pytest.param("query A { __typename }", {}, {"operationName": NASTY}, id="an operation name"),
        pytest.param(f"query A{NASTY} {{ __typename }}", {}, {}, id="a name in a document"),
        pytest.param(f'{{ a(b: "{NASTY}") }}', {}, {}, id="a string in a document"),
        pytest.param(f"{{ __typename }} # {NASTY} {{", {}, {}, id="a comment"),
        pytest.param("query ($id: ID!) { tenantTag(id: $id) { id } }", {"id": NASTY}, {}, id="an id"),
        pytest.param("query ($id: ID!) { tenantTag(id: $id) { id } }", {NASTY: NASTY}, {}, id="a variable's name"),
        pytest.param(LIST, {"filter": {NASTY: NASTY}}, {}, id="a member's name"),
        pytest.param(LIST, {"filter": {"createdDateTime": {"eq": NASTY}}}, {}, id="a date"),
        pytest.param(CREATE, {"input": {**INPUT, NASTY: 1}}, {}, id="a member of an input"),
        pytest.param(CREATE, {"input": {**INPUT, "lastRefreshedDateTime": NASTY}}, {}, id="a date of an input"),
        pytest.param(
            CREATE.replace("(input: $input)", f"(input: $input, idempotencyKey: {json.dumps(NASTY)})"),
            {"input": INPUT},
            {},
            id="an idempotency key",
        ),
        pytest.param(
            "query ($after: String) { tenantTags(after: $after) { totalCount } }", {"after": NASTY}, {}, id="a cursor"
        ),
        pytest.param(None, {}, {"documentId": NASTY}, id="the id of a document"),
        pytest.param("{ __typename }", {}, {"extensions": {"persistedQuery": {NASTY: NASTY}}}, id="an extension"),
    ],
)
async def test_what_a_caller_says_in_a_body_stays_on_its_line(
    tmp_path: Path, logs: list[str], document: str, variables: dict[str, Any], members: dict[str, Any]
) -> None:
    """Whatever becomes of it."""
    async with running({"GATEWAY_STORE_URL": f"sqlite:///{tmp_path}/store.db"}) as gateway:
        assert_plain(logs, await gateway.post(document, variables, **members))
