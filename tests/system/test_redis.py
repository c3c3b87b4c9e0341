"""The store in Redis, a real one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.errors import StoreUnavailableError
from gateway.state.buckets import Buckets
from gateway.state.redis import RedisStore
from tests.state.bucket_promises import ONE, BucketPromises
from tests.state.promises import HOUR, OpenStore, Pass, StorePromises
from tests.system.redis import RedisServer, redis_server


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def open_store(server: RedisServer) -> OpenStore:
    @asynccontextmanager
    async def opened(max_entries: int) -> AsyncIterator[RedisStore]:
        store = RedisStore(server.url, max_entries=max_entries, ca_file=None)
        try:
            yield store
        finally:
            await store.close()

    return opened


@pytest.fixture
def let_pass() -> Pass:
    return asyncio.sleep


class TestRedis(StorePromises):
    """Every promise holds."""


@pytest.fixture
async def buckets(open_store: OpenStore) -> AsyncIterator[Buckets]:
    async with open_store(100) as store:
        assert store.buckets is not None
        yield store.buckets


class TestRedisBuckets(BucketPromises):
    """Every promise holds."""


async def test_buckets_are_shared(open_store: OpenStore) -> None:
    """What one replica takes the other does not have."""
    async with open_store(100) as one, open_store(100) as other:
        assert one.buckets is not None
        assert other.buckets is not None
        await one.buckets.take([ONE], 2, longest_seconds=0)
        assert (await other.buckets.take([ONE], 1, longest_seconds=0)).bucket is ONE


async def test_what_was_acknowledged_survives_a_crash_of_redis(server: RedisServer, open_store: OpenStore) -> None:
    """If Redis writes each change to disk; meanwhile the failure is told, and no restart of ours is needed."""
    async with open_store(100) as store:
        assert await store.swap("a", None, b"1", lifetime_seconds=HOUR)
        server.stop()
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            await store.get("a")
        server.start()
        assert await store.get("a") == b"1"


async def test_a_redis_that_is_full_refuses_what_is_new(open_store: OpenStore, server: RedisServer) -> None:
    """It must not evict: an entry that was written is there until its end."""
    server.stop()
    server.start("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
    async with open_store(100_000) as store:
        written = 0
        with suppress(StoreUnavailableError):
            while await store.swap(f"entry-{written}", None, b"x" * 10_000, lifetime_seconds=HOUR):
                written += 1
        with pytest.raises(StoreUnavailableError):
            await store.swap("one more", None, b"x" * 10_000, lifetime_seconds=HOUR)
        assert written > 10
        assert [await store.get(f"entry-{number}") for number in range(written)] == [b"x" * 10_000] * written


async def test_a_redis_that_hangs_is_given_up(server: RedisServer, open_store: OpenStore) -> None:
    """Nobody waits for it as long as for Graph."""
    async with open_store(100) as store:
        assert await store.get("a") is None
        server.pause()
        async with asyncio.timeout(10):
            with pytest.raises(StoreUnavailableError):
                await store.get("a")
        server.go_on()
