"""The SQLite file: its connections, and the removal of an erased user's traces from its bytes.

The file is watched: what is written to a file that nobody finds any more would be lost with the process.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import quote

import structlog

from shortlist_core.errors import StateError
from shortlist_state.file_watch import FileWatch, check_log
from shortlist_state.raw_file import Identity, hold, holds, release
from shortlist_state.sqlite_schema import SCHEMA_VERSION, SCHEMAS

log = structlog.get_logger(__name__)


MEMORY = ":memory:"


class SqliteFile:
    """Connections to one database, each used by one thread at a time. An in-memory database has a single one."""

    def __init__(self, path: str, busy_timeout_seconds: float) -> None:
        self._path = path if path == MEMORY else str(Path(path).absolute())
        self._timeout = busy_timeout_seconds
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._closed = False
        self._counting = threading.Lock()
        self._connections = 0  # that are open
        self._held: Identity | None = None
        self._watch: FileWatch | None = None
        with self._translated("opened"):
            if path != MEMORY:
                if not (folder := Path(self._path).parent).is_dir():
                    raise NotADirectoryError(f"there is no folder {str(folder)!r}")
                _create(self._path)
                self._held = hold(self._path)
                check_log(self._path)
            connection = self._open()
            self._prepare(connection)
            if path != MEMORY:
                self._watch = FileWatch(self._path, connection)
            self._idle.put(connection)

    @contextmanager
    def borrow(self, purpose: str) -> Iterator[sqlite3.Connection]:
        """A connection for the time of the context; SQLite errors become a StateError that names `purpose`.

        Raises StateReplacedError where the file is not the one that was opened.
        """
        with self._translated(purpose):
            self.check()
            connection = self._take()
            try:
                yield connection
            finally:
                self._idle.put(connection)
                if self._closed:
                    self.close()

    def check(self) -> None:
        """Raise StateReplacedError unless the file that was opened still lies at the path."""
        if self._watch is not None and not self._closed and not self._is_there(self._watch):
            raise self._watch.error()

    def scrub(self, connection: sqlite3.Connection, trace: bytes) -> None:
        """Remove deleted data from the bytes of the file, and make sure that `trace` does not occur in it any more.

        Deleted rows are overwritten (secure_delete). But SQLite leaves copies in the gaps of pages that it split, and
        the write-ahead log has the old pages. Raises StateError where another process reads for so long that the log
        cannot be emptied; the caller may try again later.
        """
        if self._path == MEMORY:
            return
        self._empty_log(connection)
        if holds(self._path, trace):  # a copy, or another user's id that contains this one
            connection.execute("VACUUM")
            self._empty_log(connection)

    def close(self) -> None:
        """Close idle connections now, and the others when they are given back."""
        if self._watch is not None and not self._closed:
            self._is_there(self._watch)  # SQLite brings the log into the file now, even if that is another one
        self._closed = True
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()
                self._count(-1)

    def _is_there(self, watch: FileWatch) -> bool:
        """Whether the file still lies at the path. Where it does not, what the log holds is saved."""
        if watch.is_there():
            return True
        with suppress(Empty):
            connection = self._idle.get_nowait()
            watch.save(connection)
            self._idle.put(connection)
        return False

    def _count(self, change: int) -> None:
        """Count connections; after the last one the file itself is let go."""
        with self._counting:
            self._connections += change
            if self._closed and not self._connections and self._held:
                release(self._held)
                self._held = None

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
            if self._path != MEMORY:
                return self._open()
        try:
            return self._idle.get(timeout=self._timeout)
        except Empty:
            raise StateError(f"the state in {self._path} is busy or closed") from None

    def _open(self) -> sqlite3.Connection:
        # Never created here: a file that was moved away must not come back empty.
        uri = MEMORY if self._path == MEMORY else f"file:{quote(self._path)}?mode=rw"
        connection = sqlite3.connect(
            uri, timeout=self._timeout, isolation_level=None, check_same_thread=False, uri=uri != MEMORY
        )
        self._count(1)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Create the schema or bring it up to date. Raises StateError for the database of another program."""
        is_current = self._version(connection) == SCHEMA_VERSION
        _switch_to_wal(connection, self._timeout)
        if not is_current:
            with transaction(connection):  # another process may have been faster
                for statements in SCHEMAS[self._version(connection) :]:
                    for statement in statements:
                        connection.execute(statement)
                salt = connection.execute("SELECT value FROM salt").fetchone()[0]
                connection.execute(f"PRAGMA application_id = {int.from_bytes(salt[:4], 'big') >> 1}")

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


def _create(path: str) -> None:
    """Make an empty file that its owner alone can read, where there is none; SQLite gives its log the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if Path(path).stat().st_mode & 0o077:
            log.warning("state_is_readable_by_others", file=path, type=f"chmod 600 {path}*")
