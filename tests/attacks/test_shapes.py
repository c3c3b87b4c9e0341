"""Input of shapes that nobody means: taken for what it is, or refused with a published code, in bounded memory."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import pytest

from tests.harness import Harness
from tests.test_operations import CREATE, INPUT

ECHO: Final = "query ($id: ID!) { tenantTag(id: $id) { id } }"
FIRST: Final = "query ($first: Int) { tenantTags(first: $first) { totalCount } }"


async def sent(gateway: Harness, content: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
    given = {"authorization": f"Bearer {gateway.token}", "content-type": "application/json", **headers}
    return await gateway.http.post("/graphql", content=content, headers=given)


async def code_of(gateway: Harness, content: bytes) -> str:
    """The one code of the answer, or `OK`; nothing unforeseen happens, and the answer stays short."""
    response = await sent(gateway, content)
    assert (response.status_code < 500, len(response.content) < 20_000) == (True, True)
    codes = {each["extensions"]["code"] for each in response.json().get("errors", [])}
    assert len(codes) <= 1
    return next(iter(codes), "OK")


def request(document: str, variables: str = "{}") -> bytes:
    return f'{{"query":{json.dumps(document, ensure_ascii=False)},"variables":{variables}}}'.encode(
        "utf-8", "surrogatepass"
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param("NaN", "BAD_REQUEST", id="NaN"),
        pytest.param("Infinity", "BAD_REQUEST", id="Infinity"),
        pytest.param("-Infinity", "BAD_REQUEST", id="-Infinity"),
        pytest.param("1e400", "BAD_REQUEST", id="beyond a float"),
        pytest.param("9" * 5_000, "BAD_REQUEST", id="5,000 digits"),
        pytest.param("0x10", "BAD_REQUEST", id="hexadecimal"),
        pytest.param("010", "BAD_REQUEST", id="a leading zero"),
        pytest.param("+1", "BAD_REQUEST", id="a plus"),
        pytest.param(".5", "BAD_REQUEST", id="no digit before the point"),
        pytest.param("'a'", "BAD_REQUEST", id="other quotes"),
        pytest.param("[1,]", "BAD_REQUEST", id="a comma too many"),
        pytest.param("[" * 100_000 + "]" * 100_000, "BAD_REQUEST", id="100,000 brackets"),
        pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, "BAD_REQUEST", id="100,000 braces"),
        pytest.param("2147483648", "BAD_USER_INPUT", id="33 bits"),
        pytest.param("18446744073709551616", "BAD_USER_INPUT", id="65 bits"),
        pytest.param("-9223372036854775809", "BAD_USER_INPUT", id="less than 64 bits"),
        pytest.param("1e300", "BAD_USER_INPUT", id="a large float"),
        pytest.param("1.5", "BAD_USER_INPUT", id="a fraction"),
        pytest.param("5e-324", "BAD_USER_INPUT", id="hardly more than 0"),
        pytest.param("true", "BAD_USER_INPUT", id="true"),
        pytest.param('"1"', "BAD_USER_INPUT", id="a text"),
        pytest.param("[1]", "BAD_USER_INPUT", id="a list"),
        pytest.param("-1", "BAD_USER_INPUT", id="-1"),
        pytest.param("-0", "BAD_USER_INPUT", id="-0"),
        pytest.param("1.0", "OK", id="1.0"),
    ],
)
async def test_a_number_is_one_of_its_type(gateway: Harness, value: str, code: str) -> None:
    """JSON's own, within the type's range; none becomes another on the way."""
    assert await code_of(gateway, request(FIRST, f'{{"first":{value}}}')) == code
    assert len(gateway.sent) == (code == "OK")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'"\\ud800"', id="half a surrogate pair, escaped"),
        pytest.param(b'"\\udc00\\ud800"', id="a pair in the wrong order"),
        pytest.param(b'"\xed\xa0\x80"', id="half a surrogate pair"),
        pytest.param(b'"\xed\xa0\xbd\xed\xb8\x80"', id="a pair in six bytes"),
        pytest.param(b'"\xc0\xaf"', id="a slash in two bytes"),
        pytest.param(b'"\xe0\x80\xaf"', id="a slash in three bytes"),
        pytest.param(b'"\xf0\x80\x80\xaf"', id="a slash in four bytes"),
        pytest.param(b'"\xc0\x80"', id="NUL in two bytes"),
        pytest.param(b'"\xf4\x90\x80\x80"', id="beyond Unicode"),
        pytest.param(b'"\xfe\xff"', id="bytes that never are"),
        pytest.param(b'"\xc3"', id="half a character"),
        pytest.param(b'"a\nb"', id="a line break"),
        pytest.param(b'"a\0b"', id="NUL"),
    ],
)
async def test_text_is_utf_8_in_its_one_form(gateway: Harness, text: bytes) -> None:
    """Nothing that one reader takes for a slash and another does not."""
    content = request(ECHO, '{"id":"?"}').replace(b'"?"', text)
    assert (await code_of(gateway, content), gateway.sent) == ("BAD_REQUEST", [])


@pytest.mark.parametrize("place", ["top", "variables", "input"])
async def test_the_last_of_members_of_one_name_counts(gateway: Harness, place: str) -> None:
    """As browsers read JSON; the ones before it have no effect at all."""
    tag = "mutation ($input: CreateTenantTagInput!) { createTenantTag(input: $input) { displayName } }"
    good = '{"displayName":"good"}'
    variables = {
        "top": f'{{"input":{good}}}',
        "variables": f'{{"input":{{"displayName":"bad"}},"input":{good}}}',
        "input": '{"input":{"displayName":"bad","displayName":"good"}}',
    }[place]
    first = b'{"query":"{ bad }",' if place == "top" else b"{"
    response = await sent(gateway, first + request(tag, variables)[1:])
    assert response.json() == {"data": {"createTenantTag": {"displayName": "good"}}}
    [call] = gateway.emulator.journal
    assert call.body["displayName"] == "good"


MANY: Final = "query (" + " ".join(f"$v{number}: Int" for number in range(1_500)) + ") { __typename }"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param("{" * 100_000, "OPERATION_LIMIT", id="100,000 braces"),
        pytest.param("{ a(b: " + "[" * 100_000 + ") }", "OPERATION_LIMIT", id="100,000 brackets"),
        pytest.param("query ($a: " + "[" * 100_000 + ") { a }", "OPERATION_LIMIT", id="a type 100,000 deep"),
        pytest.param("query ($a: " + "[" * 400 + "Int" + "]" * 400 + ") { a }", "GRAPHQL_PARSE_FAILED", id="400"),
        pytest.param("{ " + "...{ " * 3_000 + "a" + " }" * 3_001, "GRAPHQL_PARSE_FAILED", id="3,000 fragments"),
        pytest.param("#" * 900_000, "GRAPHQL_PARSE_FAILED", id="a comment of 900 kB"),
        pytest.param("{ __typename } #" + "x" * 900_000, "OK", id="a comment of 900 kB behind"),
        pytest.param(" ," * 400_000 + "{ __typename }", "OK", id="800 kB of nothing"),
        pytest.param("\ufeff" * 300_000 + "{ __typename }", "OK", id="300,000 byte order marks"),
        pytest.param('{ tenantTag(id: "' + "x" * 900_000 + '") { id } }', "BAD_USER_INPUT", id="a string"),
        pytest.param('{ tenantTag(id: """' + "\n " * 250_000 + '""") { id } }', "BAD_USER_INPUT", id="a block"),
        pytest.param('{ tenantTag(id: "' + "\\u0000" * 120_000 + '") { id } }', "BAD_USER_INPUT", id="escapes"),
        pytest.param(MANY, "GRAPHQL_VALIDATION_FAILED", id="1,500 variables that are not used"),
        pytest.param(MANY.replace("Int", "A"), "GRAPHQL_VALIDATION_FAILED", id="1,500 of an unknown type"),
    ],
)
async def test_much_of_anything_in_a_document_is_bounded(gateway: Harness, document: str, code: str) -> None:
    """Nothing is asked of Graph for it."""
    assert (await code_of(gateway, request(document)), gateway.sent) == (code, [])


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        pytest.param(ECHO, '{"id":"' + "x" * 900_000 + '"}', "BAD_USER_INPUT", id="a variable of 900 kB"),
        pytest.param(ECHO, f'{{"{"x" * 900_000}":1}}', "BAD_USER_INPUT", id="a variable's name of 900 kB"),
        pytest.param(
            "{ __typename }",
            json.dumps(dict.fromkeys(map(str, range(60_000)), 1)),
            "OK",
            id="60,000 values that are not asked for",
        ),
        pytest.param(ECHO, '{"id":' + "[" * 900 + "]" * 900 + "}", "OPERATION_LIMIT", id="a list 900 deep"),
        pytest.param(ECHO, '{"id":[' + "[]," * 200_000 + "[]]}", "BAD_USER_INPUT", id="200,000 lists"),
    ],
)
async def test_much_of_anything_in_variables_is_bounded(
    gateway: Harness, document: str, variables: str, code: str
) -> None:
    """Nor is much more memory needed than for what was sent."""
    with most_memory(60_000_000):
        assert await code_of(gateway, request(document, variables)) == code
    assert gateway.sent == []


async def test_a_long_text_is_passed_on(gateway: Harness) -> None:
    """The limit of a body is the only one of a value that Graph may take."""
    name = "x" * 900_000
    answer = await gateway.execute(CREATE, {"input": {**INPUT, "displayName": name}})
    [call] = gateway.emulator.journal
    assert (call.body["displayName"], answer["data"]["createCloudPcConnection"]["displayName"]) == (name, name)


# Bombs


@contextmanager
def most_memory(most_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most_bytes
    finally:
        tracemalloc.stop()


def bomb(megabytes: int) -> bytes:
    packing = zlib.compressobj(9, wbits=31)
    piece = b" " * 1_000_000
    return b"".join([*(packing.compress(piece) for _ in range(megabytes)), packing.flush()])


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(bomb(100), 413, id="100 MB in 100 kB"),
        pytest.param(gzip.compress(bomb(100)), 400, id="packed twice"),
        pytest.param(gzip.compress(b"{}") + b"x" * 20_000_000, 400, id="20 MB behind the end"),
        pytest.param(gzip.compress(b"{}") * 500_000, 400, id="half a million members"),
        pytest.param(b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"x" * 20_000_000, 400, id="a file name of 20 MB"),
    ],
)
async def test_a_packed_body_costs_what_the_limit_says(gateway: Harness, content: bytes, status: int) -> None:
    """However much it would unpack to, or brings along."""
    pieces = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]

    async def arriving() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    with most_memory(5_000_000):
        response = await sent(gateway, arriving(), **{"content-encoding": "gzip"})
    assert response.status_code == status
