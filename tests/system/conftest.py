"""Tests that share a loop with our code run on the loop that processes run on."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.system.hop import Opener, over_aiohttp, over_httpx


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(params=[over_aiohttp, over_httpx], ids=["aiohttp", "httpx"])
def transport(request: pytest.FixtureRequest) -> Opener:
    """Opens the transport that serves, and the one that it must equal."""
    opener: Opener = request.param
    return opener
