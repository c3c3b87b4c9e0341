"""Structured filters as OData text, and as checks of rows."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadUserInputError
from gateway.mapping.filter import MAX_CONDITIONS, filtered_names, is_match, to_filter
from gateway.resources.cloud_pcs import CloudPcConnection

SPEC = CloudPcConnection.spec
T0, T1, T2 = "2026-11-24T09:30:00Z", "2026-11-24T10:30:00.5+01:00", "2026-11-24T09:30:01Z"

TEXT_NAMES = ["id", "displayName", "tenantId", "tenantDisplayName", "healthCheckStatus"]
TEXT_OPERATORS = ["eq", "ne", "startsWith", "endsWith", "contains"]
DATE_NAME = "lastRefreshedDateTime"
DATE_OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge"]

Filter = dict[str, Any]


# Rendering


@pytest.mark.parametrize(
    ("given_filter", "text"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"displayName": {}}, "", id="no condition on a property"),
        pytest.param({"displayName": {"eq": "A"}}, "displayName eq 'A'", id="eq"),
        pytest.param({"displayName": {"ne": "A"}}, "displayName ne 'A'", id="ne"),
        pytest.param({"displayName": {"in": ["A"]}}, "displayName in ('A')", id="in one"),
        pytest.param({"displayName": {"in": ["A", "B"]}}, "displayName in ('A','B')", id="in"),
        pytest.param({"displayName": {"startsWith": "A"}}, "startswith(displayName,'A')", id="startsWith"),
        pytest.param({"displayName": {"endsWith": "A"}}, "endswith(displayName,'A')", id="endsWith"),
        pytest.param({"displayName": {"contains": "A"}}, "contains(displayName,'A')", id="contains"),
        pytest.param({DATE_NAME: {"eq": T0}}, f"lastRefreshedDateTime eq {T0}", id="date eq"),
        pytest.param({DATE_NAME: {"lt": T0}}, f"lastRefreshedDateTime lt {T0}", id="date lt"),
        pytest.param({DATE_NAME: {"le": T0}}, f"lastRefreshedDateTime le {T0}", id="date le"),
        pytest.param({DATE_NAME: {"gt": T1}}, f"lastRefreshedDateTime gt {T1}", id="date gt"),
        pytest.param({DATE_NAME: {"ge": T0}}, f"lastRefreshedDateTime ge {T0}", id="date ge"),
        pytest.param({DATE_NAME: {"in": [T0, T2]}}, f"lastRefreshedDateTime in ({T0},{T2})", id="date in"),
        pytest.param({DATE_NAME: {"ne": None}}, "lastRefreshedDateTime ne null", id="date ne null"),
        pytest.param({"displayName": {"eq": None}}, "displayName eq null", id="eq null"),
        pytest.param(
            {"displayName": {"startsWith": "A", "endsWith": "B"}},
            "startswith(displayName,'A') and endswith(displayName,'B')",
            id="two conditions on a property",
        ),
        pytest.param(
            {"displayName": {"eq": "A"}, "tenantId": {"eq": "B"}},
            "displayName eq 'A' and tenantId eq 'B'",
            id="two properties",
        ),
        pytest.param({"and": [{"id": {"eq": "A"}}]}, "((id eq 'A'))", id="and of one"),
        pytest.param(
            {"and": [{"id": {"eq": "A"}}, {"id": {"eq": "B"}}]}, "((id eq 'A') and (id eq 'B'))", id="and of two"
        ),
        pytest.param(
            {"or": [{"id": {"eq": "A"}}, {"id": {"eq": "B"}, "tenantId": {"eq": "C"}}]},
            "((id eq 'A') or (id eq 'B' and tenantId eq 'C'))",
            id="or keeps its parts together",
        ),
        pytest.param({"not": {"id": {"eq": "A"}}}, "not (id eq 'A')", id="not"),
        pytest.param(
            {"not": {"or": [{"id": {"eq": "A"}}, {"not": {"id": {"eq": "B"}}}]}},
            "not (((id eq 'A') or (not (id eq 'B'))))",
            id="nested",
        ),
        pytest.param(
            {"tenantId": {"eq": "A"}, "or": [{"id": {"eq": "B"}}, {"id": {"eq": "C"}}], "not": {"id": {"eq": "D"}}},
            "tenantId eq 'A' and ((id eq 'B') or (id eq 'C')) and not (id eq 'D')",
            id="all members are joined by and",
        ),
    ],
)
def test_a_filter_becomes_odata_text(given_filter: Filter, text: str) -> None:
    """Every operator and joiner as OData writes it, in the order of the caller."""
    assert to_filter(SPEC, given_filter) == text


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        pytest.param("", "''", id="empty"),
        pytest.param("'", "''''", id="a quote"),
        pytest.param("''", "''''''", id="two quotes"),
        pytest.param("O'Neil's", "'O''Neil''s'", id="quotes inside"),
        pytest.param("a' or 1 eq 1 or '", "'a'' or 1 eq 1 or '''", id="an attempt to break out"),
        pytest.param("\\'", "'\\'''", id="a backslash is no escape"),
        pytest.param("100%27", "'100%27'", id="an encoded quote stays text"),
        pytest.param("a&$top=1#b?c=d", "'a&$top=1#b?c=d'", id="URL syntax"),
        pytest.param("a+b", "'a+b'", id="plus"),
        pytest.param("Ünïcode 漢字 😀", "'Ünïcode 漢字 😀'", id="Unicode"),
        pytest.param("’＇ʼ", "'’＇ʼ'", id="quotes of other alphabets"),  # noqa: RUF001 - the point of the case
        pytest.param("a\0b\r\nc\td", "'a\0b\r\nc\td'", id="control characters"),
        pytest.param("null", "'null'", id="the word null"),
    ],
)
def test_a_string_is_one_literal(value: str, literal: str) -> None:
    """In quotes, its own quotes doubled, otherwise as it is."""
    assert to_filter(SPEC, {"displayName": {"eq": value}}) == f"displayName eq {literal}"


@pytest.mark.parametrize(
    ("given_filter", "message", "field"),
    [
        pytest.param({"id": None}, "`filter.id` must not be null.", "filter.id", id="property"),
        pytest.param({"and": None}, "`filter.and` must not be null.", "filter.and", id="and"),
        pytest.param({"or": None}, "`filter.or` must not be null.", "filter.or", id="or"),
        pytest.param({"not": None}, "`filter.not` must not be null.", "filter.not", id="not"),
        pytest.param({"and": []}, "`filter.and` must not be an empty list.", "filter.and", id="and of nothing"),
        pytest.param({"or": []}, "`filter.or` must not be an empty list.", "filter.or", id="or of nothing"),
        pytest.param({"or": [{}]}, "`filter.or.0` needs a condition.", "filter.or.0", id="an empty part"),
        pytest.param(
            {"or": [{"id": {"eq": "A"}}, {"id": {}}]},
            "`filter.or.1` needs a condition.",
            "filter.or.1",
            id="a part without conditions",
        ),
        pytest.param({"not": {}}, "`filter.not` needs a condition.", "filter.not", id="not of nothing"),
        pytest.param({"id": {"in": []}}, "`filter.id.in` must not be an empty list.", "filter.id.in", id="in nothing"),
        pytest.param(
            {"and": [{"not": {"id": {"in": []}}}]},
            "`filter.and.0.not.id.in` must not be an empty list.",
            "filter.and.0.not.id.in",
            id="deep inside",
        ),
        *(
            pytest.param(
                {name: {operator: None}},
                f"`filter.{name}.{operator}` must not be null; only `eq` and `ne` compare with null.",
                f"filter.{name}.{operator}",
                id=f"{operator} null",
            )
            for name, operator in [
                ("id", "in"),
                ("id", "startsWith"),
                ("id", "endsWith"),
                ("id", "contains"),
                (DATE_NAME, "lt"),
                (DATE_NAME, "le"),
                (DATE_NAME, "gt"),
                (DATE_NAME, "ge"),
            ]
        ),
    ],
)
def test_a_filter_that_says_nothing_is_refused(given_filter: Filter, message: str, field: str) -> None:
    """Rather than listing everything or nothing, which the caller cannot have meant; the path says where."""
    with pytest.raises(BadUserInputError) as raised:
        to_filter(SPEC, given_filter)
    assert raised.value.message == message
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": [field]}


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda count: {"id": {"in": ["A"] * count}}, id="values of in"),
        pytest.param(lambda count: {"or": [{"id": {"eq": "A"}}] * count}, id="parts of or"),
        pytest.param(lambda count: {"and": [{"id": {"in": ["A"] * (count - 1)}}, {"id": {"eq": "A"}}]}, id="both"),
        pytest.param(lambda count: {"not": {"or": [{"not": {"id": {"eq": "A"}}}] * count}}, id="below not"),
        pytest.param(lambda count: {"id": {"ne": "B"}, "or": [{"id": {"eq": "A"}}] * (count - 1)}, id="beside or"),
    ],
)
def test_a_filter_has_at_most_so_many_conditions(build: Any) -> None:
    """Each value of an `in` counts; one too many is refused with the count."""
    assert to_filter(SPEC, build(MAX_CONDITIONS))
    with pytest.raises(BadUserInputError) as raised:
        to_filter(SPEC, build(MAX_CONDITIONS + 1))
    assert raised.value.message == "`filter` has 201 conditions; at most 200 fit into a request to Graph."
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["filter"]}


@pytest.mark.parametrize(
    ("given_filter", "names"),
    [
        pytest.param({}, set(), id="nothing"),
        pytest.param({"id": {"eq": "A"}, "tenantId": {}}, {"id", "tenantId"}, id="properties"),
        pytest.param(
            {"and": [{"id": {"eq": "A"}}, {"or": [{"tenantId": {"eq": "B"}}]}], "not": {"displayName": {"eq": "C"}}},
            {"id", "tenantId", "displayName"},
            id="nested",
        ),
        pytest.param({"and": [], "or": [{}]}, set(), id="empty parts"),
    ],
)
def test_the_properties_of_a_filter_are_known(given_filter: Filter, names: set[str]) -> None:
    """They are selected too, so that rows can be checked."""
    assert filtered_names(given_filter) == names


# The check of rows


@pytest.mark.parametrize(
    ("given_filter", "row", "matches"),
    [
        pytest.param({}, {"id": "A"}, True, id="no filter"),
        pytest.param({"id": {}}, {"id": "A"}, True, id="no condition"),
        pytest.param({"id": {"eq": "A"}}, {"id": "A"}, True, id="eq"),
        pytest.param({"id": {"eq": "A"}}, {"id": "B"}, False, id="not eq"),
        pytest.param({"id": {"eq": "A"}}, {"id": "a"}, True, id="eq without regard to case"),
        pytest.param({"id": {"eq": "straße"}}, {"id": "STRASSE"}, True, id="eq in folded case"),
        pytest.param({"id": {"ne": "A"}}, {"id": "B"}, True, id="ne"),
        pytest.param({"id": {"ne": "A"}}, {"id": "A"}, False, id="not ne"),
        pytest.param({"id": {"ne": "A"}}, {"id": "a"}, True, id="ne with regard to case"),
        pytest.param({"id": {"in": ["A", "B"]}}, {"id": "b"}, True, id="in"),
        pytest.param({"id": {"in": ["A", "B"]}}, {"id": "C"}, False, id="not in"),
        pytest.param({"id": {"in": ["A"]}}, {}, False, id="in, absent"),
        pytest.param({"id": {"startsWith": "ab"}}, {"id": "ABC"}, True, id="startsWith"),
        pytest.param({"id": {"startsWith": "bc"}}, {"id": "ABC"}, False, id="not startsWith"),
        pytest.param({"id": {"endsWith": "bc"}}, {"id": "ABC"}, True, id="endsWith"),
        pytest.param({"id": {"endsWith": "ab"}}, {"id": "ABC"}, False, id="not endsWith"),
        pytest.param({"id": {"contains": "B"}}, {"id": "abc"}, True, id="contains"),
        pytest.param({"id": {"contains": "ac"}}, {"id": "abc"}, False, id="not contains"),
        pytest.param({"id": {"contains": ""}}, {"id": ""}, True, id="contains the empty text"),
        pytest.param({"id": {"startsWith": "a", "endsWith": "c"}}, {"id": "abc"}, True, id="both of two"),
        pytest.param({"id": {"startsWith": "a", "endsWith": "b"}}, {"id": "abc"}, False, id="one of two"),
        pytest.param({"id": {"eq": None}}, {"id": None}, True, id="null eq null"),
        pytest.param({"id": {"eq": None}}, {}, True, id="absent eq null"),
        pytest.param({"id": {"eq": None}}, {"id": "A"}, False, id="value eq null"),
        pytest.param({"id": {"ne": None}}, {"id": "A"}, True, id="value ne null"),
        pytest.param({"id": {"ne": None}}, {"id": None}, False, id="null ne null"),
        pytest.param({"id": {"eq": "A"}}, {"id": None}, False, id="null eq value"),
        pytest.param({"id": {"ne": "A"}}, {"id": None}, True, id="null ne value"),
        pytest.param({"id": {"contains": ""}}, {"id": None}, False, id="null in a function"),
        pytest.param({DATE_NAME: {"lt": T0}}, {DATE_NAME: None}, False, id="null lt"),
        pytest.param({DATE_NAME: {"ge": T0}}, {}, False, id="absent ge"),
        pytest.param({DATE_NAME: {"eq": T0}}, {DATE_NAME: "2026-11-24T10:30:00+01:00"}, True, id="date eq, offset"),
        pytest.param({DATE_NAME: {"eq": T0}}, {DATE_NAME: "2026-11-24T09:30:00.0000000Z"}, True, id="date eq, zeros"),
        pytest.param({DATE_NAME: {"eq": T0}}, {DATE_NAME: "2026-11-24T09:30:00.0000001Z"}, False, id="date eq, tick"),
        pytest.param({DATE_NAME: {"gt": T0}}, {DATE_NAME: "2026-11-24T09:30:00.0000001Z"}, True, id="date gt, tick"),
        pytest.param({DATE_NAME: {"lt": T2}}, {DATE_NAME: T1}, True, id="date lt"),
        pytest.param({DATE_NAME: {"lt": T0}}, {DATE_NAME: T0}, False, id="date not lt"),
        pytest.param({DATE_NAME: {"le": T0}}, {DATE_NAME: T0}, True, id="date le"),
        pytest.param({DATE_NAME: {"ge": T0}}, {DATE_NAME: T0}, True, id="date ge"),
        pytest.param({DATE_NAME: {"in": [T0, T2]}}, {DATE_NAME: T2}, True, id="date in"),
        pytest.param({DATE_NAME: {"ne": T0}}, {DATE_NAME: T1}, True, id="date ne"),
        pytest.param({DATE_NAME: {"ge": T0}}, {DATE_NAME: "yesterday"}, False, id="no date"),
        pytest.param({DATE_NAME: {"ge": T0}}, {DATE_NAME: 5}, False, id="a number for a date"),
        pytest.param({"id": {"startsWith": "A"}}, {"id": ["A"]}, False, id="a list for a text"),
        pytest.param({"id": {"contains": "A"}}, {"id": {"A": 1}}, False, id="an object for a text"),
        pytest.param({"and": [{"id": {"eq": "A"}}, {"id": {"ne": "B"}}]}, {"id": "A"}, True, id="and"),
        pytest.param({"and": [{"id": {"eq": "A"}}, {"id": {"eq": "B"}}]}, {"id": "A"}, False, id="not and"),
        pytest.param({"or": [{"id": {"eq": "A"}}, {"id": {"eq": "B"}}]}, {"id": "B"}, True, id="or"),
        pytest.param({"or": [{"id": {"eq": "A"}}, {"id": {"eq": "B"}}]}, {"id": "C"}, False, id="not or"),
        pytest.param({"not": {"id": {"eq": "A"}}}, {"id": "B"}, True, id="not"),
        pytest.param({"not": {"id": {"eq": "A"}}}, {"id": "A"}, False, id="not not"),
        pytest.param({"not": {"id": {"eq": "A"}}}, {"id": "a"}, True, id="not, with regard to case"),
        pytest.param({"id": {"eq": "a"}, "tenantId": {"eq": "B"}}, {"id": "A", "tenantId": "b"}, True, id="two"),
        pytest.param(
            {"id": {"eq": "a"}, "tenantId": {"eq": "B"}}, {"id": "A", "tenantId": "c"}, False, id="one of both"
        ),
    ],
)
def test_a_row_is_checked_against_the_filter(given_filter: Filter, row: Mapping[str, Any], matches: bool) -> None:
    """As OData compares, by either way to treat case; a value of another type matches nothing."""
    assert is_match(SPEC, given_filter, row) is matches


# For all filters


def filters(texts: st.SearchStrategy[str], dates: st.SearchStrategy[str]) -> st.SearchStrategy[Filter]:
    def conditions(values: st.SearchStrategy[str], operators: list[str]) -> st.SearchStrategy[Filter]:
        single = st.tuples(st.sampled_from(operators), values)
        null = st.tuples(st.sampled_from(["eq", "ne"]), st.none())
        some = st.tuples(st.just("in"), st.lists(values, min_size=1, max_size=3))
        return st.lists(single | null | some, min_size=1, max_size=2, unique_by=lambda each: each[0]).map(dict)

    flat = st.dictionaries(
        st.sampled_from(TEXT_NAMES), conditions(texts, TEXT_OPERATORS), min_size=1, max_size=2
    ) | st.fixed_dictionaries({DATE_NAME: conditions(dates, DATE_OPERATORS)})

    def nested(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        parts = st.lists(inner, min_size=1, max_size=3)
        return (
            st.fixed_dictionaries({"and": parts})
            | st.fixed_dictionaries({"or": parts}, optional={"id": conditions(texts, TEXT_OPERATORS)})
            | st.fixed_dictionaries({"not": inner}, optional={"and": parts})
        )

    return st.recursive(flat, nested, max_leaves=6)


DATES = st.sampled_from([T0, T1, T2, "2026-11-24T09:30:00.0000001Z", "1999-12-31T23:59:59-14:00"])
NASTY = st.text(st.sampled_from("'\"%\\ ()&,=#;+/:\0\n$é漢😀abandornot"), max_size=12)
ANY_FILTER = filters(st.text(max_size=12) | NASTY, DATES)

TOKEN = re.compile(
    r"(?P<string>'(?:[^']|'')*')|(?P<date>\d{4}-[\d:T.+Z-]+)|(?P<word>[A-Za-z]+)|(?P<mark>[(),])|(?P<space> )",
    re.DOTALL,
)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """OData's tokens, by nothing but its grammar; fails at a character that begins none."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        assert match is not None, text[position:]
        position = match.end()
        yield str(match.lastgroup), match.group()


def _literals(text: str) -> list[str | None]:
    read: list[str | None] = []
    for kind, token in _tokens(text):
        if kind == "string":
            read.append(token[1:-1].replace("''", "'"))
        elif kind == "date":
            read.append(token)
        elif token == "null":
            read.append(None)
    return read


def _operands(given_filter: Filter) -> Iterator[str | None]:
    for name, value in given_filter.items():
        if name in {"and", "or"}:
            for part in value:
                yield from _operands(part)
        elif name == "not":
            yield from _operands(value)
        else:
            for operator, operand in value.items():
                yield from operand if operator == "in" else [operand]


def _skeleton(text: str) -> list[str]:
    return ["''" if kind == "string" else token for kind, token in _tokens(text)]


def _blanked(given_filter: Filter) -> Filter:
    """The same filter with every text replaced by an empty one."""

    def blank(operand: Any) -> Any:
        if isinstance(operand, list):
            return [blank(each) for each in operand]
        return operand if operand is None else ""

    blanked: Filter = {}
    for name, value in given_filter.items():
        if name in {"and", "or"}:
            blanked[name] = [_blanked(part) for part in value]
        elif name == "not":
            blanked[name] = _blanked(value)
        elif name == DATE_NAME:
            blanked[name] = value
        else:
            blanked[name] = {operator: blank(operand) for operator, operand in value.items()}
    return blanked


@settings(deadline=None)
@given(ANY_FILTER)
def test_the_literals_in_the_text_are_the_values_given(given_filter: Filter) -> None:
    """Read back by OData's own rules, each is letter for letter what the caller wrote."""
    assert _literals(to_filter(SPEC, given_filter)) == list(_operands(given_filter))


@settings(deadline=None)
@given(ANY_FILTER)
def test_no_value_breaks_out_of_its_literal(given_filter: Filter) -> None:
    """Whatever the values are, the text around them is the same."""
    assert _skeleton(to_filter(SPEC, given_filter)) == _skeleton(to_filter(SPEC, _blanked(given_filter)))


SMALL_TEXTS = st.text("aAb", max_size=3)
ROWS = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(TEXT_NAMES, st.none() | SMALL_TEXTS), DATE_NAME: st.none() | DATES}
)
DATE_ORDER = [
    "1999-12-31T23:59:59-14:00",
    "2026-11-24T09:30:00Z",
    "2026-11-24T09:30:00.0000001Z",
    "2026-11-24T10:30:00.5+01:00",
    "2026-11-24T09:30:01Z",
]
"""The dates in use, earliest first: their places stand in for them below."""


def _evaluate(given_filter: Filter, row: Mapping[str, Any], *, lower: bool) -> bool:
    """The filter over one row, spelled out once more."""
    outcomes: list[bool] = []
    for name, value in given_filter.items():
        if name == "and":
            outcomes.append(False not in [_evaluate(part, row, lower=lower) for part in value])
        elif name == "or":
            outcomes.append(True in [_evaluate(part, row, lower=lower) for part in value])
        elif name == "not":
            outcomes.append(_evaluate(value, row, lower=lower) is False)
        else:
            outcomes.extend(_condition(row.get(name), operator, operand, lower) for operator, operand in value.items())
    return False not in outcomes


def _condition(left: str | None, operator: str, right: Any, lower: bool) -> bool:
    if operator == "in":
        return any(_condition(left, "eq", each, lower) for each in right)
    if left is None or right is None:
        same = left is None and right is None
        return same if operator == "eq" else (operator == "ne" and not same)
    if left in DATE_ORDER:
        here, there = DATE_ORDER.index(left), DATE_ORDER.index(right)
        order = {"lt": [-1], "le": [-1, 0], "eq": [0], "ge": [0, 1], "gt": [1], "ne": [-1, 1]}
        return (here > there) - (here < there) in order[operator]
    if lower:
        left, right = left.lower(), right.lower()
    if operator in {"eq", "ne"}:
        return (left == right) is (operator == "eq")
    pattern = {"startsWith": "{}.*", "endsWith": ".*{}", "contains": ".*{}.*"}[operator].format(re.escape(right))
    return re.fullmatch(pattern, left) is not None


@settings(deadline=None, max_examples=150)
@given(filters(SMALL_TEXTS, DATES), ROWS)
def test_the_check_of_rows_is_an_evaluation_of_the_filter(given_filter: Filter, row: Mapping[str, Any]) -> None:
    """It agrees with another one written independently, with and without regard to case."""
    expected = _evaluate(given_filter, row, lower=False) or _evaluate(given_filter, row, lower=True)
    assert is_match(SPEC, given_filter, row) is expected
