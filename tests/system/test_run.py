"""Trying it out, as the README tells it."""

import json
import subprocess
import sys
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


def test_a_second_gateway_on_the_same_port_says_so(running: Running) -> None:
    """It ends, not with 0, and names the address."""
    port = running.url.removeprefix("http://127.0.0.1:").removesuffix("/graphql")
    command = [sys.executable, "-m", "gateway", "serve", "--port", port]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=20)
    assert done.returncode != 0
    assert "address already in use" in done.stderr
