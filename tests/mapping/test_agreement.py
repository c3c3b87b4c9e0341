"""What the gateway sends, read by the emulator's own parsers: they share no code, so agreement means something.

Half a second each where there are a hundred examples.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.emulator.bodies import on_create, on_update, read_members
from gateway.emulator.messages import Call
from gateway.emulator.options import ON_LIST, Options, read_options
from gateway.errors import BadUserInputError
from gateway.graph.request import GraphRequest
from gateway.mapping.filter import is_match
from gateway.mapping.place import to_root
from gateway.mapping.requests import to_create, to_delete, to_get, to_list, to_update
from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import Presence
from tests.mapping.test_filter import ANY_FILTER, DATE_NAME, DATES, NASTY, ROWS, SMALL_TEXTS, TEXT_NAMES, filters

SPEC = CloudPcConnection.spec
HERE = to_root(SPEC)
BASE = "https://graph.microsoft.com/v1.0"
TEXTS = st.text(max_size=20) | NASTY


def received(request: GraphRequest) -> Call:
    """The request as it arrives: parsed by a URL library and by the standard one, as the emulator does it."""
    url = httpx.URL(BASE + request.target)
    path, _, query = url.raw_path.decode("ascii").partition("?")
    return Call(
        method=request.method,
        origin="https://graph.microsoft.com",
        path=path,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers={"content-type": "application/json"},
        content=request.body or b"",
        request_id="r",
        received_at=0.0,
    )


def listed(given_filter: Mapping[str, Any]) -> Options:
    """What the emulator takes a list request with the filter for."""
    request = to_list(HERE, ["id"], first=7, given_filter=given_filter, order_by=[("id", "desc")], count=True)
    return read_options(received(request), SPEC, ON_LIST)


# Filters


@settings(deadline=None, max_examples=100)
@given(filters(SMALL_TEXTS, DATES), ROWS)
def test_no_row_that_graph_may_send_is_refused(given_filter: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Whatever the filter and the nulls in the row: what Graph finds, the check of rows lets through."""
    if listed(given_filter).matches(row):
        assert is_match(SPEC, given_filter, row)


PLAIN = st.text("ab", max_size=3)
FULL_ROWS = st.fixed_dictionaries({**dict.fromkeys(TEXT_NAMES, PLAIN), DATE_NAME: DATES})


@settings(deadline=None, max_examples=100)
@given(filters(PLAIN, DATES), FULL_ROWS)
def test_both_sides_agree_where_no_null_and_no_case_is_in_the_way(
    given_filter: Mapping[str, Any], row: Mapping[str, Any]
) -> None:
    """So a filter that Graph ignores is found out by the first wrong row."""
    assert listed(given_filter).matches(row) is is_match(SPEC, given_filter, row)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_value_is_read_as_it_was_given(value: str, other: str) -> None:
    """Through rendering, percent-encoding and parsing: it equals itself and nothing else."""
    for condition in ({"eq": value}, {"in": [value]}):
        matches = listed({"displayName": condition}).matches
        assert (matches({"displayName": value}), matches({"displayName": other})) == (True, value == other)


@settings(deadline=None, max_examples=50)
@given(ANY_FILTER)
def test_no_filter_reaches_the_other_options(given_filter: Mapping[str, Any]) -> None:
    """Whatever is in its values, page size, order and count are the caller's."""
    options = listed(given_filter)
    assert (options.top, options.count, len(options.orders), options.start) == (7, True, 1, 0)


# Bodies

INSTANTS = st.sampled_from(["2026-11-24T09:30:00Z", "2026-11-24T09:30:00.1234567+01:00"])


def members(*presences: Presence, create: bool) -> dict[str, st.SearchStrategy[str]]:
    """A value for each property that an input has in this way."""
    return {
        each.name: INSTANTS if each.name == DATE_NAME else TEXTS
        for each in SPEC.properties
        if (each.on_create if create else each.on_update) in presences
    }


@settings(deadline=None)
@given(st.fixed_dictionaries(members(Presence.REQUIRED, create=True), optional=members(Presence.OPTIONAL, create=True)))
def test_a_create_arrives_as_it_was_given(given_members: dict[str, str]) -> None:
    """The strict emulator takes the body for exactly these members, and the type for Graph's own."""
    assert read_members(received(to_create(HERE, given_members)), SPEC, on_create, strict=True) == given_members


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={name: st.none() | values for name, values in members(Presence.OPTIONAL, create=False).items()},
    ).filter(bool)
)
def test_an_update_arrives_as_it_was_given(given_members: dict[str, str | None]) -> None:
    """Nulls included, and nothing that was absent."""
    assert read_members(received(to_update(HERE, "A", given_members)), SPEC, on_update, strict=True) == given_members


# Keys


@settings(deadline=None)
@given(st.text(max_size=30) | st.text(st.sampled_from("./\\%2Fe?#;:@'\0 \r\né"), max_size=8))
def test_a_key_is_refused_or_arrives_as_one_segment(key: str) -> None:
    """Of the same path, and as the key that it is."""
    here = ["v1.0", "tenantRelationships", "managedTenants", "cloudPcConnections"]
    builds: list[Callable[[], GraphRequest]] = [
        lambda: to_get(HERE, key, []),
        lambda: to_update(HERE, key, {"displayName": "A"}),
        lambda: to_delete(HERE, key),
    ]
    for build in builds:
        try:
            request = build()
        except BadUserInputError as refusal:
            assert refusal.fields == ("id",)  # noqa: PT017 - a refusal is as good as an arrival
            continue
        call = received(request)
        assert (call.segments, {name for name, _ in call.query} <= {"$select"}) == ([*here, key], True)
