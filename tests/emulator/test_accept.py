"""What a client accepts."""

import pytest

from gateway.emulator.app import Emulator
from tests.emulator.client import TAG_TYPE, TAGS, Client, refusal
from tests.harness import ISSUER


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param(None, 200, id="none"),
        pytest.param("*/*", 200, id="anything"),
        pytest.param("text/html, Application/JSON;q=0.5", 200, id="JSON among others"),
        pytest.param("application/json;odata.metadata=minimal", 200, id="JSON with parameters"),
        pytest.param("application/*", 200, id="a range"),
        pytest.param("application/xml", 406, id="XML"),
        pytest.param("", 406, id="empty"),
    ],
)
async def test_accept_must_let_json_through(graph: Client, accept: str | None, status: int) -> None:
    """Strict, Graph has JSON to give and nothing else."""
    assert (await graph.get(TAGS, headers={"accept": accept})).status_code == status


async def test_what_accept_refuses_is_not_done(graph: Client) -> None:
    """406 comes before the work, in Graph's shape."""
    before = len(graph.emulator.store.all("tenantTags"))
    body = {"@odata.type": TAG_TYPE, "displayName": "Gold"}
    response = await graph.send("POST", TAGS, json=body, headers={"accept": "text/html"})
    assert refusal(response)[:2] == (406, "NotAcceptable")
    assert len(graph.emulator.store.all("tenantTags")) == before


async def test_a_lenient_emulator_ignores_accept() -> None:
    """Without `strict` the header has no effect."""
    graph = Client(Emulator(issuer=ISSUER, strict=False))
    assert (await graph.get(TAGS, headers={"accept": "text/html"})).status_code == 200
