"""What graphql-cop, which auditors run, looks for: its checks by their names, and none finds anything.

https://github.com/dolevf/graphql-cop
"""

from typing import Any

import httpx
import pytest

from tests.harness import Harness, running

SWITCHED_OFF = {"GATEWAY_INTROSPECTION": "false", "GATEWAY_PLAYGROUND": "false"}
INTROSPECTION = "query cop { __schema { types { name fields { name } } } }"


async def refusal(gateway: Harness, document: str) -> tuple[int, str, int]:
    """Status, code and number of errors of a document that must not be run."""
    response = await gateway.post(document)
    errors = response.json()["errors"]
    assert "data" not in response.json()
    return response.status_code, errors[0]["extensions"]["code"], len(errors)


async def sent(gateway: Harness, method: str, **options: Any) -> httpx.Response:
    """The answer to a request that is no POST of JSON."""
    headers = {"authorization": f"Bearer {gateway.token}", "accept": "*/*", **options.pop("headers", {})}
    return await gateway.http.request(method, options.pop("path", "/graphql"), headers=headers, **options)


async def test_alias_overloading(gateway: Harness) -> None:
    """A hundred aliases are too many."""
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))
    assert await refusal(gateway, f"query cop {{ {aliases} }}") == (400, "OPERATION_LIMIT", 1)


async def test_array_based_query_batching(gateway: Harness) -> None:
    """One body is one request."""
    response = await sent(gateway, "POST", json=[{"query": "query cop { __typename }"}] * 10)
    [error] = response.json()["errors"]
    assert (response.status_code, error["message"]) == (
        400,
        "The body must be a JSON object. Several requests in one body are not supported.",
    )


@pytest.mark.parametrize(
    ("directives", "code", "errors"), [(10, "GRAPHQL_VALIDATION_FAILED", 9), (51, "OPERATION_LIMIT", 1)]
)
async def test_directive_overloading(gateway: Harness, directives: int, code: str, errors: int) -> None:
    """Not each of them is worked off, and not many are taken at all."""
    assert await refusal(gateway, f"query cop {{ __typename {'@aa' * directives} }}") == (400, code, errors)


async def test_circular_query_via_introspection(gateway: Harness) -> None:
    """Introspection goes round in no circles."""
    document = "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
    assert (await refusal(gateway, document))[:2] == (400, "GRAPHQL_VALIDATION_FAILED")


async def test_circular_fragment(gateway: Harness) -> None:
    """Nor do fragments."""
    document = "query cop { ...A } fragment A on Query { __typename ...B } fragment B on Query { __typename ...A }"
    assert (await refusal(gateway, document))[:2] == (400, "GRAPHQL_VALIDATION_FAILED")


@pytest.mark.parametrize("document", ["query cop { __typename }", "query cop { x }"])
async def test_trace_mode(gateway: Harness, document: str) -> None:
    """Nothing of how long or where, neither beside data nor in an error."""
    answer = await gateway.execute(document)
    assert "extensions" not in answer
    assert [each for each in answer.get("errors", []) if each["extensions"].keys() - {"code", "retryable"}] == []


async def test_field_duplication(gateway: Harness) -> None:
    """A field that is named 500 times counts 500 times."""
    assert await refusal(gateway, f"query cop {{ {'__typename ' * 500} }}") == (400, "OPERATION_LIMIT", 1)


@pytest.mark.parametrize(("settings", "suggests"), [({}, True), (SWITCHED_OFF, False)])
async def test_field_suggestions(settings: dict[str, str], suggests: bool) -> None:
    """As introspection is switched."""
    async with running(settings) as gateway:
        answer = await gateway.execute("query cop { cloudPcConnectio { id } }")
    assert ("Did you mean" in answer["errors"][0]["message"]) == suggests


@pytest.mark.parametrize(("settings", "is_there"), [({}, True), (SWITCHED_OFF, False)])
async def test_graphiql_detection(settings: dict[str, str], is_there: bool) -> None:
    """The page is one that can be switched off, then with all its files."""
    async with running(settings) as gateway:
        paths = ("/graphiql", "/console", "/playground/start.json", "/graphql")
        answers = {path: await sent(gateway, "GET", path=path, headers={"accept": "text/html"}) for path in paths}
    found = [path for path, each in answers.items() if each.status_code == 200]
    assert found == (["/playground/start.json", "/graphql"] if is_there else [])


@pytest.mark.parametrize(("settings", "is_told"), [({}, True), (SWITCHED_OFF, False)])
async def test_introspection(settings: dict[str, str], is_told: bool) -> None:
    """The schema is told or not told; both are chosen."""
    async with running(settings) as gateway:
        assert ("data" in await gateway.execute(INTROSPECTION)) == is_told


async def test_get_method_query_support(gateway: Harness) -> None:
    """A query may be read by GET, and by nobody without a token: a link in a browser has none."""
    params = {"query": "query cop { __typename }"}
    assert (await sent(gateway, "GET", params=params)).json() == {"data": {"__typename": "Query"}}
    assert (await sent(gateway, "GET", params=params, headers={"authorization": ""})).status_code == 401


async def test_get_based_mutation(gateway: Harness) -> None:
    """A GET changes nothing."""
    response = await sent(gateway, "GET", params={"query": 'mutation cop { deleteTenantTag(id: "x") }'})
    assert (response.status_code, response.headers["allow"], gateway.sent) == (405, "POST", [])


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"data": {"query": "query cop { __typename }"}}, id="a form"),
        pytest.param({"files": {"query": (None, "query cop { __typename }")}}, id="a form in parts"),
        pytest.param(
            {"content": '{"query":"{__typename}"}', "headers": {"content-type": "text/plain"}}, id="text that is JSON"
        ),
        pytest.param({"params": {"query": "query cop { __typename }"}}, id="a URL"),
        pytest.param({"content": '{"query":"{__typename}"}', "headers": {"content-type": ""}}, id="no type"),
    ],
)
async def test_post_based_urlencoded_query(gateway: Harness, options: dict[str, Any]) -> None:
    """What a page of another origin can send without being asked first is refused, even with a token."""
    response = await sent(gateway, "POST", **options)
    assert (response.status_code, "data" in response.json()) == (415, False)


async def test_cookies_are_no_token(gateway: Harness) -> None:
    """A browser adds nothing by itself that lets a request pass: there is nothing to forge one with."""
    cookie = f"access_token={gateway.token}; Authorization=Bearer {gateway.token}"
    response = await sent(
        gateway, "POST", json={"query": "{ __typename }"}, headers={"authorization": "", "cookie": cookie}
    )
    assert (response.status_code, "set-cookie" in response.headers) == (401, False)


async def test_unhandled_error_detection(gateway: Harness) -> None:
    """No exception is told, only what is wrong with the document."""
    assert await gateway.execute("qwerty cop { abc }") == {
        "errors": [
            {
                "message": "Syntax Error: Unexpected Name 'qwerty'.",
                "locations": [{"line": 1, "column": 1}],
                "extensions": {"code": "GRAPHQL_PARSE_FAILED", "retryable": False},
            }
        ]
    }
