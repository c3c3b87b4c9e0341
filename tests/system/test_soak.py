"""A minute of load before an emulator that fails in many ways: a part of `make soak`."""

import asyncio
import os
import sys

import pytest

from tests.soak.report import to_markdown
from tests.soak.run import soak

MINUTES = float(os.environ.get("MINUTES", "1"))
SEED = int(os.environ.get("SOAK_SEED", "1"))


@pytest.mark.skipif(sys.platform != "linux", reason="memory and descriptors are read from /proc")
def test_nothing_grows_and_no_write_is_lost_or_doubled() -> None:
    """Memory, descriptors, threads, caches and latency stay within bounds, and the emulator has what callers heard."""
    seen = asyncio.run(soak(MINUTES, SEED))
    assert seen.holds, to_markdown(seen)
