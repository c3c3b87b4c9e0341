"""The store in an SQLite file."""

import asyncio
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailableError
from gateway.state.sqlite import SqliteStore
from gateway.state.store import ANSWER_SECONDS
from tests.clock import SteppingClock
from tests.state.promises import HOUR, OpenStore, Pass, StorePromises

MODES = ("journal_mode", "synchronous")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def open_store(path: Path, clock: SteppingClock) -> OpenStore:
    @asynccontextmanager
    async def opened(max_entries: int) -> AsyncIterator[SqliteStore]:
        store = SqliteStore(path, max_entries=max_entries, clock=clock)
        try:
            yield store
        finally:
            await store.close()

    return opened


@pytest.fixture
def let_pass(clock: SteppingClock) -> Pass:
    return clock.sleep


class TestSqlite(StorePromises):
    """Every promise holds."""


async def test_a_commit_is_synchronised(open_store: OpenStore) -> None:
    """The file has a write-ahead log, which is on disk before an answer is given."""
    async with open_store(1) as store:
        assert isinstance(store, SqliteStore)
        await store.get("a")
        modes = await store._run(lambda it: [it.execute(f"PRAGMA {name}").fetchone()[0] for name in MODES])
    assert modes == ["wal", 2]


def test_the_file_is_its_owners_alone(path: Path) -> None:
    """Nobody else on the machine reads it."""
    SqliteStore(path, max_entries=1, clock=SteppingClock())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_file_that_fails_is_opened_anew(open_store: OpenStore, path: Path) -> None:
    """The failure is told, and the next call finds what is there then."""
    async with open_store(10) as store:
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE entries")
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            await store.swap("a", None, b"1", lifetime_seconds=HOUR)
        assert await store.swap("a", None, b"1", lifetime_seconds=HOUR)


@pytest.mark.parametrize(
    ("content", "reason"),
    [pytest.param(None, "unable to open", id="a folder"), pytest.param("text", "not a database", id="another file")],
)
def test_a_file_that_cannot_be_used_is_told_at_once(path: Path, content: str | None, reason: str) -> None:
    """The reason is SQLite's."""
    if content is None:
        path.mkdir()
    else:
        path.write_text(content * 1000)
    with pytest.raises(StoreUnavailableError) as raised:
        SqliteStore(path, max_entries=1, clock=SteppingClock())
    assert reason in str(raised.value.__cause__)


async def test_what_waits_behind_a_failure_fails_with_it(path: Path) -> None:
    """A file that somebody holds is not waited for once for each caller, but as long as SQLite is told to, once."""

    class Ticking(SteppingClock):
        def monotonic(self) -> float:
            self.advance(0.001)
            return super().monotonic()

    store = SqliteStore(path, max_entries=10, clock=Ticking())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        swaps = [store.swap(str(number), None, b"1", lifetime_seconds=HOUR) for number in range(5)]
        async with asyncio.timeout(1.9 * ANSWER_SECONDS):
            outcomes = await asyncio.gather(*swaps, return_exceptions=True)
        other.execute("ROLLBACK")
    assert [type(each) for each in outcomes] == [StoreUnavailableError] * 5
    assert await store.swap("a", None, b"1", lifetime_seconds=HOUR)
    await store.close()


async def test_a_disk_that_hangs_is_given_up(path: Path) -> None:
    """Whatever it is that holds the thread up: callers are told after twice as long as SQLite waits, four seconds."""
    store, release = SqliteStore(path, max_entries=10, clock=SteppingClock()), threading.Event()
    store._thread.submit(release.wait)
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        await store.get("a")
    release.set()
    assert await store.get("a") is None
    await store.close()
