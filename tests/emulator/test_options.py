"""The query options of a list, and its pages."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.emulator.app import Emulator
from gateway.resources.cloud_pcs import CloudPcConnection
from tests.emulator.client import CONNECTION_TYPE, CONNECTIONS, TAGS, Client, refusal, without_type
from tests.harness import ISSUER

TYPE = "microsoft.graph.managedTenants.cloudPcConnection"


@pytest.fixture
def graph() -> Client:
    """Five connections `1` to `5`, at most three of them on a page."""
    emulator = Emulator(issuer=ISSUER, page_size=3)
    emulator.store.clear()
    for key, name, refreshed in (
        ("1", "b", "2026-11-24T09:00:00Z"),
        ("2", "a", "2026-11-24T10:00:00+01:00"),
        ("3", None, "2026-11-24T09:00:00.0000001Z"),
        ("4", "b", None),
        ("5", "a", "2026-11-24T08:59:59.9999999Z"),
    ):
        emulator.store.add("cloudPcConnections", {"id": key, "displayName": name, "lastRefreshedDateTime": refreshed})
    return Client(emulator)


async def keys(graph: Client, options: str) -> str:
    """The keys of all rows, page by page, one after the other."""
    found, path = "", f"{CONNECTIONS}?{options}"
    while path:
        body = (await graph.get(path)).json()
        found += "".join(row["id"] for row in body["value"])
        path = body.get("@odata.nextLink", "")
    return found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        pytest.param("", "12345", id="as they came"),
        pytest.param("$orderby=displayName", "32514", id="a null first, equals as they came"),
        pytest.param("$orderby=displayName desc", "14253", id="descending, a null last"),
        pytest.param("$orderby=displayName asc,id desc", "35241", id="two properties"),
        pytest.param("$orderby=lastRefreshedDateTime", "45123", id="moments, whatever the offset and the digits"),
        pytest.param("$skip=2", "345", id="skip"),
        pytest.param("$skip=9", "", id="skip past the end"),
        pytest.param("$filter=displayName eq 'a'&$skip=1", "5", id="filter, then skip"),
        pytest.param("$top=2", "12345", id="top is the size of a page, not of the list"),
        pytest.param("$top=500", "12345", id="more than a page holds"),
        pytest.param("$top=0", "", id="top 0"),
        pytest.param("$filter=id ge '2'&$orderby=id desc&$top=1&$skip=1", "432", id="all together"),
        pytest.param("orderby=id desc&skip=1&filter=id ne '2'", "431", id="in beta the $ may be missing"),
        pytest.param("colour=red&$orderby=id", "12345", id="an option of somebody else"),
    ],
)
async def test_options_decide_which_rows_come_in_which_order(graph: Client, options: str, found: str) -> None:
    """Filter, order and skip hold over all pages; links are followed as they are."""
    assert await keys(graph, options) == found


async def test_a_next_link_is_the_same_list_further_on(graph: Client) -> None:
    """The link has the options of the request and an opaque token in place of an older one; the last page has none."""
    path = f"{CONNECTIONS}?$filter=id ne '9'&$top=2&$count=true"
    links = []
    while path:
        body = (await graph.get(path)).json()
        path = body.get("@odata.nextLink")
        links.append(path)
        assert body["@odata.count"] == 5
    queries = [parse_qs(urlsplit(link).query) for link in links[:-1]]
    tokens = [query.pop("$skiptoken") for query in queries]
    assert links[-1] is None
    assert queries == [{"$filter": ["id ne '9'"], "$top": ["2"], "$count": ["true"]}] * 2
    assert tokens[0] != tokens[1]
    assert all(link.startswith(f"https://graph.microsoft.com{CONNECTIONS}?$filter=id%20ne%20") for link in links[:-1])


async def test_a_link_has_one_token_even_if_the_request_wrote_it_without_dollar(graph: Client) -> None:
    """In beta `skiptoken` is the same option: the new token takes the place of the old one."""
    link = (await graph.get(f"{CONNECTIONS}?$top=1")).json()["@odata.nextLink"]
    body = (await graph.get(link.replace("$skiptoken", "skiptoken"))).json()
    assert [row["id"] for row in body["value"]] == ["2"]
    assert "&skiptoken=" not in body["@odata.nextLink"]
    assert [row["id"] for row in await graph.rows(body["@odata.nextLink"])] == ["3"]


@pytest.mark.parametrize(
    ("options", "select", "names"),
    [
        pytest.param("$select=id", "(id)", ["id"], id="one"),
        pytest.param("$select=displayName, id", "(displayName,id)", ["id", "displayName"], id="blanks, another order"),
        pytest.param("$select=id,*", "", [each.name for each in CloudPcConnection.spec.properties], id="everything"),
    ],
)
async def test_a_selection_shortens_rows(graph: Client, options: str, select: str, names: list[str]) -> None:
    """The rows have the selected members and their type; the context says what was selected."""
    body = (await graph.get(f"{CONNECTIONS}?{options}&$top=1")).json()
    context = (
        f"https://graph.microsoft.com/beta/$metadata#tenantRelationships/managedTenants/cloudPcConnections{select}"
    )
    [row] = body["value"]
    assert body["@odata.context"] == context
    assert list(row) == ["@odata.type", *names]
    assert row["@odata.type"] == CONNECTION_TYPE


async def test_members_that_are_not_declared_are_answered_unless_something_is_selected(graph: Client) -> None:
    """Entity types may be open: what a test put into the store comes out."""
    graph.emulator.store.clear()
    graph.emulator.store.add("cloudPcConnections", {"id": "1", "lastUpdated": "today"})
    assert without_type((await graph.get(CONNECTIONS)).json()["value"][0])["lastUpdated"] == "today"
    assert await graph.rows(f"{CONNECTIONS}?$select=id") == [{"id": "1"}]


async def test_no_count_comes_that_nobody_asked_for(graph: Client) -> None:
    """`$count=false` is the default."""
    bodies = [(await graph.get(f"{CONNECTIONS}{options}")).json() for options in ("", "?$count=false")]
    assert ["@odata.count" in body for body in bodies] == [False, False]


def number(name: str, value: str) -> str:
    return f"Invalid value '{value}' for {name} query option found. It must be a non-negative integer."


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param(f"{CONNECTIONS}?$expand=x", "Query option '$expand' is not allowed.", id="expand"),
        pytest.param(f"{CONNECTIONS}?$search=x", "Query option '$search' is not allowed.", id="search"),
        pytest.param(f"{CONNECTIONS}/1?$filter=x", "Query option '$filter' is not allowed.", id="filter on an item"),
        pytest.param(f"{CONNECTIONS}/$count?$top=1", "Query option '$top' is not allowed.", id="top on a count"),
        pytest.param(f"{CONNECTIONS}?$Top=1", "Query option '$Top' is not allowed.", id="another case"),
        pytest.param(
            f"{CONNECTIONS}?$top=1&$top=2", "Query option '$top' was specified more than once.", id="given twice"
        ),
        pytest.param(
            f"{CONNECTIONS}?$top=1&top=2",
            "Query option '$top' was specified more than once.",
            id="given twice, once without $",
        ),
        pytest.param(f"{CONNECTIONS}?$top=-1", number("$top", "-1"), id="a negative top"),
        pytest.param(f"{CONNECTIONS}?$top=", number("$top", ""), id="an empty top"),
        pytest.param(f"{CONNECTIONS}?$top=1.5", number("$top", "1.5"), id="a fraction"),
        pytest.param(f"{CONNECTIONS}?$skip=²", number("$skip", "²"), id="digits of another script"),
        pytest.param(f"{CONNECTIONS}?$skip=10000000000", number("$skip", "10000000000"), id="more than Int32"),
        pytest.param(
            f"{CONNECTIONS}?$count=yes",
            "Invalid value 'yes' for $count query option found. It must be true or false.",
            id="count",
        ),
        pytest.param(
            f"{CONNECTIONS}?$select=id,colour",
            f"Parsing OData Select and Expand failed: Could not find a property named 'colour' on type '{TYPE}'.",
            id="an unknown selection",
        ),
        pytest.param(
            f"{CONNECTIONS}?$select=",
            f"Parsing OData Select and Expand failed: Could not find a property named '' on type '{TYPE}'.",
            id="an empty selection",
        ),
        pytest.param(
            f"{CONNECTIONS}?$orderby=colour",
            f"Could not find a property named 'colour' that can be compared on type '{TYPE}'.",
            id="an unknown order",
        ),
        pytest.param(
            f"{TAGS}?$orderby=tenants",
            "Could not find a property named 'tenants' that can be compared on type "
            "'microsoft.graph.managedTenants.tenantTag'.",
            id="order by a list",
        ),
        pytest.param(
            f"{CONNECTIONS}?$orderby=",
            f"Could not find a property named '' that can be compared on type '{TYPE}'.",
            id="an empty order",
        ),
        pytest.param(f"{CONNECTIONS}?$orderby=id down", "Syntax error in $orderby: 'id down'.", id="a direction"),
        pytest.param(f"{CONNECTIONS}?$skiptoken=x", "Invalid $skiptoken.", id="a token that is none"),
        pytest.param(f"{CONNECTIONS}?$skiptoken=_w==", "Invalid $skiptoken.", id="a token of no text"),
        pytest.param(f"{CONNECTIONS}?$skiptoken=LTE=", number("$skiptoken", "-1"), id="a token of no position"),
    ],
)
async def test_options_that_mean_nothing_are_refused(graph: Client, path: str, message: str) -> None:
    """400 says which option and why; nothing is ignored silently."""
    assert refusal(await graph.get(path)) == (400, "BadRequest", message, None)


async def test_in_the_released_version_options_need_their_dollar(graph: Client) -> None:
    """Without it they are somebody else's options, and have no effect."""
    path = CONNECTIONS.replace("beta", "v1.0")
    assert len(await graph.rows(f"{path}?top=1")) == 3
    assert len(await graph.rows(f"{path}?$top=1")) == 1
