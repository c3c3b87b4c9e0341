"""Token buckets of one process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.state.buckets import Bucket, LocalBuckets
from tests.clock import SteppingClock
from tests.state.bucket_promises import BucketPromises, Pass, most_in_any_window


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def buckets(clock: SteppingClock) -> LocalBuckets:
    return LocalBuckets(clock)


@pytest.fixture
def let_pass(clock: SteppingClock) -> Pass:
    return clock.sleep


class TestLocal(BucketPromises):
    """Every promise holds."""


@given(gaps=st.lists(st.floats(0, 10), min_size=30, max_size=120), limit=st.integers(5, 50))
async def test_no_window_has_more_than_the_limit(gaps: list[float], limit: int) -> None:
    """Wherever it begins, however the calls come."""
    clock, bucket = SteppingClock(), Bucket("b", limit, 20)
    buckets, starts = LocalBuckets(clock), []
    for gap in gaps:
        clock.advance(gap)
        wait = await buckets.take([bucket], 1, longest_seconds=1000)
        starts.append(clock.monotonic() + wait.seconds + 1e-6)
    assert most_in_any_window(bucket, starts) <= limit
