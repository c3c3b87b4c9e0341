"""The fast way is the same way: thousands of documents, and Graph's answers to them, run with and without plans.

`TESTS_CASES` runs more of them; a failure names the seed, which alone makes document, variables and answers.
"""

import os
import re
import time
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.documents import DocumentError
from gateway.endpoint import Endpoint
from gateway.resources.catalog import CATALOG, offered
from gateway.schema.build import build_schema, to_graphql_core
from gateway.settings import Settings
from tests.clock import SteppingClock
from tests.execution.documents import Writer
from tests.execution.oracle import Oracle
from tests.harness import GRAPH_URL, ISSUER, SCOPES

SCHEMA = to_graphql_core(build_schema(offered(CATALOG, ("cloudPcConnections",))))
TOKEN = ISSUER.issue(audience=GRAPH_URL, scopes=SCOPES)
CASES = int(os.environ.get("TESTS_CASES", "96"))
PORTIONS = 4
SHAPELESS = re.compile(r'"(a|k-1)"')
"""Literals that may be anything."""

LIMITS = {
    "GATEWAY_MAX_DEPTH": "30",
    "GATEWAY_MAX_ROOT_FIELDS": "99",
}


async def run(seed: int, oddity: float, *, compiled: bool, batch: bool) -> tuple[str, Any, list[str], str]:
    """The document, the answer without its cursors' seals, what was sent, and the way in which it was run.

    If compiled, two of three documents come after others of its shape, so that its literals are lifted.
    """
    document, variables = Writer(SCHEMA, Random(seed)).write()
    oracle, registry = Oracle(seed, oddity), CollectorRegistry()
    settings = Settings.from_environ(
        {**LIMITS, "GATEWAY_COMPILED": str(compiled), "GATEWAY_GRAPH_BATCH": str(batch), "GATEWAY_PLAYGROUND": "false"}
    )
    app = create_app(settings, transport=oracle, clock=SteppingClock(time=time.time()), registry=registry)
    assert isinstance(app.endpoint, Endpoint)
    prepare = app.endpoint.documents.prepare
    lifted = False
    if compiled and seed // PORTIONS % 3:
        with suppress(DocumentError):
            for number in range(2):
                prepare(SHAPELESS.sub(f'"{number}"', document))
            lifted = bool(prepare(document).literals)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as http:
        response = await http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"authorization": f"Bearer {TOKEN}", "accept": "application/graphql-response+json"},
        )
    ways = [
        way
        for way in ("planned", "replayed", "interpreted")
        if registry.get_sample_value("gateway_executions_total", {"way": way})
    ]
    return (
        document,
        _unsealed(response.json()),
        sorted(oracle.sent),
        f"{ways[0]}{' with literals' if lifted else ''}" if ways else "refused",
    )


def _unsealed(content: Any) -> Any:
    """Seals have the time in them."""
    if isinstance(content, dict):
        return {name: _unsealed(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_unsealed(each) for each in content]
    return "sealed" if isinstance(content, str) and content.startswith("gAAAA") else content


@pytest.mark.parametrize("portion", range(PORTIONS))
async def test_both_ways_are_the_same(portion: int) -> None:
    """Answers are equal, member for member and in their order, and Graph was sent the same requests, none twice."""
    ways: Counter[str] = Counter()
    for seed in range(portion, CASES, PORTIONS):
        oddity = (0.0, 0.05, 0.5)[seed % 3]
        batch = seed % 2 == 0
        document, answer, sent, way = await run(seed, oddity, compiled=True, batch=batch)
        _, expected, expected_sent, _ = await run(seed, oddity, compiled=False, batch=batch)
        assert (repr(answer), sent) == (repr(expected), expected_sent), f"seed {seed}, {way}: {document}"
        ways[way] += 1
    assert ways.keys() <= {"planned", "replayed", "planned with literals", "replayed with literals", "refused"}, ways
    assert min(ways["planned"], ways["replayed"]) > ways["refused"], ways
    assert ways["planned with literals"], ways
