"""Trying it out, as the README tells it."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.system.process import Running, gateway_run


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with gateway_run() as running:
        yield running


def test_the_printed_curl_line_creates_a_connection(running: Running) -> None:
    """Pasted as it is, it prints the typed object."""
    done = subprocess.run(running.curl, capture_output=True, check=True, text=True)
    connection = json.loads(done.stdout)["data"]["createCloudPcConnection"]
    assert connection["displayName"] == "Contoso West Europe"
    assert connection["id"]
