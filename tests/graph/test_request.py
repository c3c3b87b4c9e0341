"""Requests to Graph as values, and as URLs."""

import pytest

from gateway.graph.request import GraphRequest

PATH = "/tenantRelationships/managedTenants/cloudPcConnections"


@pytest.mark.parametrize(
    ("method", "is_write"),
    [("GET", False), ("POST", True), ("PATCH", True), ("DELETE", True)],
    ids=["GET", "POST", "PATCH", "DELETE"],
)
def test_everything_but_a_get_is_a_write(method: str, is_write: bool) -> None:
    """What may be sent again depends on it."""
    assert GraphRequest(method, PATH, "P").is_write is is_write


@pytest.mark.parametrize(
    ("path", "template"),
    [
        pytest.param(PATH, PATH, id="a collection"),
        pytest.param(f"{PATH}/a-secret-id", PATH, id="an object"),
        pytest.param(f"{PATH}/a-secret-id/action", PATH, id="an action"),
        pytest.param(f"{PATH}?$skiptoken=secret/x", PATH, id="a page"),
    ],
)
def test_a_template_is_the_path_without_keys_and_options(path: str, template: str) -> None:
    """Telemetry gets no more than that."""
    assert GraphRequest("GET", path, "P").template == template


@pytest.mark.parametrize(
    ("query", "target"),
    [
        pytest.param((), PATH, id="no options"),
        pytest.param((("$top", "5"),), f"{PATH}?$top=5", id="an option"),
        pytest.param((("$select", "a,b"), ("$top", "5")), f"{PATH}?$select=a,b&$top=5", id="two, in order"),
        pytest.param((("$filter", "a eq 'b&c+d=e#f'"),), f"{PATH}?$filter=a%20eq%20'b%26c%2Bd%3De%23f'", id="encoded"),
        pytest.param((("$filter", "(a:b)*c$d"),), f"{PATH}?$filter=(a:b)*c$d", id="OData's marks as they are"),
    ],
)
def test_a_target_is_path_and_options(query: tuple[tuple[str, str], ...], target: str) -> None:
    """Values are percent-encoded, a space as `%20`."""
    assert GraphRequest("GET", PATH, "P", query).target == target


def test_equal_requests_ask_for_the_same_thing() -> None:
    """So one answer will do for both."""
    one, same = (GraphRequest("GET", PATH, "P", (("$top", "5"),)) for _ in range(2))
    other = GraphRequest("GET", PATH, "P", (("$top", "6"),))
    assert {one, same, other} == {one, other}
