"""Time, and how much of it is left."""

import time

from gateway.clock import Deadline, SystemClock
from tests.clock import SteppingClock


def test_a_deadline_counts_down_to_zero_and_stays_there() -> None:
    """What remains shrinks as time passes and is never negative."""
    clock = SteppingClock()
    deadline = Deadline.after(clock, 30)
    remaining = [deadline.remaining_seconds]
    for seconds in (10, 20, 5):
        clock.advance(seconds)
        remaining.append(deadline.remaining_seconds)
    assert remaining == [30, 20, 0, 0]


async def test_the_system_clock_is_the_machines_own() -> None:
    """Both readings are the machine's, and sleeping zero seconds returns."""
    clock = SystemClock()
    before = time.monotonic(), time.time()
    await clock.sleep(0)
    assert before[0] <= clock.monotonic() <= time.monotonic()
    assert before[1] <= clock.time() <= time.time()
