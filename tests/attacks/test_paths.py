"""What could lead the gateway, and the access token with it, to another place than the one that is meant."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

import httpx
import orjson
import pytest
from cryptography.fernet import Fernet

from gateway.cursors import MAX_CURSOR_LENGTH
from gateway.emulator.app import Emulator
from gateway.emulator.faults import NEXT_LINK, Attempt, Fault, FaultRule, Redirect
from gateway.emulator.messages import Reply, to_bytes
from tests.harness import GRAPH_URL, ISSUER, Harness, InProcess, running
from tests.test_operations import COLLECTION, CREATE, INPUT, PAGE

KEY: Final = Fernet.generate_key().decode()
HERE: Final = f"{GRAPH_URL}{COLLECTION}"
TAGS: Final = "/v1.0/tenantRelationships/managedTenants/tenantTags"
EVIL: Final = "evil.example"


class Wire(InProcess):
    """Remembers where requests went."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator.graph)
        self.origins: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.origins.add(f"{request.url.scheme}://{request.url.netloc.decode()}")
        return await super().handle_async_request(request)


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    """One whose access tokens went to Graph and nowhere else."""
    emulator = Emulator(issuer=ISSUER)
    wire = Wire(emulator)
    async with running({"GATEWAY_SECRET_KEYS": KEY}, emulator=emulator, wire=wire) as harness:
        yield harness
    assert wire.origins <= {GRAPH_URL}


# Links of Graph's, or of whoever can change its answers


@dataclass(frozen=True, slots=True)
class Linked:
    """The answer with another link to the next page."""

    link: str

    async def __call__(self, attempt: Attempt, /) -> Reply:
        reply = await attempt.done()
        return replace(reply, content=to_bytes({**json.loads(reply.content), NEXT_LINK: self.link}))


@dataclass(frozen=True, slots=True)
class Located:
    """A create that says nothing but where the object is."""

    location: str

    async def __call__(self, attempt: Attempt, /) -> Reply:
        await attempt.done()
        return Reply(201, {"location": self.location})


def meet(gateway: Harness, fault: Fault) -> None:
    gateway.emulator.faults.add(FaultRule(fault=fault, times=1))


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(f"https://{EVIL}{COLLECTION}?a=b", id="another host"),
        pytest.param(f"https://graph.microsoft.com@{EVIL}{COLLECTION}?a=b", id="our host as a user"),
        pytest.param(f"https://graph.microsoft.com:pw@{EVIL}{COLLECTION}?a=b", id="our host as a user with a password"),
        pytest.param(f"https://{EVIL}#@graph.microsoft.com{COLLECTION}?a=b", id="our host in a fragment"),
        pytest.param(f"https://{EVIL}\\@graph.microsoft.com{COLLECTION}?a=b", id="a backslash before our host"),
        pytest.param(f"https://graph.microsoft.com\\.{EVIL}{COLLECTION}?a=b", id="a backslash behind our host"),
        pytest.param(f"https:\\\\{EVIL}{COLLECTION}?a=b", id="backslashes for slashes"),
        pytest.param(f"//{EVIL}{COLLECTION}?a=b", id="no scheme"),
        pytest.param(f"///{EVIL}{COLLECTION}?a=b", id="three slashes"),
        pytest.param(f"/\\{EVIL}{COLLECTION}?a=b", id="a slash and a backslash"),
        pytest.param(f"{GRAPH_URL}//{EVIL}{COLLECTION}?a=b", id="a host for a path"),
        pytest.param(f"HTTPS://graph.microsoft.com{COLLECTION}?a=b", id="a scheme in capitals"),
        pytest.param(f"https://GRAPH.microsoft.com{COLLECTION}?a=b", id="a host in capitals"),
        pytest.param(f"https://graph.microsoft.com.{COLLECTION}?a=b", id="a dot behind our host"),
        pytest.param(f"https://graph.microsoft.com:443{COLLECTION}?a=b", id="the usual port"),
        pytest.param(f"https://graph.microsoft.com:444{COLLECTION}?a=b", id="another port"),
        pytest.param(f"https://graph%2emicrosoft.com{COLLECTION}?a=b", id="an encoded dot"),
        pytest.param(f"https://graph\u3002microsoft.com{COLLECTION}?a=b", id="a dot that is none"),
        pytest.param("http://169.254.169.254/metadata/identity/oauth2/token?a=b", id="the machine's metadata"),
        pytest.param("file:///etc/passwd?a=b", id="a file"),
        pytest.param("data:application/json,{}?a=b", id="data"),
        pytest.param(f"{HERE}X?a=b", id="a collection that begins alike"),
        pytest.param(f"{HERE}/%2e%2e/%2e%2e/users?a=b", id="encoded dots"),
        pytest.param(f"{HERE}/.%2e/users?a=b", id="dots of which one is encoded"),
        pytest.param(f"{HERE};/../users?a=b", id="dots behind a parameter"),
        pytest.param(f"{HERE}%3Fa=b", id="an encoded question mark"),
        pytest.param(f"{HERE}\uff1fa=b", id="a question mark that is none"),
        pytest.param(f"{HERE}#?a=b", id="a fragment"),
        pytest.param(f"{HERE}\t?a=b", id="a tab"),
        pytest.param(f"{HERE}?a=b HTTP/1.1\r\nHost: {EVIL}\r\n\r\n", id="a request of its own"),
    ],
)
async def test_no_token_follows_a_link_that_leads_elsewhere(gateway: Harness, logs: list[str], link: str) -> None:
    """The page is an error; neither the answer nor the log repeats the link."""
    meet(gateway, Linked(link))
    response = await gateway.post(PAGE)
    [error] = response.json()["errors"]
    assert (error["extensions"]["code"], len(gateway.sent)) == ("UPSTREAM_UNSUPPORTED", 1)
    assert EVIL not in response.text
    assert [line for line in logs if EVIL in line or "metadata" in line] == []


@pytest.mark.parametrize("tail", ["#fragment", f"&next=https://{EVIL}/", "&a=/../../users", "&a=b c", "&a=%0d%0aX: y"])
async def test_the_query_of_a_link_leads_nowhere(gateway: Harness, tail: str) -> None:
    """Whatever stands in it, the collection is asked."""
    meet(gateway, Linked(f"{HERE}?$top=1{tail}"))
    after = (await gateway.execute(PAGE, {"first": 50}))["data"]["cloudPcConnections"]["pageInfo"]["endCursor"]
    await gateway.execute(PAGE, {"after": after})
    assert {call.partition("?")[0] for call in gateway.sent} == {f"GET {COLLECTION}"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_token_follows_a_redirect(gateway: Harness, status: int) -> None:
    """Of a read or of a write."""
    for document, variables in ((PAGE, {}), (CREATE, {"input": INPUT})):
        meet(gateway, Redirect(f"https://{EVIL}/", status))
        assert "errors" in await gateway.execute(document, variables)
    assert len(gateway.sent) == 2


@pytest.mark.parametrize(
    ("location", "read"),
    [
        (f"https://{EVIL}{COLLECTION}/a", "/a"),
        (f"{HERE}('a%27%27b')", "/a%27b"),
        (f"{HERE}/%252e%252e", "/%252e%252e"),
        (f"{HERE}/..", None),
        (f"{HERE}/%2e%2e", None),
        (f"{HERE}/a%2F..%2F..", None),
        (f"{HERE}/a%0d%0aHost: {EVIL}", None),
        (f"{HERE}/a?x=y", None),
        (f"https://{EVIL}/other/a", None),
    ],
)
async def test_a_location_is_a_key_at_most(gateway: Harness, location: str, read: str | None) -> None:
    """The object is read where objects are, and not at all by a key that leads elsewhere."""
    meet(gateway, Located(location))
    response = await gateway.post(CREATE, {"input": INPUT})
    assert gateway.sent[1:] == ([] if read is None else [f"GET {COLLECTION}{read}"])
    [error] = response.json()["errors"]
    assert (error["extensions"]["code"], error["message"].isprintable()) == ("OUTCOME_UNKNOWN", True)


# Cursors


async def cursor(gateway: Harness) -> str:
    """One that is good, of a first page."""
    page = (await gateway.execute(PAGE, {"first": 1}))["data"]["cloudPcConnections"]
    gateway.emulator.journal.clear()
    return str(page["pageInfo"]["endCursor"])


def forged(key: bytes) -> str:
    content = ["0" * 32, f"/../../..//{EVIL}/", 0, ["id"], None]
    return Fernet(key).encrypt(orjson.dumps(content)).decode()


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(forged(KEY.encode()), id="sealed with the key itself"),
        pytest.param(forged(Fernet.generate_key()), id="sealed with another key"),
        pytest.param(forged(urlsafe_b64encode(bytes(32))), id="sealed with zeros"),
        pytest.param(f"https://{EVIL}{COLLECTION}?a=b", id="a URL"),
        pytest.param(f"{COLLECTION}?a=b", id="a path"),
        pytest.param("../users", id="dots"),
        pytest.param("gAAAAA" + "A" * 200, id="the beginning of one"),
        pytest.param("A" * (MAX_CURSOR_LENGTH + 1), id="too long"),
        pytest.param("A" * 500_000, id="500 kB"),
        pytest.param("\r\n\0\u2028", id="control characters"),
        pytest.param("", id="empty"),
    ],
)
async def test_a_forged_cursor_is_refused(gateway: Harness, after: str) -> None:
    """Nothing is sent for it."""
    [error] = (await gateway.execute(PAGE, {"after": after}))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["fields"]) == ("BAD_USER_INPUT", ["after"])
    assert gateway.sent == []


async def test_a_replayed_cursor_opens_nothing_for_its_new_holder(gateway: Harness) -> None:
    """Graph is asked with the token of whoever sends it, and decides."""
    after, thief = await cursor(gateway), gateway.graph_token("User.Read")
    [error] = (await gateway.execute(PAGE, {"after": after}, as_=thief))["errors"]
    [call] = gateway.emulator.journal
    assert (error["extensions"]["code"], call.headers["authorization"]) == ("FORBIDDEN", f"Bearer {thief}")


async def test_a_cursor_asks_for_no_more_than_it_was_made_for(gateway: Harness) -> None:
    """Neither for another filter, nor for a field that was not selected, nor at another place."""
    after = await cursor(gateway)
    wider = PAGE.replace("nodes { id displayName }", "nodes { id displayName tenantId }")
    for document, variables in (
        (PAGE, {"after": after, "filter": {"displayName": {"ne": "x"}}}),
        (PAGE, {"after": after, "orderBy": [{"displayName": "ASC"}]}),
        (wider, {"after": after}),
        ("query ($after: String) { tenantTags(after: $after) { nodes { id } } }", {"after": after}),
    ):
        [error] = (await gateway.execute(document, variables))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert gateway.sent == []


# Ids


@pytest.mark.parametrize(
    "document",
    ["query ($id: ID!) { tenantTag(id: $id) { id } }", "mutation ($id: ID!) { deleteTenantTag(id: $id) }"],
    ids=["read", "delete"],
)
@pytest.mark.parametrize(
    ("key", "segment"),
    [
        ("..", None),
        (".", None),
        ("", None),
        ("../users", None),
        ("a/../../users", None),
        ("..\\users", None),
        ("a\0", None),
        ("a\r\nHost: evil.example", None),
        ("a\n", None),
        ("\x7f", None),
        ("%2e%2e", "%252e%252e"),
        ("%2F", "%252F"),
        ("%5c..%5c", "%255c..%255c"),
        ("..%c0%af", "..%25c0%25af"),
        ("%00", "%2500"),
        ("%0d%0a", "%250d%250a"),
        ("...", "..."),
        ("..;", "..%3B"),
        ("\uff0e\uff0e", "%EF%BC%8E%EF%BC%8E"),
        ("a\uff0f..", "a%EF%BC%8F.."),
        ("\u2024\u2024\u2215", "%E2%80%A4%E2%80%A4%E2%88%95"),
        ("a?$select=x", "a%3F%24select%3Dx"),
        ("a#b", "a%23b"),
        ("$batch", "%24batch"),
        ("a')", "a%27%29"),
        ("https://evil.example", None),
        ("a:80@evil.example", "a%3A80%40evil.example"),
        (" ", "%20"),
        ("\x85\u2028\u202e", "%C2%85%E2%80%A8%E2%80%AE"),
    ],
)
async def test_an_id_is_one_segment_of_a_path(gateway: Harness, document: str, key: str, segment: str | None) -> None:
    """Or nothing is sent; what a server might decode once more is encoded once more."""
    answer = await gateway.execute(document, {"id": key})
    method = "DELETE" if document.startswith("mutation") else "GET"
    assert gateway.sent == ([] if segment is None else [f"{method} {TAGS}/{segment}"])
    code = answer["errors"][0]["extensions"]["code"] if "errors" in answer else "NULL"
    assert code == ("BAD_USER_INPUT" if segment is None else "NOT_FOUND" if method == "DELETE" else "NULL")


async def test_an_id_is_one_segment_in_a_batch_too(gateway: Harness) -> None:
    """Where paths stand in JSON."""
    await gateway.execute('{ a: tenantTag(id: "%2e%2e") { id } b: tenantTag(id: "a?b#c") { id } }')
    assert gateway.sent[1:] == [f"GET {TAGS}/%252e%252e", f"GET {TAGS}/a%3Fb%23c"]
