"""A store in one SQLite file, for the processes of one machine.

An entry that was written survives the end of the process, SIGKILL and a power cut: write-ahead log, synchronised at
each commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from gateway.clock import Clock
from gateway.errors import StoreUnavailableError
from gateway.state.store import ANSWER_SECONDS

T = TypeVar("T")

SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS entries (
    name TEXT PRIMARY KEY, content BLOB NOT NULL, ends_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_end ON entries (ends_at);
"""


class SqliteStore:
    """Is a `Store`. SQLite blocks, so all of it happens in one thread of its own.

    Raises `StoreUnavailableError` if the file cannot be opened.
    """

    def __init__(self, path: Path, *, max_entries: int, clock: Clock) -> None:
        self._path = path
        self._max_entries = max_entries
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._failed_at = 0.0
        self._connection: sqlite3.Connection | None = None  # used in the thread alone
        try:
            self._connection = self._thread.submit(self._guarded, self._open).result()
        except StoreUnavailableError:
            self._thread.shutdown()
            raise

    @property
    def buckets(self) -> None:
        """A budget is worth no write to the disk for each call: each process has its own."""

    async def get(self, name: str) -> bytes | None:
        return await self._run(lambda connection: self._read(connection, name))

    async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
        def swap(connection: sqlite3.Connection) -> bool:
            # At once, so that no other process writes between the look and the change.
            connection.execute("BEGIN IMMEDIATE")
            current = self._read(connection, name)
            if current not in (old, new):
                return False
            if new is None:
                connection.execute("DELETE FROM entries WHERE name = ?", (name,))
            elif current != new:
                self._write(connection, name, new, lifetime_seconds, is_new=current is None)
            return True

        return await self._run(swap)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown()

    def _open(self) -> sqlite3.Connection:
        with suppress(OSError):  # SQLite says better what is wrong
            self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=ANSWER_SECONDS, isolation_level=None)
        connection.executescript(SCHEMA)
        return connection

    def _read(self, connection: sqlite3.Connection, name: str) -> bytes | None:
        question = "SELECT content FROM entries WHERE name = ? AND ends_at > ?"
        row: tuple[bytes] | None = connection.execute(question, (name, self._clock.time())).fetchone()
        return row[0] if row else None

    def _write(
        self, connection: sqlite3.Connection, name: str, new: bytes, lifetime_seconds: float, *, is_new: bool
    ) -> None:
        now = self._clock.time()
        if is_new:
            connection.execute("DELETE FROM entries WHERE ends_at <= ?", (now,))
            (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
            if count >= self._max_entries:
                raise StoreUnavailableError.full(self._max_entries)
        connection.execute("REPLACE INTO entries VALUES (?, ?, ?)", (name, new, now + lifetime_seconds))

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The outcome of one transaction, which a failure undoes."""
        asked_at = self._clock.monotonic()

        def transact() -> T:
            if asked_at < self._failed_at:  # what waited behind a failure has waited long enough
                raise StoreUnavailableError.silent()
            if self._connection is None:
                self._connection = self._open()
            with self._connection:
                return work(self._connection)

        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, transact)
        except TimeoutError:
            raise StoreUnavailableError.silent() from None

    def _guarded(self, work: Callable[[], T]) -> T:
        """Opens the file anew after a failure: what is there then may be another one."""
        try:
            return work()
        except sqlite3.Error as failure:
            self._failed_at = self._clock.monotonic()
            self._drop()
            raise StoreUnavailableError.silent() from failure

    def _drop(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
