"""What every store promises; the tests of each store run these."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from gateway.errors import StoreUnavailableError
from gateway.state.store import Store

HOUR = 3600.0

OpenStore = Callable[[int], AbstractAsyncContextManager[Store]]
"""The most entries → a store; opened again it has what was kept in it."""

Pass = Callable[[float], Awaitable[None]]
"""Lets so many seconds pass, as the store sees it."""


class StorePromises:
    """Subclasses give the fixtures `open_store` and `let_pass`."""

    async def test_an_entry_is_read_as_it_was_written(self, open_store: OpenStore) -> None:
        """Any bytes, under any name."""
        async with open_store(100) as store:
            for name, content in (("a", b"1"), ("ä:'\" ", b"\x00\xff"), ("empty", b"")):
                assert await store.get(name) is None
                assert await store.swap(name, None, content, lifetime_seconds=HOUR)
                assert await store.get(name) == content

    async def test_only_what_is_expected_is_changed(self, open_store: OpenStore) -> None:
        """A swap from anything else does nothing and says so."""
        async with open_store(100) as store:
            assert not await store.swap("a", b"1", b"2", lifetime_seconds=HOUR)
            assert await store.swap("a", None, b"1", lifetime_seconds=HOUR)
            assert not await store.swap("a", None, b"2", lifetime_seconds=HOUR)
            assert not await store.swap("a", b"0", b"2", lifetime_seconds=HOUR)
            assert not await store.swap("a", b"0", None, lifetime_seconds=HOUR)
            assert await store.get("a") == b"1"
            assert await store.swap("a", b"1", b"2", lifetime_seconds=HOUR)
            assert await store.get("a") == b"2"
            assert await store.swap("a", b"2", None, lifetime_seconds=HOUR)
            assert await store.get("a") is None

    async def test_a_swap_may_be_repeated(self, open_store: OpenStore) -> None:
        """Whoever lost the answer to one asks again, and learns that it was done."""
        async with open_store(100) as store:
            for old, new in ((None, b"1"), (b"1", b"2"), (b"2", None)):
                assert await store.swap("a", old, new, lifetime_seconds=HOUR)
                assert await store.swap("a", old, new, lifetime_seconds=HOUR)

    async def test_one_of_many_at_once_is_first(self, open_store: OpenStore) -> None:
        """Also if they come by two connections."""
        async with open_store(100) as one, open_store(100) as other:
            for name in map(str, range(10)):
                swaps = [
                    (one, other)[number % 2].swap(name, None, b"%d" % number, lifetime_seconds=HOUR)
                    for number in range(20)
                ]
                done = await asyncio.gather(*swaps)
                assert done.count(True) == 1
                assert await other.get(name) == b"%d" % done.index(True)

    async def test_what_is_kept_outlives_the_connection(self, open_store: OpenStore) -> None:
        """Another process finds it."""
        async with open_store(100) as store:
            await store.swap("a", None, b"1", lifetime_seconds=HOUR)
        async with open_store(100) as store:
            assert await store.get("a") == b"1"

    async def test_an_entry_ends(self, open_store: OpenStore, let_pass: Pass) -> None:
        """From then on it is as if it had never been."""
        async with open_store(100) as store:
            await store.swap("a", None, b"1", lifetime_seconds=0.2)
            await store.swap("b", None, b"1", lifetime_seconds=HOUR)
            await let_pass(0.3)
            assert (await store.get("a"), await store.get("b")) == (None, b"1")
            assert not await store.swap("a", b"1", b"2", lifetime_seconds=HOUR)
            assert await store.swap("a", None, b"3", lifetime_seconds=HOUR)

    async def test_a_change_begins_a_new_life(self, open_store: OpenStore, let_pass: Pass) -> None:
        """The end is counted from the last change."""
        async with open_store(100) as store:
            await store.swap("a", None, b"1", lifetime_seconds=0.2)
            await store.swap("a", b"1", b"2", lifetime_seconds=HOUR)
            await let_pass(0.3)
            assert await store.get("a") == b"2"

    async def test_there_are_no_more_entries_than_allowed(self, open_store: OpenStore, let_pass: Pass) -> None:
        """One too many is refused, what is there can still change, and what ends or is removed makes room."""
        async with open_store(3) as store:
            assert await store.swap("short", None, b"1", lifetime_seconds=0.2)
            assert await store.swap("a", None, b"1", lifetime_seconds=HOUR)
            assert await store.swap("b", None, b"1", lifetime_seconds=HOUR)
            with pytest.raises(StoreUnavailableError, match="full"):
                await store.swap("c", None, b"1", lifetime_seconds=HOUR)
            assert await store.swap("a", b"1", b"2", lifetime_seconds=HOUR)
            await let_pass(0.3)
            assert await store.swap("c", None, b"1", lifetime_seconds=HOUR)
            with pytest.raises(StoreUnavailableError, match="full"):
                await store.swap("d", None, b"1", lifetime_seconds=HOUR)
            assert await store.swap("b", b"1", None, lifetime_seconds=HOUR)
            assert await store.swap("d", None, b"1", lifetime_seconds=HOUR)
