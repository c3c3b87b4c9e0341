"""The reference suite of GraphQL over HTTP (npm's graphql-http), each audit a test of its id.

https://github.com/graphql/graphql-http/blob/main/implementations/README.md
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.system.process import gateway_run

AUDITS = Path(__file__).with_name("audits")
IDS = tuple(json.loads((AUDITS / "ids.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=AUDITS, check=True, capture_output=True)
    with gateway_run() as running:
        environ = {**os.environ, "AUDIT_URL": running.url, "AUDIT_TOKEN": running.token}
        done = subprocess.run(
            ["node", "audit.mjs"], cwd=AUDITS, env=environ, check=True, capture_output=True, text=True
        )
    return {each["id"]: each for each in json.loads(done.stdout)}


def test_the_suite_has_no_other_audits(results: dict[str, Any]) -> None:
    """All 61 are here."""
    assert (set(results), len(IDS)) == (set(IDS), 61)


@pytest.mark.parametrize("audit", IDS)
def test_an_audit_passes_without_warning(results: dict[str, Any], audit: str) -> None:
    """A MUST, a SHOULD and a MAY all count."""
    assert results[audit]["status"] == "ok", results[audit]
