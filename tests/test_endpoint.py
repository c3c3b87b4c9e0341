"""GraphQL over HTTP as a client meets it: methods, media types, headers, bodies."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.graph.request import Json
from gateway.presence import LOOK_SECONDS
from tests.harness import Harness, running

QUERY = "{ __typename }"
GRAPHQL_RESPONSE = "application/graphql-response+json"


def code_of(response: httpx.Response) -> Json:
    return response.json()["errors"][0]["extensions"]["code"]


async def send(gateway: Harness, method: str = "POST", **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {gateway.token}", "accept": GRAPHQL_RESPONSE, **options.pop("headers", {})}
    return await gateway.http.request(method, options.pop("url", "/graphql"), headers=headers, **options)


async def test_a_query_is_answered_over_post(gateway: Harness) -> None:
    """The answer has the negotiated media type, is never cached, and carries the request's id."""
    response = await send(gateway, json={"query": QUERY}, headers={"x-request-id": "from-the-caller"})
    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}
    assert {name: response.headers[name] for name in ("content-type", "cache-control", "vary", "x-request-id")} == {
        "content-type": "application/graphql-response+json; charset=utf-8",
        "cache-control": "no-store",
        "vary": "Accept, Accept-Encoding, Authorization, Origin",
        "x-request-id": "from-the-caller",
    }


async def test_a_query_is_answered_over_get(gateway: Harness) -> None:
    """A URL carries the same parameters as a body, variables as JSON."""
    document = "query Q($yes: Boolean!) { __typename @include(if: $yes) }"
    url = httpx.URL("/graphql", params={"query": document, "variables": '{"yes": true}', "operationName": "Q"})
    response = await send(gateway, "GET", url=url)
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


async def test_a_mutation_over_get_is_refused(gateway: Harness) -> None:
    """A GET changes nothing: 405, naming POST, and Graph hears nothing."""
    url = httpx.URL("/graphql", params={"query": 'mutation { deleteTenantTag(id: "1") }'})
    response = await send(gateway, "GET", url=url)
    assert (response.status_code, response.headers["allow"], code_of(response)) == (405, "POST", "BAD_REQUEST")
    assert gateway.sent == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(gateway: Harness, method: str) -> None:
    """Methods that GraphQL over HTTP does not have get 405 with those it has."""
    response = await send(gateway, method)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        pytest.param(b"", {}, 400, id="empty"),
        pytest.param(b"{", {}, 400, id="half a JSON"),
        pytest.param(b'{"query": "\xff"}', {}, 400, id="invalid UTF-8"),
        pytest.param(b"[]", {}, 400, id="a list, so a batch"),
        pytest.param(b'"{ __typename }"', {}, 400, id="a string"),
        pytest.param(b"{}", {}, 400, id="no query"),
        pytest.param(b'{"query": 7}', {}, 400, id="query is a number"),
        pytest.param(b'{"query": ""}', {}, 400, id="query is empty"),
        pytest.param(b'{"query": "{__typename}", "variables": []}', {}, 400, id="variables are a list"),
        pytest.param(b'{"query": "{__typename}", "operationName": {}}', {}, 400, id="operationName is an object"),
        pytest.param(b'{"query": "{__typename}", "extensions": 1}', {}, 400, id="extensions are a number"),
        pytest.param(b"x" * 1_000_001, {}, 413, id="over the limit"),
        pytest.param(b"{}", {"content-type": "text/plain"}, 415, id="not JSON by its type"),
        pytest.param(b"{}", {"content-type": "application/json; charset=latin-1"}, 415, id="other charset"),
        pytest.param(b"{}", {"content-encoding": "br"}, 415, id="other encoding"),
        pytest.param(b"{}", {"content-encoding": "gzip"}, 400, id="not gzip"),
        pytest.param(gzip.compress(b"{}")[:-4], {"content-encoding": "gzip"}, 400, id="gzip cut short"),
        pytest.param(gzip.compress(b" " * 2_000_000), {"content-encoding": "gzip"}, 413, id="over the limit, unpacked"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(
    gateway: Harness, content: bytes, headers: dict[str, str], status: int
) -> None:
    """Each wrong body has its status, no trace in the answer, and the next request works."""
    response = await send(gateway, content=content, headers={"content-type": "application/json", **headers})
    assert (response.status_code, code_of(response)) == (status, "BAD_REQUEST")
    assert "Traceback" not in response.text
    assert (await gateway.post(QUERY)).status_code == 200


async def test_a_compressed_body_is_read(gateway: Harness) -> None:
    """A gzip body counts like the same body without."""
    content = gzip.compress(json.dumps({"query": QUERY}).encode())
    response = await send(
        gateway, content=content, headers={"content-type": "application/json", "content-encoding": "gzip"}
    )
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("document", "members", "code"),
    [
        pytest.param("{", {}, "GRAPHQL_PARSE_FAILED", id="syntax"),
        pytest.param("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED", id="unknown field"),
        pytest.param(
            "query A { __typename } query B { __typename }", {}, "GRAPHQL_VALIDATION_FAILED", id="two, no name"
        ),
        pytest.param(
            "query A { __typename }", {"operationName": "B"}, "GRAPHQL_VALIDATION_FAILED", id="unknown operation name"
        ),
        pytest.param("fragment F on Query { __typename }", {}, "GRAPHQL_VALIDATION_FAILED", id="no operation"),
        pytest.param("{ ...F } fragment F on Query { ...F }", {}, "GRAPHQL_VALIDATION_FAILED", id="circular fragments"),
        pytest.param(
            "{ " + " ".join(f"a{n}: __typename" for n in range(3_000)) + " }", {}, "OPERATION_LIMIT", id="3,000 aliases"
        ),
        pytest.param("{ a " * 150 + "}" * 150, {}, "OPERATION_LIMIT", id="150 deep"),
        pytest.param(
            "query ($f: Int) { tenantTags(first: $f) { totalCount } }",
            {"variables": {"f": "x"}},
            "BAD_USER_INPUT",
            id="variable of the wrong type",
        ),
        pytest.param(
            "query ($id: ID!) { tenantTag(id: $id) { id } }",
            {"variables": {"id": None}},
            "BAD_USER_INPUT",
            id="null for non-null",
        ),
        pytest.param(
            "query ($f: TenantTagFilter) { tenantTags(filter: $f) { totalCount } }",
            {"variables": {"f": {"nope": 1}}},
            "BAD_USER_INPUT",
            id="unknown input field",
        ),
        pytest.param(
            "query ($f: Int) { tenantTags(first: $f) { totalCount } }",
            {"variables": {"f": 10**40}},
            "BAD_USER_INPUT",
            id="a huge number",
        ),
    ],
)
async def test_a_request_error_has_its_status_by_media_type(
    gateway: Harness, document: str, members: dict[str, Any], code: str
) -> None:
    """What ends before execution is a 4xx without `data`; for `application/json` it is 200 if it is well-formed."""
    content = {"query": document, **members}
    modern = await send(gateway, json=content)
    plain = await send(gateway, json=content, headers={"accept": "application/json"})
    assert (modern.status_code, code_of(modern), "data" in modern.json()) == (400, code, False)
    assert (plain.status_code, code_of(plain)) == (200, code)
    assert gateway.sent == []


async def test_accept_that_admits_neither_type_is_refused(gateway: Harness) -> None:
    """406 says which types there are."""
    response = await send(gateway, json={"query": QUERY}, headers={"accept": "text/csv"})
    assert (response.status_code, code_of(response)) == (406, "BAD_REQUEST")


async def test_accept_may_come_in_several_lines(gateway: Harness) -> None:
    """They count like one line (RFC 9110 section 5.3)."""
    headers = [
        ("authorization", f"Bearer {gateway.token}"),
        ("content-type", "application/json"),
        ("accept", "text/html"),
        ("accept", GRAPHQL_RESPONSE),
    ]
    request = httpx.Request("POST", "http://gateway.test/graphql", headers=headers, content=b'{"query":"{__typename}"}')
    response = await gateway.http.send(request)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{GRAPHQL_RESPONSE}; charset=utf-8")


async def test_a_body_that_takes_its_time_is_waited_for(gateway: Harness) -> None:
    """Longer than a request goes on before anybody looks after it."""

    async def hesitate() -> AsyncIterator[bytes]:
        yield b'{"query":'
        await asyncio.sleep(3 * LOOK_SECONDS)
        yield json.dumps(QUERY).encode() + b"}"

    response = await send(gateway, content=hesitate(), headers={"content-type": "application/json"})
    assert (response.status_code, "errors" in response.json()) == (200, False)


async def test_a_body_that_does_not_arrive_in_time_is_refused(gateway: Harness) -> None:
    """A slow sender holds a request for no longer than its deadline."""

    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"query":'
        await asyncio.Event().wait()

    headers = {"content-type": "application/json", "x-deadline-ms": "20"}
    response = await send(gateway, content=trickle(), headers=headers)
    assert (response.status_code, code_of(response)) == (408, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("value", "status"), [("250", 200), ("0", 400), ("-1", 400), ("soon", 400), ("1.5", 400), ("9" * 12, 400)]
)
async def test_the_deadline_header_is_checked(gateway: Harness, value: str, status: int) -> None:
    """`X-Deadline-Ms` is a whole number of milliseconds."""
    response = await send(gateway, json={"query": QUERY}, headers={"x-deadline-ms": value})
    assert response.status_code == status


@pytest.mark.parametrize("value", ["", "with space", "x" * 129, "a\u00e9"])
async def test_a_request_id_that_is_no_plain_word_is_replaced(gateway: Harness, value: str) -> None:
    """What a caller sends as an id cannot write into a log."""
    response = await send(gateway, json={"query": QUERY}, headers={"x-request-id": value.encode()})
    assert response.status_code == 200
    assert response.headers["x-request-id"] != value


async def test_origins_are_refused_unless_they_are_set() -> None:
    """Without `GATEWAY_CORS_ORIGINS` no origin is let in; with it, the named ones are, and may read our headers."""
    preflight = {
        "origin": "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    async with running() as closed, running({"GATEWAY_CORS_ORIGINS": "https://app.example.com"}) as opened:
        refused = await closed.http.options("/graphql", headers=preflight)
        allowed = await opened.http.options("/graphql", headers=preflight)
        answered = await send(opened, json={"query": QUERY}, headers={"origin": "https://app.example.com"})
        stranger = await send(opened, json={"query": QUERY}, headers={"origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in refused.headers
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://app.example.com")
    assert answered.headers["access-control-allow-origin"] == "https://app.example.com"
    assert answered.headers["access-control-expose-headers"] == "Retry-After, X-Request-Id, WWW-Authenticate"
    assert "access-control-allow-origin" not in stranger.headers


async def test_hosts_are_refused_unless_they_are_allowed() -> None:
    """`GATEWAY_ALLOWED_HOSTS` names the hosts that requests may be addressed to."""
    async with running({"GATEWAY_ALLOWED_HOSTS": "gateway.test"}) as gateway:
        assert (await gateway.post(QUERY)).status_code == 200
        assert (await gateway.post(QUERY, headers={"host": "evil.example.com"})).status_code == 400


async def test_nothing_is_parsed_without_a_token(gateway: Harness) -> None:
    """A request without a bearer token is 401 whatever its body is; the challenge blames no token."""
    for sent in ({}, {"authorization": "Basic YTpi"}):
        response = await gateway.http.post("/graphql", content=b"{", headers={"accept": GRAPHQL_RESPONSE, **sent})
        assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
        assert response.headers["www-authenticate"] == 'Bearer realm="gateway"'


async def test_a_long_answer_is_compressed(gateway: Harness) -> None:
    """Clients that accept gzip get it for answers worth it."""
    introspection = "{ __schema { types { name description fields { name description } } } }"
    response = await send(gateway, json={"query": introspection}, headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert response.json()["data"]["__schema"]["types"]


async def test_introspection_can_be_switched_off() -> None:
    """Without introspection the schema is not told, and errors suggest no names."""
    async with running({"GATEWAY_INTROSPECTION": "false"}) as gateway:
        told = await gateway.execute("{ __schema { types { name } } }")
        guessed = await gateway.execute("{ cloudPcConection(id: 1) { id } }")
    assert told["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert guessed["errors"][0]["message"] == "Cannot query field 'cloudPcConection' on type 'Query'."


async def test_health_says_whether_the_process_takes_requests(gateway: Harness) -> None:
    """Both checks work without a token and ask nobody else."""
    live, ready = await gateway.http.get("/health/live"), await gateway.http.get("/health/ready")
    assert (live.status_code, live.json(), ready.status_code, ready.json()) == (
        200,
        {"status": "live"},
        200,
        {"status": "ready"},
    )
    assert gateway.sent == []
