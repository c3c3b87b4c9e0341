"""Limits on documents and variables, at the limit and one over."""

import re
from dataclasses import replace

import pytest
from graphql import DocumentNode, get_introspection_query, parse

from gateway.errors import OperationLimitError
from gateway.limits import Limits, check_document, check_tokens, check_variables

WIDE = Limits(tokens=1_000, depth=1_000, input_depth=1_000, aliases=1_000, root_fields=1_000, directives=1_000)
DEFAULTS = Limits(tokens=10_000, depth=12, input_depth=32, aliases=50, root_fields=50, directives=50)

DOUBLED = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }} " for n in range(40))


def _chained(count: int) -> str:
    spreads = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(count))
    return f"{{ ...f0 }} {spreads} fragment f{count} on Query {{ a }}"


def _parsed(text: str) -> DocumentNode:
    return parse(text, no_location=True)


@pytest.mark.parametrize(
    ("limit", "document", "count"),
    [
        pytest.param("depth", "{ a }", 1, id="depth of one field"),
        pytest.param("depth", "{ a { b { c } } d { e } }", 3, id="depth of the deepest"),
        pytest.param("depth", "{ ... { a { ... on T { b } } } }", 2, id="depth: inline fragments are no level"),
        pytest.param("depth", "{ a { ...f } } fragment f on T { b { c } }", 3, id="depth through a fragment"),
        pytest.param("depth", "{ __schema { types { name } } a { b } }", 2, id="depth without introspection"),
        pytest.param("depth", '{ __type(name: "T") { fields { type { name } } } }', 1, id="depth of introspection"),
        pytest.param("input_depth", "{ a(b: [1]) }", 1, id="input depth of a list"),
        pytest.param("input_depth", "{ a(b: [[{ c: 1, d: [2] }]], e: {}) }", 4, id="input depth of objects in lists"),
        pytest.param("input_depth", "{ a { b(c: { d: { e: $f } }) } }", 2, id="input depth below the root"),
        pytest.param("input_depth", "query ($b: B = { c: [{ d: 1 }] }) { a(b: $b) }", 3, id="input depth of a default"),
        pytest.param("input_depth", "{ ...f } fragment f on T { a(b: [[1]]) }", 2, id="input depth in a fragment"),
        pytest.param("root_fields", "{ a b c: a { d e } }", 3, id="root fields"),
        pytest.param(
            "root_fields", "{ a ...f ... { b } } fragment f on Query { c d }", 4, id="root fields in fragments"
        ),
        pytest.param("root_fields", "{ ...f ...f ...f } fragment f on Query { a b }", 6, id="root fields multiplied"),
        pytest.param("root_fields", "mutation { a b }", 2, id="root fields of a mutation"),
        pytest.param("aliases", "{ a: b { c: d e } f: g }", 3, id="aliases"),
        pytest.param("aliases", "{ ...f ...f } fragment f on Query { a: b { c: d } }", 4, id="aliases multiplied"),
        pytest.param("directives", "{ a @x @y b { c @x } }", 3, id="directives on fields"),
        pytest.param(
            "directives", "query @x { ... @x { a } ...f @x } fragment f on T { b }", 3, id="directives elsewhere"
        ),
        pytest.param("directives", "{ ...f @x ...f } fragment f on T { a @x }", 3, id="directives multiplied"),
        pytest.param("depth", "query A { a } query B { a { b { c } } }", 3, id="depth of any operation"),
    ],
)
def test_a_document_may_reach_each_limit_and_not_exceed_it(limit: str, document: str, count: int) -> None:
    """What is at the limit passes; one over is refused with limit, count and setting."""
    check_document(_parsed(document), replace(WIDE, **{limit: count}))
    name = limit.replace("_", " ")
    with pytest.raises(OperationLimitError) as raised:
        check_document(_parsed(document), replace(WIDE, **{limit: count - 1}))
    assert raised.value.message == (
        f"The operation has {name}: {count}. Allowed: {count - 1} (GATEWAY_MAX_{limit.upper()})."
    )
    assert raised.value.extensions == {"code": "OPERATION_LIMIT", "retryable": False}


@pytest.mark.parametrize(
    ("document", "count"),
    [
        pytest.param("{ a }", 3, id="three"),
        pytest.param('query A($b: [Int!]) { a(b: """c d e""") ...f }', 21, id="strings are one token"),
        pytest.param("{ a, , # a b c\n }", 3, id="commas and comments are none"),
    ],
)
def test_a_document_may_have_as_many_tokens_as_allowed(document: str, count: int) -> None:
    """One token over is refused before anything is parsed."""
    check_tokens(document, replace(WIDE, tokens=count))
    with pytest.raises(OperationLimitError) as raised:
        check_tokens(document, replace(WIDE, tokens=count - 1))
    assert raised.value.message == (
        f"The operation has tokens: more than {count - 1}. Allowed: {count - 1} (GATEWAY_MAX_TOKENS)."
    )


@pytest.mark.parametrize("text", ["", "#", "{ a ? }", '"', '{ a(b: "\\u") }'])
def test_text_without_tokens_is_left_to_the_parser(text: str) -> None:
    """Its error has the location."""
    check_tokens(text, replace(WIDE, tokens=10))


def test_tokens_are_counted_no_further_than_the_limit() -> None:
    """A broken end behind too many tokens is never reached."""
    with pytest.raises(OperationLimitError):
        check_tokens("{" + " a" * 1_000 + " ?", replace(WIDE, tokens=10))


def test_fragments_that_multiply_are_counted_in_full_at_the_cost_of_their_text() -> None:
    """Forty fragments of two spreads each amount to two to the fortieth fields, told at once."""
    document = _parsed(f"{{ ...f0 }} {DOUBLED} fragment f40 on Query {{ a }}")
    with pytest.raises(OperationLimitError, match=re.escape(f"root fields: {2**40}.")):
        check_document(document, WIDE)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("{ ...f } fragment f on Query { a ...f }", id="itself"),
        pytest.param("{ ...f } fragment f on Query { a ...g } fragment g on Query { b ...f }", id="each other"),
        pytest.param("{ ...f }", id="unknown"),
        pytest.param("fragment f on Query { a }", id="no operation"),
        pytest.param("type T { a: Int }", id="no executable document"),
    ],
)
def test_what_validation_refuses_is_left_to_it(document: str) -> None:
    """Fragments in a circle, or unknown ones, neither hang the measure nor break it."""
    check_document(_parsed(document), WIDE)


def test_a_chain_of_fragments_is_as_deep_as_its_fields() -> None:
    """Spreads are no levels, however many follow each other."""
    check_document(_parsed(_chained(50)), replace(WIDE, depth=1))


def test_a_chain_of_fragments_too_long_to_measure_is_too_deep() -> None:
    """Two thousand fragments that spread each other are refused, never a crash."""
    with pytest.raises(OperationLimitError) as raised:
        check_document(_parsed(_chained(2_000)), DEFAULTS)
    assert raised.value.message == "The operation has depth: more than 12. Allowed: 12 (GATEWAY_MAX_DEPTH)."


def test_the_introspection_query_passes_the_default_limits() -> None:
    """GraphiQL and code generators ask for the whole schema in one document."""
    text = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    check_tokens(text, DEFAULTS)
    check_document(parse(text), DEFAULTS)


@pytest.mark.parametrize(
    ("variables", "depth"),
    [
        pytest.param({}, 0, id="none"),
        pytest.param({"a": 1, "b": None, "c": "text"}, 0, id="plain values"),
        pytest.param({"a": [], "b": {}}, 1, id="empty ones count"),
        pytest.param({"a": [1, [2, [3]]], "b": {"c": {}}}, 3, id="the deepest"),
        pytest.param({"a": [{"b": [{"c": 1}]}, 2]}, 4, id="lists and objects"),
    ],
)
def test_variables_may_nest_as_deeply_as_allowed(variables: dict[str, object], depth: int) -> None:
    """One level over is refused."""
    check_variables(variables, replace(WIDE, input_depth=depth))
    if depth:
        with pytest.raises(OperationLimitError) as raised:
            check_variables(variables, replace(WIDE, input_depth=depth - 1))
        assert raised.value.message == (
            f"The operation has input depth: more than {depth - 1}. Allowed: {depth - 1} (GATEWAY_MAX_INPUT_DEPTH)."
        )


def test_very_deep_variables_are_refused_without_recursion() -> None:
    """However deep they are."""
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(OperationLimitError):
        check_variables({"a": value}, DEFAULTS)
    while value:
        value = value.pop()  # type: ignore[assignment]
