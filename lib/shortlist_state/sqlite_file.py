"""The SQLite file: its schema, its connections, and the removal of an erased user's traces from its bytes."""

from __future__ import annotations

import mmap
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from shortlist_core.errors import StateError

# arrival numbers all events and erasures in the order of commits. It orders events of the same time.
_SCHEMA_1 = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    """CREATE TABLE events (
        user_id TEXT NOT NULL, time INTEGER NOT NULL, arrival INTEGER NOT NULL, event_id TEXT NOT NULL UNIQUE,
        item_id TEXT NOT NULL, type INTEGER NOT NULL, value REAL NOT NULL,
        session_id TEXT NOT NULL, attribution_token TEXT NOT NULL,
        PRIMARY KEY (user_id, time, arrival)
    ) WITHOUT ROWID""",
    "CREATE TABLE arrivals (next INTEGER NOT NULL)",
    "INSERT INTO arrivals VALUES (0)",
    "INSERT INTO schema_version VALUES (1)",
)
_SCHEMA_2 = (
    "CREATE UNIQUE INDEX events_by_arrival ON events (arrival)",
    "CREATE TABLE erasures (user BLOB PRIMARY KEY, arrival INTEGER NOT NULL UNIQUE) WITHOUT ROWID",
    "CREATE TABLE salt (value BLOB NOT NULL)",
    "INSERT INTO salt VALUES (randomblob(32))",
    "UPDATE schema_version SET version = 2",
)
# item is JSON, empty for an item that was deleted.
_SCHEMA_3 = (
    "CREATE TABLE catalog (sequence INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, item TEXT NOT NULL)",
    "CREATE TABLE catalog_position (sequence INTEGER NOT NULL)",
    "INSERT INTO catalog_position VALUES (0)",
    "UPDATE schema_version SET version = 3",
)
_SCHEMAS = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3)
SCHEMA_VERSION = len(_SCHEMAS)


class SqliteFile:
    """Connections to one database, each used by one thread at a time. An in-memory database has a single one."""

    def __init__(self, path: str, busy_timeout_seconds: float) -> None:
        self._path = path
        self._timeout = busy_timeout_seconds
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._closed = False
        with self._translated("opened"):
            if path != ":memory:" and not (folder := Path(path).absolute().parent).is_dir():
                raise NotADirectoryError(f"there is no folder {str(folder)!r}")
            connection = self._open()
            self._prepare(connection)
            self._idle.put(connection)

    @contextmanager
    def borrow(self, purpose: str) -> Iterator[sqlite3.Connection]:
        """A connection for the time of the context; SQLite errors become a StateError that names `purpose`."""
        with self._translated(purpose):
            connection = self._take()
            try:
                yield connection
            finally:
                self._idle.put(connection)
                if self._closed:
                    self.close()

    def scrub(self, connection: sqlite3.Connection, trace: bytes) -> None:
        """Remove deleted data from the bytes of the file, and make sure that `trace` does not occur in it any more.

        Deleted rows are overwritten (secure_delete). But SQLite leaves copies in the gaps of pages that it split, and
        the write-ahead log has the old pages. Raises StateError where another process reads for so long that the log
        cannot be emptied; the caller may try again later.
        """
        if self._path == ":memory:":
            return
        self._empty_log(connection)
        if _holds(self._path, trace):  # a copy, or another user's id that contains this one
            connection.execute("VACUUM")
            self._empty_log(connection)

    def close(self) -> None:
        """Close idle connections now, and the others when they are given back."""
        self._closed = True
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def _empty_log(self, connection: sqlite3.Connection) -> None:
        give_up = time.monotonic() + self._timeout
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > give_up:
                raise StateError(f"the state in {self._path} is read all the time: its log cannot be emptied")
            time.sleep(0.01)

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise StateError(f"the state in {self._path} is closed")
        try:
            return self._idle.get_nowait()
        except Empty:
            if self._path != ":memory:":
                return self._open()
        try:
            return self._idle.get(timeout=self._timeout)
        except Empty:
            raise StateError(f"the state in {self._path} is busy or closed") from None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Create the schema or bring it up to date. Raises StateError for the database of another program."""
        is_current = self._version(connection) == SCHEMA_VERSION
        _switch_to_wal(connection, self._timeout)
        if not is_current:
            with transaction(connection):  # another process may have been faster
                for statements in _SCHEMAS[self._version(connection) :]:
                    for statement in statements:
                        connection.execute(statement)

    def _version(self, connection: sqlite3.Connection) -> int:
        """The version of the file's schema, 0 for an empty file. Raises StateError for any other content."""
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return 0
        if "schema_version" not in tables:
            raise StateError(f"{self._path} is the database of another program")
        version = int(connection.execute("SELECT version FROM schema_version").fetchone()[0])
        if not 1 <= version <= SCHEMA_VERSION:
            supported = f"this program knows version {SCHEMA_VERSION}"
            raise StateError(f"the state in {self._path} has schema version {version}, {supported}")
        return version

    @contextmanager
    def _translated(self, purpose: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StateError(f"the state in {self._path} cannot be {purpose}: {error}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction. It takes the lock at once, because SQLite does not wait for a lock taken later."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # a failed COMMIT leaves it open; most other errors have ended it already
            connection.execute("ROLLBACK")


def _switch_to_wal(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    """Switch a new file to WAL mode. If several processes do so at the same time, SQLite fails in some of them."""
    give_up = time.monotonic() + timeout_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _holds(path: str, trace: bytes) -> bool:
    """Whether the bytes `trace` occur in a file."""
    with Path(path).open("rb") as file:
        if not trace or os.fstat(file.fileno()).st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(trace) >= 0
