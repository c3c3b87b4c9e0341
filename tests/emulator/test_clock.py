"""The emulator's own clock."""

import time

from gateway.emulator.clock import SystemClock


async def test_the_system_clock_is_the_machines_own() -> None:
    """It tells the machine's time, and sleeping zero seconds returns."""
    clock = SystemClock()
    before = time.time()
    await clock.sleep(0)
    assert before <= clock.time() <= time.time()
