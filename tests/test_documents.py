"""From text to a document that may run, and what is kept of it."""

import gc
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import build_schema, get_introspection_query

from gateway.documents import MAX_VALIDATION_ERRORS, Document, DocumentError, Documents
from gateway.errors import GatewayError, OperationLimitError, ParseFailedError, ValidationFailedError
from gateway.limits import Limits

SCHEMA = build_schema(
    """
    directive @oneOf on INPUT_OBJECT
    type Query { name(by: By): String, other: Query }
    type Mutation { rename(to: String!): String }
    input By { id: ID, name: String }
    """
)
LIMITS = Limits(tokens=1_000, depth=12, input_depth=32, aliases=50, root_fields=50, directives=50)


def _documents(
    *, introspection: bool = True, cache_entries: int = 100, cache_bytes: int = 100_000, limits: Limits = LIMITS
) -> Documents:
    return Documents(SCHEMA, limits, introspection=introspection, cache_entries=cache_entries, cache_bytes=cache_bytes)


@dataclass(frozen=True)
class Refusal:
    outcome: type[GatewayError]
    errors: list[Any]


def _refusal(text: str, *, introspection: bool = True) -> Refusal:
    with pytest.raises(DocumentError) as raised:
        _documents(introspection=introspection).load(text)
    assert str(raised.value) == raised.value.errors[0].message
    return Refusal(raised.value.outcome, [each.formatted for each in raised.value.errors])


def test_a_valid_document_is_loaded_with_its_operations() -> None:
    """Operations come in the order of the text; fragments are none."""
    text = 'query A { ...f } fragment f on Query { name } mutation B { rename(to: "b") } query C { name }'
    document = _documents().load(text)
    assert document.text == text
    assert [(each.operation.value, each.name and each.name.value) for each in document.operations] == [
        ("query", "A"),
        ("mutation", "B"),
        ("query", "C"),
    ]


def test_the_same_text_is_the_same_document() -> None:
    """The second time nothing is parsed or validated."""
    documents = _documents()
    assert documents.load("{ name }") is documents.load("{ name }")
    assert documents.load("{ name }") is not documents.load("{  name }")


def _kept(documents: Documents, texts: list[str]) -> list[bool]:
    """Of each text, whether its document is still there after all were loaded once; asked from the last on."""
    loaded = [documents.load(text) for text in texts]
    kept = [documents.load(text) is document for text, document in reversed(list(zip(texts, loaded, strict=True)))]
    return kept[::-1]


@pytest.mark.parametrize(
    ("cache_entries", "cache_bytes", "kept"),
    [
        pytest.param(2, 1_000, [False, False, True, True], id="two entries"),
        pytest.param(100, 33, [False, True, True, True], id="33 bytes of 11 each"),
        pytest.param(100, 43, [False, True, True, True], id="43 bytes of 11 each"),
        pytest.param(100, 44, [True, True, True, True], id="44 bytes of 11 each"),
        pytest.param(1, 1_000, [False, False, False, True], id="one entry"),
        pytest.param(1_000, 11, [False, False, False, True], id="fewer bytes than entries"),
    ],
)
def test_the_cache_is_bounded_in_entries_and_bytes(cache_entries: int, cache_bytes: int, kept: list[bool]) -> None:
    """Whichever bound is reached first, the document that was used longest ago goes."""
    texts = [f"{{ {letter}: name }}" for letter in "abcd"]
    assert _kept(_documents(cache_entries=cache_entries, cache_bytes=cache_bytes), texts) == kept


def test_the_least_recently_used_document_goes_first() -> None:
    """Being asked for again keeps a document."""
    documents = _documents(cache_entries=2)
    often = documents.load("{ name }")
    documents.load("{ a: name }")
    documents.load("{ name }")
    documents.load("{ b: name }")
    assert documents.load("{ name }") is often


def test_a_text_larger_than_the_cache_is_loaded_and_not_kept() -> None:
    """It works, each time anew, and drives nothing out."""
    documents = _documents(cache_bytes=20)
    small = documents.load("{ name }")
    large = "{ name }" + " " * 20
    assert documents.load(large) is not documents.load(large)
    assert documents.load("{ name }") is small


def _named(document: Document, name: str | None) -> str | None:
    chosen = document.operation(name).name
    return chosen.value if chosen else None


@pytest.mark.parametrize(
    ("text", "name", "chosen"),
    [
        pytest.param("{ name }", None, None, id="the only one, without a name"),
        pytest.param("query A { name }", None, "A", id="the only one"),
        pytest.param("query A { name }", "A", "A", id="the only one, by its name"),
        pytest.param("query A { name } query B { name }", "B", "B", id="one of two"),
    ],
)
def test_the_operation_to_run_is_chosen(text: str, name: str | None, chosen: str | None) -> None:
    """By its name, or because there is only one."""
    assert _named(_documents().load(text), name) == chosen


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        pytest.param(
            "query A { name } query B { name }",
            None,
            "`operationName` must say which operation to run: A, B.",
            id="no name for two",
        ),
        pytest.param(
            "query A { name } query B { name }",
            "C",
            "The document has no operation of the given name; it has: A, B.",
            id="an unknown name",
        ),
        pytest.param(
            "{ name }",
            "A",
            "The document has no operation of the given name; it has: one without a name.",
            id="a name for one without",
        ),
    ],
)
def test_an_operation_that_cannot_be_chosen_is_a_request_error(text: str, name: str | None, message: str) -> None:
    """The message lists what there is, and never repeats foreign text."""
    with pytest.raises(ValidationFailedError) as raised:
        _documents().load(text).operation(name)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        pytest.param("{", "Syntax Error: Expected Name, found <EOF>.", 1, 2, id="cut short"),
        pytest.param("", "Syntax Error: Unexpected <EOF>.", 1, 1, id="empty"),
        pytest.param("{ name }\n}", "Syntax Error: Unexpected '}'.", 2, 1, id="too much"),
        pytest.param("{ name { } }", "Syntax Error: Expected Name, found '}'.", 1, 10, id="empty selection"),
        pytest.param("?", "Syntax Error: Unexpected character: '?'.", 1, 1, id="no token"),
    ],
)
def test_text_that_is_no_document_is_a_parse_error(text: str, message: str, line: int, column: int) -> None:
    """With graphql-core's message and the place."""
    assert _refusal(text) == Refusal(
        ParseFailedError, [{"message": message, "locations": [{"line": line, "column": column}]}]
    )


def test_nesting_without_end_is_a_parse_error() -> None:
    """Thousands of levels are refused, never a crash."""
    with pytest.raises(DocumentError) as raised:
        _documents(limits=Limits(10_000, 12, 32, 50, 50, 50)).load("{a" * 2_000 + "}" * 2_000)
    assert raised.value.outcome is ParseFailedError


@pytest.mark.parametrize(
    ("text", "introspection", "message"),
    [
        pytest.param(
            "{ nam }", True, "Cannot query field 'nam' on type 'Query'. Did you mean 'name'?", id="with suggestion"
        ),
        pytest.param("{ nam }", False, "Cannot query field 'nam' on type 'Query'.", id="without introspection"),
        pytest.param("{ name ...f }", True, "Unknown fragment 'f'.", id="unknown fragment"),
        pytest.param(
            "{ ...f } fragment f on Query { ...f }", True, "Cannot spread fragment 'f' within itself.", id="circle"
        ),
        pytest.param(
            "{ __schema { description } }",
            False,
            "GraphQL introspection has been disabled, but the requested query contained the field '__schema'.",
            id="introspection switched off",
        ),
    ],
)
def test_a_document_that_does_not_fit_the_schema_is_a_validation_error(
    text: str, introspection: bool, message: str
) -> None:
    """Names are suggested only where the schema may be asked for."""
    refusal = _refusal(text, introspection=introspection)
    assert (refusal.outcome, [each["message"] for each in refusal.errors]) == (ValidationFailedError, [message])


def test_introspection_is_answered_where_it_is_switched_on() -> None:
    """The whole introspection query is a valid document."""
    assert len(_documents().load(get_introspection_query()).operations) == 1


def test_the_name_of_a_type_can_always_be_selected() -> None:
    """`__typename` is no introspection of the schema: clients need it for their caches."""
    assert _documents(introspection=False).load("{ __typename other { __typename } }").operations


def test_validation_ends_after_enough_errors() -> None:
    """A document cannot make the answer to its faults arbitrarily long."""
    refusal = _refusal("{" + " x" * 40 + "}")
    assert len(refusal.errors) == MAX_VALIDATION_ERRORS + 1
    assert refusal.errors[-1] == {"message": "Too many validation errors, error limit reached. Validation aborted."}


def test_a_document_of_fragments_alone_has_nothing_to_run() -> None:
    """They are unused, and refused as such."""
    assert _refusal("fragment f on Query { name }") == Refusal(
        ValidationFailedError,
        [{"message": "Fragment 'f' is never used.", "locations": [{"line": 1, "column": 1}]}],
    )


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        pytest.param("{ a: name }", Limits(1, 12, 32, 50, 50, 50), id="tokens"),
        pytest.param("{ other { name } }", Limits(100, 1, 32, 50, 50, 50), id="depth"),
    ],
)
def test_limits_come_before_validation(text: str, limits: Limits) -> None:
    """A document over a limit is refused as such, and is not kept."""
    documents = _documents(limits=limits)
    for _ in range(2):
        with pytest.raises(OperationLimitError):
            documents.load(text)


def test_an_invalid_document_is_refused_each_time() -> None:
    """Only valid documents are kept."""
    documents = _documents()
    for _ in range(2):
        with pytest.raises(DocumentError):
            documents.load("{ nam }")


def test_a_document_that_is_forgotten_leaves_nothing_behind() -> None:
    """Nothing waits for the collector, which looks at what is old very seldom."""
    documents = _documents()
    for number in range(20):
        documents.prepare(f'{{ n{number}: name(by: {{ id: "{number}" }}) }}')
    gc.collect()
    gc.disable()
    try:
        del documents
        assert gc.collect() == 0
    finally:
        gc.enable()
