"""Documents of one shape: which they are, and what is lifted out of them."""

from typing import Any

import pytest
from graphql import build_schema, parse, print_ast, strip_ignored_characters

from gateway.documents import Documents
from gateway.limits import Limits
from gateway.literals import lift, split, to_variables

SCHEMA = build_schema(
    """
    directive @oneOf on INPUT_OBJECT
    directive @tag(name: String) on FIELD
    scalar DateTime
    scalar Anything
    enum Color { RED }
    type Query {
      name(id: ID, texts: [String!], count: Int, ratio: Float, at: DateTime, any: Anything, by: By): String
      other: Query
    }
    input By { id: ID!, not: By, color: Color }
    """
)
LIMITS = Limits(tokens=1_000, depth=12, input_depth=32, aliases=50, root_fields=50, directives=50)


def lifted(text: str) -> str | None:
    document = lift(SCHEMA, parse(text), text)
    return None if document is None else strip_ignored_characters(print_ast(document)).replace("_literal_", "")


def documents() -> Documents:
    return Documents(SCHEMA, LIMITS, introspection=True, cache_entries=100, cache_bytes=100_000)


@pytest.mark.parametrize(
    ("text", "shape", "values"),
    [
        pytest.param('{ a(b: "c") }', '{ a(b: "") }', ["c"], id="a string"),
        pytest.param('{ a(b: "", c: "é {1}") }', '{ a(b: "", c: "") }', ["", "é {1}"], id="several"),
        pytest.param("{ a(b: [1,-2,0]) }", "{ a(b: [0,0,0]) }", [1, -2, 0], id="whole numbers"),
        pytest.param(
            "{ a(b: [-0, 1-2, --3, 4]) }", "{ a(b: [-0, 0-2, --3, 0]) }", [1, 4], id="-0, and what is none, stay"
        ),
        pytest.param("{ a1: b2(c: 1) }", "{ a1: b2(c: 0) }", [1], id="digits in names stay"),
        pytest.param("{ a(b: 1.5, c: 1e5, d: 2) }", "{ a(b: 1.5, c: 1e5, d: 0) }", [2], id="other numbers stay"),
    ],
)
def test_a_text_is_split_into_its_shape_and_its_literals(text: str, shape: str, values: list[Any]) -> None:
    """In the order of the text."""
    assert split(text) == (shape, values)


@pytest.mark.parametrize(
    "text",
    [
        "{ a }",
        '{ a(b: "\\n") }',
        '{ a(b: """c""") }',
        '{ a(b: "c") } # "',
        '{ a(b: "c\x01") }',
        '{ a(b: "c\n") }',
        "{ a(b: 01) }",
    ],
)
def test_what_only_a_parser_understands_is_left_whole(text: str) -> None:
    """Escapes, block strings, comments, and what is no GraphQL."""
    assert split(text) is None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param('{ name(id: "a") }', "query($0:ID!){name(id:$0)}", id="an argument"),
        pytest.param("{ name(id: 1, count: 2) }", "query($0:ID!$1:Int!){name(id:$0 count:$1)}", id="numbers"),
        pytest.param("{ name(ratio: 1) }", "query($0:Float!){name(ratio:$0)}", id="a number without a fraction"),
        pytest.param('{ name(at: "x") }', "query($0:DateTime!){name(at:$0)}", id="a scalar of ours"),
        pytest.param('{ name(texts: ["a", "b"]) }', "query($0:String!$1:String!){name(texts:[$0$1])}", id="in a list"),
        pytest.param(
            'query Q($a: ID!) { name(by: { id: $a, not: { id: "b" } }) }',
            "query Q($a:ID!$0:ID!){name(by:{id:$a not:{id:$0}})}",
            id="in an object, beside a variable",
        ),
        pytest.param(
            '{ other { ...F } } fragment F on Query { name(id: "a") }',
            "query($0:ID!){other{...F}}fragment F on Query{name(id:$0)}",
            id="in a fragment",
        ),
        pytest.param('{ name @tag(name: "a") }', "query($0:String!){name@tag(name:$0)}", id="in a directive"),
    ],
)
def test_literals_become_variables(text: str, result: str) -> None:
    """Of the type of their place, which is never null."""
    assert lifted(text) == result


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{ name(texts: "a") }', id="a single value for a list"),
        pytest.param('{ name(any: "a") }', id="a scalar that may tell literals from values"),
        pytest.param('query ($a: ID = "b") { name(id: $a) }', id="a default"),
        pytest.param('query A { name(id: "a") } query B { name }', id="two operations"),
        pytest.param('{ name(id: "_literal_0") }', id="the prefix"),
        pytest.param("{ name(count: 1.5, ratio: 2, any: 3) }", id="one that must stay"),
    ],
)
def test_a_document_is_lifted_whole_or_not_at_all(text: str) -> None:
    """What stays in the text would be taken for the same in all of the shape."""
    assert lifted(text) is None


def test_the_third_document_of_a_shape_is_not_parsed() -> None:
    """The first may be the only one; the second shows what they have in common."""
    known = documents()
    first, second, third = (known.prepare(f'{{ name(id: "{key}") }}') for key in "abc")
    fourth = known.prepare('{ name(id: "d") }')
    assert [dict(each.literals) for each in (first, second)] == [{}, {}]
    assert third.document is fourth.document
    assert (third.literals, fourth.literals) == (to_variables(["c"]), to_variables(["d"]))
    assert print_ast(third.whole().node) == '{\n  name(id: "c")\n}'


def test_a_text_that_comes_again_is_the_same_document() -> None:
    """Whatever others of its shape have come between."""
    known = documents()
    first = known.prepare('{ name(id: "a") }')
    for key in "bcd":
        known.prepare(f'{{ name(id: "{key}") }}')
    assert known.prepare('{ name(id: "a") }').document is first.document


@pytest.mark.parametrize(
    "template",
    [
        pytest.param('{{ name(any: "{}") }}', id="cannot be lifted"),
        pytest.param('{{ name(id: "a") name(id: "a") other {{ name(id: "{}") }} }}', id="equal ones may not differ"),
        pytest.param(f'{{{{ name(id: "{{}}", texts: ["{"x" * 4_000}"]) }}}}', id="long"),
    ],
)
def test_other_documents_are_loaded_one_by_one(template: str) -> None:
    """As they are."""
    known = documents()
    prepared = [known.prepare(template.format(key)) for key in "abcd"]
    assert [dict(each.literals) for each in prepared] == [{}] * 4
    assert len({each.document for each in prepared}) == 4
