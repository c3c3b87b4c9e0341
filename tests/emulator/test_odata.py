"""`$filter`: what it means, and what is none."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.emulator.app import Emulator
from gateway.emulator.odata import MAX_DEPTH, to_predicate
from gateway.resources.cloud_pcs import CloudPcConnection
from tests.emulator.client import CONNECTIONS, TAGS, Client, refusal
from tests.harness import ISSUER

ROWS: list[dict[str, Any]] = [
    {"id": "1", "displayName": "O'Brien", "tenantId": "a", "lastRefreshedDateTime": "2026-11-24T09:00:00Z"},
    {"id": "2", "displayName": "Zürich", "tenantId": "Zürich", "lastRefreshedDateTime": "2026-11-24T09:00:00.0000001Z"},
    {"id": "3", "displayName": None, "tenantId": "a", "lastRefreshedDateTime": None},
]


def stocked() -> Client:
    emulator = Emulator(issuer=ISSUER)
    emulator.store.clear()
    for row in ROWS:
        emulator.store.add("cloudPcConnections", row)
    return Client(emulator)


GRAPH = stocked()
"""Read only, so it serves all tests."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("displayName eq 'O''Brien'", "1", id="a quote is doubled"),
        pytest.param("displayName ne 'O''Brien'", "23", id="a null is not equal"),
        pytest.param("displayName eq null", "3", id="null"),
        pytest.param("null ne displayName", "12", id="the literal on the left"),
        pytest.param("displayName eq tenantId", "2", id="two properties"),
        pytest.param("displayName gt 'P'", "2", id="no order holds for a null"),
        pytest.param("displayName in ('Zürich', 'x',null)", "23", id="in"),
        pytest.param("startswith(displayName,'O')", "1", id="startswith"),
        pytest.param("EndsWith( displayName , 'ich' )", "2", id="endswith, its case and blanks free"),
        pytest.param("contains(displayName,tenantId)", "2", id="contains"),
        pytest.param("contains(tenantId,displayName)", "2", id="a null argument"),
        pytest.param("not contains(displayName,'B')", "2", id="not of a null is a null"),
        pytest.param("not (displayName eq 'O''Brien')", "23", id="not"),
        pytest.param("contains(displayName,'B') or id eq '3'", "13", id="a null or true is true"),
        pytest.param("not (contains(displayName,'B') and id eq '4')", "123", id="a null and false is false"),
        pytest.param("id eq '1' or id eq '2' and tenantId eq 'a'", "1", id="and binds tighter than or"),
        pytest.param("(id eq '1' or id eq '2') and tenantId ne 'a'", "2", id="parentheses"),
        pytest.param("(displayName eq null) eq true", "3", id="a comparison compared"),
        pytest.param("false or true", "123", id="a literal"),
        pytest.param("lastRefreshedDateTime eq 2026-11-24T10:00:00%2B01:00", "1", id="the same moment elsewhere"),
        pytest.param("lastRefreshedDateTime gt 2026-11-24T09:00Z", "2", id="the seventh digit counts"),
        pytest.param("lastRefreshedDateTime le 2026-11-24t09:00:00.0z", "1", id="small letters"),
    ],
)
async def test_a_filter_keeps_the_rows_for_which_it_is_true(text: str, found: str) -> None:
    """OData's operators and functions, with nulls as its rules have them."""
    assert "".join(row["id"] for row in await GRAPH.rows(f"{CONNECTIONS}?$filter={text}")) == found


def syntax(position: int, text: str) -> str:
    return f"Invalid filter clause: syntax error at position {position} in '{text}'."


def incompatible(left: str, right: str, operator: str) -> str:
    return (
        "Invalid filter clause: a binary operator with incompatible types was detected. "
        f"Found operand types '{left}' and '{right}' for operator '{operator}'."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", syntax(0, ""), id="nothing"),
        pytest.param("id eq", syntax(5, "id eq"), id="no operand"),
        pytest.param("id eq 'x' id", syntax(10, "id eq 'x' id"), id="something behind it"),
        pytest.param("id eq 'x", syntax(6, "id eq 'x"), id="an open string"),
        pytest.param("id eq § 1", syntax(6, "id eq § 1"), id="a sign that means nothing"),
        pytest.param("(id eq 'x'", syntax(10, "(id eq 'x'"), id="an open parenthesis"),
        pytest.param("id in 'x'", syntax(6, "id in 'x'"), id="in without a list"),
        pytest.param("id in ('x'", syntax(10, "id in ('x'"), id="in without an end"),
        pytest.param("contains(id 'x')", syntax(12, "contains(id 'x')"), id="a missing comma"),
        pytest.param("id eq 'x' eq true", syntax(10, "id eq 'x' eq true"), id="two comparisons in a row"),
        pytest.param(
            "lastRefreshedDateTime eq 2026-02-30T00:00:00Z",
            syntax(25, "lastRefreshedDateTime eq 2026-02-30T00:00:00Z"),
            id="a date that does not exist",
        ),
        pytest.param("tenants/any(t:t eq 'x')", syntax(13, "tenants/any(t:t eq 'x')"), id="a lambda"),
        pytest.param("displayName eq 5", incompatible("Edm.String", "Edm.Decimal", "eq"), id="text and number"),
        pytest.param("id in ('x',-1.5)", incompatible("Edm.String", "Edm.Decimal", "eq"), id="text among numbers"),
        pytest.param(
            "tenantId eq 38227791-9a88-4fd7-a73d-60eb13b0e9d1",
            incompatible("Edm.String", "Edm.Guid", "eq"),
            id="a GUID without quotes",
        ),
        pytest.param(
            "lastRefreshedDateTime lt '2026-11-24T09:00:00Z'",
            incompatible("Edm.DateTimeOffset", "Edm.String", "lt"),
            id="a date in quotes",
        ),
        pytest.param(
            "displayName", "Invalid filter clause: found 'Edm.String' where Edm.Boolean is needed.", id="no condition"
        ),
        pytest.param(
            "not displayName eq 'x'",
            "Invalid filter clause: found 'Edm.String' where Edm.Boolean is needed.",
            id="not binds tighter than eq",
        ),
        pytest.param(
            "id eq 'x' or null", "Invalid filter clause: found 'None' where Edm.Boolean is needed.", id="null alone"
        ),
        pytest.param(
            "contains(displayName,5)",
            "Invalid filter clause: the function 'contains' takes two values of type Edm.String.",
            id="a function of a number",
        ),
        pytest.param(
            "tolower(displayName) eq 'x'",
            "Invalid filter clause: an unknown function with name 'tolower' was found.",
            id="an unknown function",
        ),
        pytest.param(
            "colour eq 'red'",
            "Could not find a property named 'colour' that can be compared on type "
            "'microsoft.graph.managedTenants.cloudPcConnection'.",
            id="an unknown property",
        ),
    ],
)
async def test_what_is_no_filter_is_refused(text: str, message: str) -> None:
    """400 with a place or a reason; no row comes back that was not asked for."""
    assert refusal(await GRAPH.get(f"{CONNECTIONS}?$filter={text}")) == (400, "BadRequest", message, None)


async def test_a_list_cannot_be_compared() -> None:
    """Only single primitive values have an order and an equality."""
    message = (
        "Could not find a property named 'tenants' that can be compared on type "
        "'microsoft.graph.managedTenants.tenantTag'."
    )
    assert refusal(await GRAPH.get(f"{TAGS}?$filter=tenants eq null")) == (400, "BadRequest", message, None)


@pytest.mark.parametrize("wrap", [lambda text: f"({text})", lambda text: f"not {text}"], ids=["parentheses", "not"])
async def test_nesting_has_an_end(wrap: Callable[[str], str]) -> None:
    """As deep as is allowed works; one level more is refused in plain words, not by running out of stack."""
    text = "true"
    for _ in range(MAX_DEPTH - 1):
        text = wrap(text)
    assert (await GRAPH.get(f"{CONNECTIONS}?$filter={text}")).status_code == 200
    message = f"Invalid filter clause: it is nested more than {MAX_DEPTH} levels deep."
    assert refusal(await GRAPH.get(f"{CONNECTIONS}?$filter={wrap(text)}")) == (400, "BadRequest", message, None)


@pytest.mark.parametrize("word", ["or", "and"])
async def test_a_long_filter_is_not_a_deep_one(word: str) -> None:
    """A thousand terms in a row are evaluated."""
    text = f" {word} ".join(["tenantId eq 'a'"] * 1000)
    assert len(await GRAPH.rows(f"{CONNECTIONS}?$filter={text}")) == 2


# Random filters, each with its meaning


Row = Mapping[str, Any]
"""Dates are `datetime`; `written` makes them text."""


class Part(NamedTuple):
    """A part of a filter as text, and what it is for a row."""

    text: str
    value: Callable[[Row], Any]


def written(row: Row) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def quoted(text: str) -> Part:
    return Part("'" + text.replace("'", "''") + "'", lambda _: text)


def dated(moment: datetime) -> Part:
    return Part(moment.isoformat(), lambda _: moment)


def named(name: str) -> Part:
    return Part(name, lambda row: row[name])


# Few letters and few moments, so that things are often equal.
WORDS = st.text("aB'ü", max_size=2)
MOMENTS = st.builds(
    lambda seconds, hours: datetime(2026, 11, 24, 9, 0, seconds, tzinfo=UTC).astimezone(
        timezone(timedelta(hours=hours))
    ),
    st.integers(0, 2),
    st.integers(-12, 12),
)
TEXT_NAMES = ("displayName", "tenantId")
DATE_NAME = "lastRefreshedDateTime"
NULL = st.just(Part("null", lambda _: None))

SOME_TEXT = st.sampled_from(TEXT_NAMES).map(named) | WORDS.map(quoted)
SOME_DATE = st.just(named(DATE_NAME)) | MOMENTS.map(dated)
SAME_TYPE = st.tuples(SOME_TEXT | NULL, SOME_TEXT | NULL) | st.tuples(SOME_DATE | NULL, SOME_DATE | NULL)

ROW = st.fixed_dictionaries({**{name: st.none() | WORDS for name in TEXT_NAMES}, DATE_NAME: st.none() | MOMENTS})


def equality(pair: tuple[Part, Part], word: str) -> Part:
    left, right = pair
    wanted = word == "eq"
    return Part(f"{left.text} {word} {right.text}", lambda row: (left.value(row) == right.value(row)) == wanted)


def order(pair: tuple[Part, Part], word: str) -> Part:
    def value(row: Row) -> bool:
        left, right = pair[0].value(row), pair[1].value(row)
        if left is None or right is None:
            return False
        return bool({"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}[word])

    return Part(f"{pair[0].text} {word} {pair[1].text}", value)


def membership(left: Part, options: list[Part]) -> Part:
    listed = ",".join(each.text for each in options)
    return Part(f"{left.text} in ({listed})", lambda row: left.value(row) in [each.value(row) for each in options])


def function(name: str, left: Part, right: Part) -> Part:
    def value(row: Row) -> bool | None:
        whole, part = left.value(row), right.value(row)
        if whole is None or part is None:
            return None
        return bool(
            {
                "startswith": whole[: len(part)] == part,
                "endswith": whole[len(whole) - len(part) :] == part and len(part) <= len(whole),
                "contains": whole.find(part) >= 0,
            }[name]
        )

    return Part(f"{name}({left.text},{right.text})", value)


def negation(inner: Part) -> Part:
    return Part(f"not ({inner.text})", lambda row: {True: False, False: True, None: None}[inner.value(row)])


def any_of_all(groups: list[list[Part]]) -> Part:
    """`a and b or c`: true is 1, null a half, false 0; `and` is the least, `or` the greatest of its parts."""

    def value(row: Row) -> bool | None:
        degrees = {True: 1.0, None: 0.5, False: 0.0}
        degree = max(min(degrees[each.value(row)] for each in group) for group in groups)
        return {1.0: True, 0.5: None, 0.0: False}[degree]

    return Part("(" + " or ".join(" and ".join(each.text for each in group) for group in groups) + ")", value)


CONDITIONS = st.recursive(
    st.builds(equality, SAME_TYPE, st.sampled_from(["eq", "ne"]))
    | st.builds(order, SAME_TYPE, st.sampled_from(["lt", "le", "gt", "ge"]))
    | st.builds(membership, SOME_TEXT, st.lists(SOME_TEXT | NULL, min_size=1, max_size=3))
    | st.builds(membership, SOME_DATE, st.lists(SOME_DATE, min_size=1, max_size=3))
    | st.builds(function, st.sampled_from(["startswith", "endswith", "contains"]), SOME_TEXT, SOME_TEXT)
    | st.sampled_from([Part("true", lambda _: True), Part("false", lambda _: False)]),
    lambda inner: (
        st.builds(negation, inner)
        | st.builds(any_of_all, st.lists(st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3))
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(CONDITIONS, st.lists(ROW, min_size=1, max_size=4))
def test_a_filter_means_what_its_parts_mean(condition: Part, rows: list[Row]) -> None:
    """Any nesting of operators evaluates as they do one by one. Slow: a hundred filters, each with its rows."""
    matches = to_predicate(CloudPcConnection.spec, condition.text)
    assert [matches(written(row)) for row in rows] == [condition.value(row) is True for row in rows]


WORDS_OF_FILTERS = [
    *("id", "displayName", "lastRefreshedDateTime", "colour", "contains", "endsWith", "any", "null", "true"),
    *("eq", "ne", "lt", "in", "and", "or", "not", "(", ")", ",", "'a'", "'", "1", "-1.5", "/", "%", "&", "+"),
    *("2026-11-24T09:00:00Z", "2026-13-24T09:00:00Z", "0000-01-01T00:00Z", "9999-12-31T23:59:59-01:00"),
]


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(WORDS_OF_FILTERS), max_size=12).map(" ".join))
async def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """Nonsense is answered in Graph's shape, never by a failure. Slow: a hundred requests."""
    request = GRAPH.http.build_request("GET", CONNECTIONS, params={"$filter": text})
    response = await GRAPH.http.send(request)
    if response.status_code != 200:
        assert refusal(response)[:2] == (400, "BadRequest")
