"""Pages of a collection, and the links that are followed."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, UpstreamUnavailableError, UpstreamUnsupportedError
from gateway.graph.paging import MAX_LINK_LENGTH, Page, to_page, to_page_request
from gateway.graph.request import GraphRequest

BASE = "https://graph.microsoft.com/v1.0"
PATH = "/tenantRelationships/managedTenants/cloudPcConnections"
HERE = f"{BASE}{PATH}"

NO_LIST = "Microsoft Graph answered a list with something that is no list of objects."
FOREIGN_LINK = "Microsoft Graph's link to the next page leads outside the collection and was not followed."


def _page(content: dict[str, Any]) -> Page:
    return to_page(content, base_url=BASE, path=PATH)


def _refusal(content: dict[str, Any]) -> tuple[type[GatewayError], str]:
    with pytest.raises(GatewayError) as raised:
        _page(content)
    return type(raised.value), raised.value.message


@pytest.mark.parametrize(
    ("content", "page"),
    [
        pytest.param({"value": []}, Page((), None, None), id="empty"),
        pytest.param({"value": [{"id": "A"}, {}]}, Page(({"id": "A"}, {}), None, None), id="rows"),
        pytest.param({"value": [], "@odata.count": 7}, Page((), None, 7), id="a count"),
        pytest.param({"value": [], "@odata.count": 0}, Page((), None, 0), id="a count of zero"),
        pytest.param({"value": [], "@odata.count": "7"}, Page((), None, None), id="a count that is text"),
        pytest.param({"value": [], "@odata.count": True}, Page((), None, None), id="a count that is true"),
        pytest.param({"value": [], "@odata.count": None}, Page((), None, None), id="a count that is null"),
        pytest.param({"value": [], "@odata.nextLink": None}, Page((), None, None), id="a link that is null"),
        pytest.param(
            {"@odata.context": "x", "value": [{"id": "A"}], "@odata.nextLink": f"{HERE}?$top=2&$skiptoken=a%2Fb"},
            Page(({"id": "A"},), f"{PATH}?$top=2&$skiptoken=a%2Fb", None),
            id="a link",
        ),
    ],
)
def test_a_page_is_read(content: dict[str, Any], page: Page) -> None:
    """Rows, the next page's path and query as they are, and the count where there is one."""
    assert _page(content) == page


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({}, id="no value"),
        pytest.param({"value": None}, id="null"),
        pytest.param({"value": {"id": "A"}}, id="an object"),
        pytest.param({"value": "A"}, id="a text"),
        pytest.param({"value": [{"id": "A"}, None]}, id="a null among the rows"),
        pytest.param({"value": [["A"]]}, id="a list among the rows"),
        pytest.param({"id": "A"}, id="a single object"),
    ],
)
def test_an_answer_that_is_no_page_is_an_error(content: dict[str, Any]) -> None:
    """Never an empty list."""
    assert _refusal(content) == (UpstreamUnavailableError, NO_LIST)


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/v1.0" + PATH + "?a=b", id="foreign host"),
        pytest.param("https://graph.microsoft.com.evil.example/v1.0" + PATH + "?a=b", id="our host as a prefix"),
        pytest.param("https://graph.microsoft.com@evil.example/v1.0" + PATH + "?a=b", id="our host as a name"),
        pytest.param("https://a:b@graph.microsoft.com/v1.0" + PATH + "?a=b", id="a name before our host"),
        pytest.param("https://graph.microsoft.com:8443/v1.0" + PATH + "?a=b", id="another port"),
        pytest.param("http://graph.microsoft.com/v1.0" + PATH + "?a=b", id="plain http"),
        pytest.param("//graph.microsoft.com/v1.0" + PATH + "?a=b", id="no scheme"),
        pytest.param(PATH + "?a=b", id="path only"),
        pytest.param("https://graph.microsoft.com/beta" + PATH + "?a=b", id="another version"),
        pytest.param(f"{BASE}/users?a=b", id="another path"),
        pytest.param(f"{BASE}/tenantRelationships/managedTenants/tenantTags?a=b", id="another collection"),
        pytest.param(f"{HERE}", id="no query"),
        pytest.param(f"{HERE}/A?a=b", id="an object"),
        pytest.param(f"{HERE}Extended?a=b", id="our path as a prefix"),
        pytest.param(f"{HERE}/../../users?a=b", id="dots"),
        pytest.param(f"{HERE}%2F..%2Fusers?a=b", id="encoded dots"),
        pytest.param(f"{HERE}#?a=b", id="a fragment"),
        pytest.param(f"{HERE}\\?a=b", id="a backslash"),
        pytest.param(f"{HERE}?a=b\r\nX-Evil: c", id="a line break"),
        pytest.param(f"{HERE}?a=\0", id="NUL"),
        pytest.param(f"{HERE}?a=é", id="no ASCII"),
        pytest.param(f" {HERE}?a=b", id="a space before"),
        pytest.param(f"{HERE}?{'a' * MAX_LINK_LENGTH}", id="too long"),
        pytest.param("", id="empty"),
        pytest.param(5, id="a number"),
        pytest.param([f"{HERE}?a=b"], id="a list"),
        pytest.param({"url": f"{HERE}?a=b"}, id="an object for a link"),
        pytest.param(True, id="true"),
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed(link: object) -> None:
    """An access token would go there; and the page is an error, never the last one."""
    assert _refusal({"value": [{"id": "A"}], "@odata.nextLink": link}) == (UpstreamUnsupportedError, FOREIGN_LINK)


@settings(deadline=None)
@given(
    st.sampled_from(["https://graph.microsoft.com", BASE, HERE, f"{HERE}?", "https://"]),
    st.text(st.characters(max_codepoint=0x7F) | st.sampled_from("?#@:/\\."), max_size=30),
)
def test_no_link_leads_outside_its_collection(beginning: str, rest: str) -> None:
    """What is followed has, to the HTTP client, our scheme, host, port and path."""
    link = beginning + rest
    try:
        target = _page({"value": [], "@odata.nextLink": link}).next_target
    except UpstreamUnsupportedError:
        return
    url = httpx.URL(f"{BASE}{target}")
    assert (url.scheme, url.userinfo, url.host, url.port) == ("https", b"", "graph.microsoft.com", None)
    assert url.path == f"/v1.0{PATH}"


def test_the_longest_link_is_followed() -> None:
    """It fits into a cursor."""
    link = f"{HERE}?".ljust(MAX_LINK_LENGTH, "a")
    assert _page({"value": [], "@odata.nextLink": link}).next_target == link.removeprefix(BASE)


def test_the_request_for_a_page_is_its_link_alone() -> None:
    """The link repeats the first page's options by itself."""
    first = GraphRequest("GET", PATH, "CloudPC.Read.All", (("$select", "id"), ("$top", "2")))
    request = to_page_request(first, f"{PATH}?$skiptoken=a%20b")
    assert request == GraphRequest("GET", f"{PATH}?$skiptoken=a%20b", "CloudPC.Read.All")
    assert request.target == f"{PATH}?$skiptoken=a%20b"
