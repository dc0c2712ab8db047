"""The embedded store: one SQLite file that the worker processes of a machine share.

A user's events lie side by side in one B-tree (the table is its primary key), so a history is one short range scan.
The file is in WAL mode with full syncs: readers never wait, and a commit returns when its events are on disk. As a sync
costs far more than an insert, batches that wait for one another are committed together.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from core.errors import StateError
from core.types import Event, EventType
from state.store import AppendResult, check_events, is_utf8

SCHEMA_VERSION = 1

_SCHEMA = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    # arrival numbers all events of the file in the order in which they were stored: it decides between equal times.
    """CREATE TABLE events (
        user_id TEXT NOT NULL, time INTEGER NOT NULL, arrival INTEGER NOT NULL, event_id TEXT NOT NULL UNIQUE,
        item_id TEXT NOT NULL, type INTEGER NOT NULL, value REAL NOT NULL,
        session_id TEXT NOT NULL, attribution_token TEXT NOT NULL,
        PRIMARY KEY (user_id, time, arrival)
    ) WITHOUT ROWID""",
    "CREATE TABLE arrivals (next INTEGER NOT NULL)",
    "INSERT INTO arrivals VALUES (0)",
    f"INSERT INTO schema_version VALUES ({SCHEMA_VERSION})",
)
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING"
_RESERVE = "UPDATE arrivals SET next = next + ? RETURNING next"
_HISTORY = """SELECT event_id, item_id, time, type, value, session_id, attribution_token
    FROM events WHERE user_id = ? ORDER BY time DESC, arrival DESC LIMIT ?"""

_TYPES = {int(type): type for type in EventType}  # a third of the time that EventType(number) takes


@dataclass(slots=True, eq=False)
class _Batch:
    """One caller's events on their way to disk."""

    events: Sequence[Event]
    accepted: int = 0
    error: BaseException | None = None
    done: bool = False


class SqliteStore:
    """A `StateStore` in the file at `path`, or in memory for `:memory:`."""

    def __init__(self, path: str, *, busy_timeout_seconds: float = 5.0) -> None:
        self._connections = _Connections(path, busy_timeout_seconds)
        self._waiting: deque[_Batch] = deque()
        self._writing = threading.Lock()

    def append(self, events: Sequence[Event]) -> AppendResult:
        """See `StateStore.append`."""
        check_events(events)
        if not events:
            return AppendResult(0, 0)
        batch = _Batch(events)
        self._waiting.append(batch)
        with self._writing:  # whoever comes in writes for all who wait by then; they find their batch done
            if not batch.done:
                self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
        if batch.error is not None:
            raise StateError(str(batch.error) or "interrupted while writing") from batch.error
        return AppendResult(batch.accepted, len(events) - batch.accepted)

    def history(self, user_id: str, limit: int) -> list[Event]:
        """See `StateStore.history`."""
        if limit < 0:
            raise ValueError(f"limit must not be negative, got {limit}")
        if not is_utf8(user_id):
            return []
        with self._connections.borrow("read") as connection:
            rows = connection.execute(_HISTORY, (user_id, limit)).fetchall()
        rows.reverse()
        return [
            Event(id, user_id, item, time, _TYPES[type], value, session, token)
            for id, item, time, type, value, session, token in rows
        ]

    def ping(self) -> None:
        """See `StateStore.ping`."""
        with self._connections.borrow("read") as connection:
            connection.execute("SELECT next FROM arrivals").fetchone()

    def close(self) -> None:
        """See `StateStore.close`."""
        with self._writing:
            self._connections.close()

    def _write(self, batches: list[_Batch]) -> None:
        """Commit the batches in one transaction and tell each how it went."""
        try:
            with self._connections.borrow("written") as connection, _transaction(connection):
                for batch in batches:
                    batch.accepted = _insert(connection, batch.events)
        except BaseException as error:
            for batch in batches:
                batch.error = error
            if not isinstance(error, StateError):
                raise
        finally:
            for batch in batches:
                batch.done = True


class _Connections:
    """Connections to one database, each used by one thread at a time; one in memory has a single one."""

    def __init__(self, path: str, busy_timeout_seconds: float) -> None:
        self._path = path
        self._timeout = busy_timeout_seconds
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._closed = False
        with self._translated("opened"):
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = self._open()
            self._prepare(connection)
            self._idle.put(connection)

    @contextmanager
    def borrow(self, purpose: str) -> Iterator[sqlite3.Connection]:
        """A connection for the length of the context, whose SQLite errors become a StateError about `purpose`."""
        with self._translated(purpose):
            connection = self._take()
            try:
                yield connection
            finally:
                self._idle.put(connection)
                if self._closed:
                    self.close()

    def close(self) -> None:
        self._closed = True
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

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
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make a new file ours; leave alone what is not."""
        is_new = self._is_empty(connection)
        _switch_to_wal(connection, self._timeout)
        if is_new:
            with _transaction(connection):
                if self._is_empty(connection):  # no other process was faster
                    for statement in _SCHEMA:
                        connection.execute(statement)

    def _is_empty(self, connection: sqlite3.Connection) -> bool:
        """Whether the database is yet to be filled; StateError where it holds something that is not for us."""
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return True
        if "schema_version" not in tables:
            raise StateError(f"{self._path} is the database of another program")
        (version,) = connection.execute("SELECT version FROM schema_version").fetchone()
        if version != SCHEMA_VERSION:
            known = f"this program knows version {SCHEMA_VERSION}"
            raise StateError(f"the state in {self._path} has schema version {version}, {known}")
        return False

    @contextmanager
    def _translated(self, purpose: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StateError(f"the state in {self._path} cannot be {purpose}: {error}") from error


def _insert(connection: sqlite3.Connection, events: Sequence[Event]) -> int:
    """How many of the events were new."""
    first = connection.execute(_RESERVE, (len(events),)).fetchone()[0] - len(events)
    rows = (
        (e.user_id, int(e.time), arrival, e.event_id, e.item_id, int(e.type), float(e.value), e.session_id,
         e.attribution_token)
        for arrival, e in enumerate(events, first)
    )  # fmt: skip
    return connection.executemany(_INSERT, rows).rowcount


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: the lock is taken at once, as one that is taken later cannot be waited for."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # a failed COMMIT leaves it open, most errors on the way have ended it already
            connection.execute("ROLLBACK")


def _switch_to_wal(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    """Switch a new file to WAL mode. When several processes do so at once, SQLite lets some fail at once."""
    give_up = time.monotonic() + timeout_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
