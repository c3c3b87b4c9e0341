"""One emulator for each test that asks for it, with a clock that stands still, and a client of it."""

from collections.abc import AsyncIterator

import pytest

from gateway.emulator.app import Emulator
from tests.clock import SteppingClock
from tests.emulator.client import Client
from tests.harness import ISSUER


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def emulator(clock: SteppingClock) -> Emulator:
    return Emulator(issuer=ISSUER, clock=clock)


@pytest.fixture
async def graph(emulator: Emulator) -> AsyncIterator[Client]:
    client = Client(emulator)
    async with client.http:
        yield client
