"""Operations as requests to Graph."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadUserInputError
from gateway.graph.request import MAX_KEY_LENGTH, GraphRequest
from gateway.mapping.place import to_root
from gateway.mapping.requests import MAX_TARGET_LENGTH, to_create, to_delete, to_get, to_list, to_update
from gateway.mapping.select import to_select
from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.tenants import TenantTag

SPEC = CloudPcConnection.spec
HERE = to_root(SPEC)
PATH = "/tenantRelationships/managedTenants/cloudPcConnections"
READ, WRITE = "CloudPC.Read.All", "CloudPC.ReadWrite.All"
BODY = b'{"@odata.type":"#microsoft.graph.managedTenants.cloudPcConnection","displayName":"A"}'
BASE = "https://graph.microsoft.com/v1.0"


def _list(**given_options: Any) -> GraphRequest:
    options: dict[str, Any] = {"first": 50, "given_filter": {}, "order_by": [], "count": False}
    return to_list(HERE, given_options.pop("names", ["id"]), **{**options, **given_options})


@pytest.mark.parametrize(
    ("names", "selected"),
    [
        pytest.param([], "id", id="the key is always there"),
        pytest.param(["id"], "id", id="the key once"),
        pytest.param(["lastRefreshedDateTime", "displayName"], "id,displayName,lastRefreshedDateTime", id="order"),
        pytest.param(["displayName", "displayName"], "id,displayName", id="each once"),
        pytest.param(["__typename", "nothing"], "id", id="only what is declared"),
    ],
)
def test_the_selection_is_in_the_order_of_the_declaration(names: list[str], selected: str) -> None:
    """Equal selections are equal requests."""
    assert to_select(SPEC, names) == ("$select", selected)


@pytest.mark.parametrize(
    ("given_options", "target"),
    [
        pytest.param({}, "?$select=id&$top=50", id="plain"),
        pytest.param({"names": ["tenantId", "id"]}, "?$select=id,tenantId&$top=50", id="select"),
        pytest.param({"first": 500}, "?$select=id&$top=500", id="top"),
        pytest.param({"count": True}, "?$select=id&$top=50&$count=true", id="count"),
        pytest.param(
            {"order_by": [("displayName", "asc")]}, "?$select=id&$orderby=displayName%20asc&$top=50", id="order"
        ),
        pytest.param(
            {"order_by": [("tenantId", "desc"), ("id", "asc")]},
            "?$select=id&$orderby=tenantId%20desc,id%20asc&$top=50",
            id="two orders",
        ),
        pytest.param(
            {"given_filter": {"displayName": {"eq": "A"}}},
            "?$select=id,displayName&$filter=displayName%20eq%20'A'&$top=50",
            id="a filtered property is selected",
        ),
        pytest.param({"given_filter": {"displayName": {}}}, "?$select=id,displayName&$top=50", id="an empty filter"),
        pytest.param(
            {"given_filter": {"id": {"eq": "a&b=c#d?e%f+g;h\"i'j"}}},
            "?$select=id&$filter=id%20eq%20'a%26b%3Dc%23d%3Fe%25f%2Bg%3Bh%22i''j'&$top=50",
            id="URL syntax in a value",
        ),
        pytest.param(
            {"given_filter": {"id": {"eq": "\0\r\né漢"}}},
            "?$select=id&$filter=id%20eq%20'%00%0D%0A%C3%A9%E6%BC%A2'&$top=50",
            id="control characters and Unicode",
        ),
        pytest.param(
            {"given_filter": {"lastRefreshedDateTime": {"ge": "2026-11-24T10:30:00+01:00"}}},
            "?$select=id,lastRefreshedDateTime"
            "&$filter=lastRefreshedDateTime%20ge%202026-11-24T10:30:00%2B01:00&$top=50",
            id="the plus of an offset",
        ),
        pytest.param(
            {"given_filter": {"id": {"in": ["A", "B"], "contains": "C"}}},
            "?$select=id&$filter=id%20in%20('A','B')%20and%20contains(id,'C')&$top=50",
            id="OData's own marks stay readable",
        ),
        pytest.param(
            {
                "names": ["displayName"],
                "first": 2,
                "given_filter": {"tenantId": {"eq": "T"}},
                "order_by": [("id", "desc")],
                "count": True,
            },
            "?$select=id,displayName,tenantId&$filter=tenantId%20eq%20'T'&$orderby=id%20desc&$top=2&$count=true",
            id="everything",
        ),
    ],
)
def test_a_list_is_asked_for_with_these_options(given_options: dict[str, Any], target: str) -> None:
    """The URL as Graph gets it."""
    request = _list(**given_options)
    assert request.target == PATH + target
    assert (request.method, request.path, request.permission, request.body) == ("GET", PATH, READ, None)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_filter_value_changes_nothing_else_in_the_url(value: str) -> None:
    """A URL parser finds the options that were meant, and the value within its quotes."""
    url = httpx.URL(BASE + _list(given_filter={"id": {"eq": value}}).target)
    assert (url.host, url.path, url.fragment) == ("graph.microsoft.com", f"/v1.0{PATH}", "")
    assert parse_qsl(url.query.decode(), keep_blank_values=True) == [
        ("$select", "id"),
        ("$filter", f"id eq '{value.replace(chr(39), chr(39) * 2)}'"),
        ("$top", "50"),
    ]


@pytest.mark.parametrize("name", ["and", "or", "not", "displayName"])
def test_a_null_in_a_filter_is_refused(name: str) -> None:
    """Also where it stands in place of further conditions."""
    with pytest.raises(BadUserInputError) as raised:
        _list(given_filter={name: None})
    assert raised.value.message == f"`filter.{name}` must not be null."
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": [f"filter.{name}"]}


def test_a_filter_too_long_for_a_url_is_refused() -> None:
    """Percent-encoding counts; the longest that fits is sent."""
    shortest = len(_list(given_filter={"id": {"eq": ""}}).target)
    fits = "é" * ((MAX_TARGET_LENGTH - shortest) // 6)
    assert len(_list(given_filter={"id": {"eq": fits}}).target) <= MAX_TARGET_LENGTH
    with pytest.raises(BadUserInputError) as raised:
        _list(given_filter={"id": {"eq": fits + "é"}})
    assert raised.value.message == "`filter` is too long for the URL of a request to Graph."
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["filter"]}


def test_an_order_too_long_for_a_url_is_refused() -> None:
    """It is named, and not a filter that nobody gave."""
    with pytest.raises(BadUserInputError) as raised:
        _list(order_by=[("displayName", "asc")] * 1_000)
    assert raised.value.message == "`orderBy` is too long for the URL of a request to Graph."
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["orderBy"]}


@pytest.mark.parametrize(
    ("key", "segment"),
    [
        pytest.param("8e3b4a6c-1a2b", "8e3b4a6c-1a2b", id="a GUID"),
        pytest.param("a b", "a%20b", id="space"),
        pytest.param("O'Neil", "O%27Neil", id="quote"),
        pytest.param("a?b#c&d=e", "a%3Fb%23c%26d%3De", id="URL syntax"),
        pytest.param("a;b,c@d:e$f", "a%3Bb%2Cc%40d%3Ae%24f", id="sub-delimiters"),
        pytest.param("('a')", "%28%27a%27%29", id="OData's key syntax"),
        pytest.param("100%", "100%25", id="percent"),
        pytest.param("%2e%2e", "%252e%252e", id="encoded dots"),
        pytest.param("..%2F", "..%252F", id="encoded slash"),
        pytest.param("...", "...", id="three dots"),
        pytest.param("é漢😀", "%C3%A9%E6%BC%A2%F0%9F%98%80", id="Unicode"),
        pytest.param("$batch", "%24batch", id="a system resource"),
        pytest.param("a" * MAX_KEY_LENGTH, "a" * MAX_KEY_LENGTH, id="the longest"),
    ],
)
def test_a_key_is_one_segment_of_the_path(key: str, segment: str) -> None:
    """In a read, an update and a delete alike, and a URL parser reads it back."""
    targets = [
        to_get(HERE, key, []).target.partition("?")[0],
        to_update(HERE, key, {"displayName": "A"}).target,
        to_delete(HERE, key).target,
    ]
    assert targets == [f"{PATH}/{segment}"] * 3
    path = httpx.URL(BASE + targets[0]).raw_path.decode()
    assert unquote(path.removeprefix(f"/v1.0{PATH}/")) == key
    assert path.count("/") == f"/v1.0{PATH}/".count("/")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        pytest.param("", "is empty or made of dots", id="empty"),
        pytest.param(".", "is empty or made of dots", id="a dot"),
        pytest.param("..", "is empty or made of dots", id="two dots"),
        pytest.param("a/b", "has a slash or a control character", id="slash"),
        pytest.param("../users", "has a slash or a control character", id="the parent"),
        pytest.param("a\\b", "has a slash or a control character", id="backslash"),
        pytest.param("a\0b", "has a slash or a control character", id="NUL"),
        pytest.param("a\r\nX: y", "has a slash or a control character", id="line break"),
        pytest.param("a\x7f", "has a slash or a control character", id="DEL"),
        pytest.param("a" * (MAX_KEY_LENGTH + 1), "is longer than 1024 characters", id="too long"),
        pytest.param("a" * 10_000, "is longer than 1024 characters", id="10 kB"),
        pytest.param("\ud800", "is no valid Unicode text", id="half a surrogate pair"),
    ],
)
def test_a_key_that_could_change_the_path_is_refused(key: str, why: str) -> None:
    """Before anything is sent; the message names the property and does not repeat the key."""
    builds: list[Callable[[], GraphRequest]] = [
        lambda: to_get(HERE, key, []),
        lambda: to_update(HERE, key, {"displayName": "A"}),
        lambda: to_delete(HERE, key),
    ]
    for build in builds:
        with pytest.raises(BadUserInputError) as raised:
            build()
        assert raised.value.message == f"`id` {why}."
        assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["id"]}


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_no_key_leads_outside_its_collection(key: str) -> None:
    """Either it is refused, or every URL parser finds it as the last segment."""
    try:
        url = BASE + to_delete(HERE, key).target
    except BadUserInputError:
        return
    parts = urlsplit(url)
    assert (parts.netloc, parts.query, parts.fragment) == ("graph.microsoft.com", "", "")
    assert parts.path.rpartition("/")[0] == f"/v1.0{PATH}"
    assert unquote(httpx.URL(url).raw_path.decode().rpartition("/")[2]) == key


def test_each_operation_is_one_request() -> None:
    """Method, path, permission, options and body, whole."""
    assert to_get(HERE, "A", ["displayName"]) == GraphRequest(
        "GET", f"{PATH}/A", READ, (("$select", "id,displayName"),)
    )
    assert to_create(HERE, {"displayName": "A"}) == GraphRequest("POST", PATH, WRITE, body=BODY)
    assert to_update(HERE, "A", {"displayName": "A"}) == GraphRequest("PATCH", f"{PATH}/A", WRITE, body=BODY)
    assert to_delete(HERE, "A") == GraphRequest("DELETE", f"{PATH}/A", WRITE)


def test_a_null_is_a_change() -> None:
    """It clears the value."""
    body = b'{"@odata.type":"#microsoft.graph.managedTenants.tenantTag","description":null}'
    assert to_update(to_root(TenantTag.spec), "A", {"description": None}).body == body


def test_an_update_without_changes_is_refused() -> None:
    """Rather than sent for nothing."""
    with pytest.raises(BadUserInputError) as raised:
        to_update(HERE, "A", {})
    assert raised.value.message == "`input` has nothing to change."
    assert raised.value.extensions == {"code": "BAD_USER_INPUT", "retryable": False, "fields": ["input"]}
