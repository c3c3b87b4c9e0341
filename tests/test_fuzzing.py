"""What `make fuzz` stands on: requests that can be repeated, a judge that sees, and a way to the smallest request."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

from tests.fuzz.documents import STRINGS, TOKEN
from tests.fuzz.published import faults
from tests.fuzz.requests import GRAPHQL_RESPONSE, JSON, Answer, Maker, Request
from tests.fuzz.shrinking import shrunk

MAKER = Maker.of(build_schema((Path(__file__).parents[1] / "schema.graphql").read_text(encoding="utf-8")), "a.b.c")
REQUEST = Request("POST", "/graphql", (("accept", JSON),), b'{"query": "{ a }"}')


def answered(content: Any, status: int = 200, media_type: str = JSON) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, (("content-type", f"{media_type}; charset=utf-8"),), body)


def error(code: str | None = "BAD_USER_INPUT", message: Any = "No.", **members: Any) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}, **members}


def test_a_request_can_be_made_again() -> None:
    """Seed and number are all that it takes; others make others."""
    made = [MAKER.make(1, number) for number in range(200)]
    assert made == [MAKER.make(1, number) for number in range(200)]
    assert len({repr(each) for each in made}) > 150
    assert made != [MAKER.make(2, number) for number in range(200)]


def test_a_curl_line_has_no_token() -> None:
    """It is printed where others can read it."""
    request = replace(REQUEST, headers=(("authorization", "Bearer a.secret.c"), ("x-empty", "")), body=b'{"a": "\'"}')
    assert request.curl("http://127.0.0.1:1/graphql", "a.secret.c") == (
        "curl -si -X POST http://127.0.0.1:1/graphql -H 'authorization: Bearer '\"$TOKEN\"'' -H 'x-empty;' "
        """--data-binary '{"a": "'"'"'"}'"""
    )
    assert "base64 -d | curl" in replace(request, body=b"\xff").curl("http://127.0.0.1:1/graphql", "a.secret.c")


@pytest.mark.parametrize("text", [each for each in STRINGS if each.startswith(('"""\n', '"\\u'))])
def test_a_literal_is_one_token(text: str) -> None:
    """So that a valid document is damaged between its tokens."""
    assert TOKEN.findall(f"{{ a(b: {text}) }}") == ["{", "a", "(", "b", ":", text, ")", "}"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(answered({"data": None}), id="data"),
        pytest.param(answered({"errors": [error()]}), id="plain"),
        pytest.param(answered({"errors": [error()]}, 400, GRAPHQL_RESPONSE), id="status"),
        pytest.param(answered({"data": {}, "errors": [error(path=["a", 0])]}, 200, GRAPHQL_RESPONSE), id="partial"),
    ],
)
def test_a_published_answer_is_right(answer: Answer) -> None:
    """In both media types."""
    assert list(faults(REQUEST, answer, ("secret",))) == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answered({"data": {"a": "a secret"}}), "the answer has the token"),
        (answered(b"Not Found", 404, "text/plain"), "content type 'text/plain; charset=utf-8'"),
        (answered(b"<html>", 200, "text/html"), "content type 'text/html; charset=utf-8'"),
        (answered(b'{"data": NaN}'), "the body is not JSON"),
        (answered([]), "the body is not a response of GraphQL"),
        (answered({"data": {}, "trace": 1}), "the body is not a response of GraphQL"),
        (answered({"data": {}, "errors": []}), "`errors` is there and has none"),
        (answered({"data": {}}, 400), "status 400 with None"),
        (answered({"errors": [error()]}, 200, GRAPHQL_RESPONSE), "status 200 with BAD_USER_INPUT"),
        (answered({"errors": [error("OVERLOADED")]}, 500), "status 500 with OVERLOADED"),
        (answered({"data": None, "errors": [error("INTERNAL_SERVER_ERROR")]}), "code INTERNAL_SERVER_ERROR"),
        (answered({"data": None, "errors": [error("OUTCOME_UNKNOWN")]}), "code OUTCOME_UNKNOWN"),
        (answered({"data": None, "errors": [error("MINE")]}), "code MINE"),
        (answered({"data": None, "errors": [error(message="")]}), "an error without a message"),
        (answered({"data": None, "errors": [error(message="A KeyError")]}), "Python's KeyError in a message"),
        (answered({"data": None, "errors": [error(locations=[{"line": 0, "column": 1}])]}), "a location is none"),
        (answered({"data": None, "errors": [error(path=[None])]}), "a path is none"),
        (answered({"data": None, "errors": [error(why="")]}), "an error is not in the format of GraphQL"),
    ],
)
def test_any_other_answer_is_told(answer: Answer, told: str) -> None:
    """With what is wrong in it."""
    assert told in list(faults(REQUEST, answer, ("secret",)))


def test_a_failing_request_becomes_small() -> None:
    """What it can do without goes: headers, members, variables, tokens."""
    body = {
        "query": "query ($a: Int) { x y(z: $a) wrong { b } }",
        "variables": {"a": 1, "b": {"c": 2}},
        "extensions": {},
    }
    whole = replace(REQUEST, headers=(("accept", JSON), ("origin", "null")), body=json.dumps(body).encode())
    assert shrunk(whole, lambda each: b"wrong" in each.body) == replace(REQUEST, headers=(), body=b'{"query":"wrong"}')
    no_json = replace(whole, body=b"some bytes with wrong in them")
    assert shrunk(no_json, lambda each: b"wrong" in each.body).body == b"wrong"
