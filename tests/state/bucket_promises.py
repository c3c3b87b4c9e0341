"""What token buckets promise, in this process or shared; the tests of each kind run these."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from gateway.state.buckets import Bucket, Buckets

ONE = Bucket("one", limit=10, window_seconds=8)
"""Two at once, and one each second."""

OTHER = Bucket("other", limit=5, window_seconds=8)
"""One at once, and one each two seconds."""

Pass = Callable[[float], Awaitable[None]]


class BucketPromises:
    """Subclasses give the fixtures `buckets` and `let_pass`."""

    async def test_a_burst_is_free_and_what_follows_waits(self, buckets: Buckets) -> None:
        """Each in turn a little longer: nobody is overtaken."""
        waits = [await buckets.take([ONE], 1, longest_seconds=100) for _ in range(5)]
        assert [wait.seconds for wait in waits] == pytest.approx([0, 0, 1, 2, 3], abs=0.1)
        assert [wait.bucket for wait in waits] == [None, None, ONE, ONE, ONE]

    async def test_what_would_wait_too_long_takes_nothing(self, buckets: Buckets) -> None:
        """Whoever is refused has used nothing up."""
        assert (await buckets.take([ONE], 2, longest_seconds=0)).seconds == 0
        for _ in range(3):
            refused = await buckets.take([ONE], 2, longest_seconds=1)
            assert refused.seconds == pytest.approx(2, abs=0.1)
        assert (await buckets.take([ONE], 1, longest_seconds=1)).seconds == pytest.approx(1, abs=0.1)

    async def test_the_slowest_of_several_decides(self, buckets: Buckets) -> None:
        """All are taken from, or none."""
        assert (await buckets.take([ONE, OTHER], 1, longest_seconds=0)).bucket is None
        wait = await buckets.take([ONE, OTHER], 1, longest_seconds=0)
        assert wait.bucket is OTHER
        assert wait.seconds == pytest.approx(2, abs=0.1)
        assert (await buckets.take([ONE], 1, longest_seconds=0)).bucket is None
        assert (await buckets.take([ONE], 1, longest_seconds=0)).bucket is ONE

    async def test_time_fills_them_up_to_their_size(self, buckets: Buckets, let_pass: Pass) -> None:
        """Not beyond: what was not used is no claim."""
        await buckets.take([ONE], 2, longest_seconds=0)
        await let_pass(1.1)
        assert (await buckets.take([ONE], 1, longest_seconds=0)).bucket is None
        assert (await buckets.take([ONE], 1, longest_seconds=0)).bucket is ONE
        await let_pass(3)
        waits = [await buckets.take([ONE], 1, longest_seconds=0) for _ in range(3)]
        assert [wait.bucket for wait in waits] == [None, None, ONE]

    async def test_more_than_a_bucket_holds_only_waits_longer(self, buckets: Buckets) -> None:
        """A call that counts for many is not impossible."""
        assert (await buckets.take([ONE], 6, longest_seconds=10)).seconds == pytest.approx(4, abs=0.1)

    @pytest.mark.parametrize("names", [("one", "two")])
    async def test_names_are_apart(self, buckets: Buckets, names: Sequence[str]) -> None:
        """One's calls are not another's."""
        for name in names:
            assert (await buckets.take([Bucket(name, 10, 8)], 2, longest_seconds=0)).bucket is None


def most_in_any_window(bucket: Bucket, starts: Sequence[float]) -> int:
    """The most calls that began within one window, wherever it lies."""
    return max(sum(start <= other < start + bucket.window_seconds for other in starts) for start in starts)
