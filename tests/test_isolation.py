"""Two callers at everything that operations share, in any order: none sees or changes what is the other's.

Microsoft Graph is played by a function that writes into each answer whose token it got, and that answers in an order
which Hypothesis chooses. Shared are documents, shapes, plans, tokens' claims, exchanged tokens, signing keys, batches,
idempotency keys, budgets, the queue.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.auth.entra import Entra, HttpClient
from gateway.auth.keys import SigningKeys
from gateway.clock import Deadline, SystemClock
from gateway.emulator.app import Emulator
from gateway.emulator.directory import GATEWAY_APP
from gateway.emulator.tokens import SAMPLE_TENANT, TokenIssuer
from tests.harness import ISSUER, Harness, running
from tests.wire import Answering

CALLERS: Final = ("alice", "bob")

OPERATIONS: Final[Mapping[str, str]] = {
    "the same read": '{ tenantTag(id: "same") { id displayName } }',
    "a literal of one's own": '{ tenantTag(id: "WHO-only") { id displayName } }',
    "a batch": '{ a: tenantTag(id: "x") { displayName } b: tenantTag(id: "y") { displayName } }',
    "a list": "{ tenantTags(first: 2) { nodes { displayName } pageInfo { endCursor } } }",
    "a create": 'mutation { createTenantTag(input: { displayName: "T" }) { description } }',
    "a create with the same key": (
        'mutation { createTenantTag(input: { displayName: "T" }, idempotencyKey: "same") { id description } }'
    ),
    "a create with a key and input of one's own": (
        'mutation { createTenantTag(input: { displayName: "WHO" }, idempotencyKey: "same-too") { description } }'
    ),
    "bulk": (
        'mutation { createTenantTags(inputs: [{ displayName: "T" }, { displayName: "U" }], idempotencyKey: "many") '
        "{ results { ... on TenantTag { description } ... on ItemError { message } } } }"
    ),
    "a mistake": '{ tenantTag(id: "same") { id displayNam displayName } }',
}
"""Each shows whose answer it is, by a member that Graph fills in; but for the mistake."""

SCRIPTS: Final = st.lists(
    st.tuples(st.sampled_from(CALLERS), st.sampled_from(sorted(OPERATIONS))), min_size=2, max_size=7
)


Script = list[tuple[str, str]]
"""Who does what."""

Choose = Callable[[int], int]
"""How many there are → which one."""


class Graph:
    """Answers when it is told to; each answer says whose token came with the request."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.created = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        who = jwt.decode(token, options={"verify_signature": False})["oid"]
        assert not set(re.findall("alice|bob", f"{request.url} {request.content!r}")) - {who}
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        await turn
        content = json.loads(request.content) if request.content else None
        status, body = self._answer(request.method, request.url.path, content, who)
        return httpx.Response(status, json=body)

    def _answer(self, method: str, path: str, content: Any, who: str) -> tuple[int, Any]:
        if path.endswith("$batch"):
            answers = [
                (each["id"], *self._answer(each["method"], each["url"].partition("?")[0], each.get("body"), who))
                for each in content["requests"]
            ]
            return 200, {"responses": [{"id": key, "status": status, "body": body} for key, status, body in answers]}
        if method == "POST":
            self.created += 1
            return 201, {"id": f"{who}-{self.created}", "displayName": content["displayName"], "description": who}
        if path.endswith("tenantTags"):
            return 200, {"value": [{"id": f"{who}-0", "displayName": who}]}
        return 200, {"id": path.rpartition("/")[2], "displayName": who, "description": who}


async def play(
    gateway: Harness,
    graph: Graph,
    tokens: Mapping[str, str],
    script: Script,
    choose: Callable[[int], int],
) -> None:
    """Runs all at once; whenever nothing else happens, one of Graph's answers is chosen to come."""
    documents = [(who, kind, OPERATIONS[kind].replace("WHO", who)) for who, kind in script]
    calls = [asyncio.create_task(gateway.post(text, as_=tokens[who])) for who, _, text in documents]
    while not all(call.done() for call in calls):
        for _ in range(30):
            await asyncio.sleep(0)
        if graph.waiting:
            graph.waiting.pop(choose(len(graph.waiting))).set_result(None)
    for (who, kind, _), call in zip(documents, calls, strict=True):
        text = (await call).text
        (other,) = set(CALLERS) - {who}
        assert other not in text
        assert who in text or kind == "a mistake", text


async def play_alone(mode: str, script: Script, choose: Choose) -> None:
    """In a gateway of its own."""
    with TemporaryDirectory() as folder:
        emulator, graph = Emulator(issuer=ISSUER), Graph()
        environ = {"GATEWAY_GRAPH_BUDGETS": "true", "GATEWAY_MAX_OPERATIONS": "3", **store(Path(folder))}
        secret = emulator.directory.apps[GATEWAY_APP].secret
        if mode == "on-behalf-of":
            environ |= {
                "GATEWAY_AUTH_MODE": mode,
                "GATEWAY_ENTRA_TENANT_ID": SAMPLE_TENANT,
                "GATEWAY_ENTRA_CLIENT_ID": GATEWAY_APP,
                "GATEWAY_ENTRA_CLIENT_SECRET": str(secret),
            }
        async with running(environ, emulator=emulator, wire=Answering(graph)) as gateway:
            issue = gateway.gateway_token if mode == "on-behalf-of" else gateway.graph_token
            tokens = {who: issue(object_id=who) for who in CALLERS}
            await play(gateway, graph, tokens, script, choose)


def store(folder: Path) -> dict[str, str]:
    return {"GATEWAY_STORE_URL": f"sqlite:///{folder}/store.db"}


@pytest.mark.parametrize("mode", ["forward", "on-behalf-of"])
def test_no_order_of_events_shows_one_caller_the_others_data(mode: str) -> None:
    """Neither of callers whose tokens are forwarded, nor of those whose tokens are exchanged."""

    @given(script=SCRIPTS, numbers=st.lists(st.integers(0, 1000), min_size=20, max_size=20))
    @settings(max_examples=60 if mode == "forward" else 15, deadline=None)
    def holds(script: Script, numbers: list[int]) -> None:
        # Numbers, not draws: threads of the store and of MSAL have an order of their own.
        following = iter(numbers * 100)
        asyncio.run(play_alone(mode, script, lambda count: next(following) % count))

    holds()


class Directory(HttpClient):
    """Entra's published keys, a key of its own for each tenant, all under the same key id."""

    def __init__(self, issuers: Mapping[str, TokenIssuer]) -> None:
        self._issuers = issuers

    def get(self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **options: Any) -> "Said":
        del params, headers, options
        tenant = url.split("/")[3]
        if "openid-configuration" in url:
            return Said({"issuer": f"https://entra/{tenant}/v2.0", "jwks_uri": f"https://entra/{tenant}/keys"})
        [key] = self._issuers[tenant].jwks()["keys"]
        return Said({"keys": [{**key, "kid": "same"}]})

    def post(self, url: str, *_: Any, **__: Any) -> "Said":
        raise AssertionError(url)

    def close(self) -> None:
        """Nothing is open."""


class Said:
    status_code = 200
    headers: Mapping[str, str] = {}

    def __init__(self, content: Any) -> None:
        self.text = json.dumps(content)


async def test_a_key_id_is_its_tenants_alone() -> None:
    """Two tenants may publish keys under the same id; each one's tokens are checked with its own, at the same time."""
    issuers = {"alice": TokenIssuer(), "bob": TokenIssuer()}
    entra, clock = Entra(Directory(issuers)), SystemClock()
    keys = SigningKeys(entra, entra_url="https://entra", clock=clock)
    found: list[Awaitable[tuple[jwt.PyJWK, str]]] = [
        keys.find(tenant, "2.0", "same", Deadline.after(clock, 30)) for tenant in (*CALLERS, *CALLERS)
    ]
    for tenant, (key, issuer) in zip((*CALLERS, *CALLERS), await asyncio.gather(*found), strict=True):
        assert issuer == f"https://entra/{tenant}/v2.0"
        (other,) = set(CALLERS) - {tenant}
        assert verifies(issuers[tenant], key)
        assert not verifies(issuers[other], key)
    entra.close()


def verifies(issuer: TokenIssuer, key: jwt.PyJWK) -> bool:
    try:
        jwt.decode(issuer.issue(audience="a", scopes=["s"]), key, algorithms=["RS256"], audience="a")
    except jwt.InvalidSignatureError:
        return False
    return True


@pytest.mark.parametrize("kind", sorted(set(OPERATIONS) - {"a mistake"}))
async def test_each_operation_shows_whose_answer_it_is(kind: str) -> None:
    """Otherwise the tests above could not fail."""
    graph = Graph()
    with TemporaryDirectory() as folder:
        async with running(store(Path(folder)), wire=Answering(graph)) as gateway:
            tokens = {who: gateway.graph_token(object_id=who) for who in CALLERS}
            swapped = {"alice": tokens["bob"], "bob": tokens["alice"]}
            with pytest.raises(AssertionError):
                await play(gateway, graph, swapped, [("alice", kind)], lambda _: 0)
