"""One gateway before one emulator for each test that asks for it, and a watch on the logs of every test."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.harness import CanaryWatch, Harness, assert_no_canary, running


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    async with running() as harness:
        yield harness


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[str]]:
    """Every log line of the test, each in both formats; none shows a secret."""
    watch, root = CanaryWatch(), logging.getLogger()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    yield watch.lines
    root.removeHandler(watch)
    root.setLevel(level)
    assert_no_canary("\n".join(watch.lines))
