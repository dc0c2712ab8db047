"""SQLite store: one embedded SQLite file that the worker processes of a machine share.

A user's events are adjacent in one B-tree (the table is its primary key), so a history is one short range scan. The
file is in WAL mode with full syncs: readers never wait. A commit returns when its events are on disk, so they survive a
crash of the machine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from shortlist_core.catalog import Attribute
from shortlist_core.types import Event, EventType
from shortlist_state.checks import check_limit, is_utf8
from shortlist_state.sqlite_catalog import SqliteCatalog
from shortlist_state.sqlite_expiry import TAKE, due_events
from shortlist_state.sqlite_file import SqliteFile, transaction
from shortlist_state.sqlite_schema import DONE_INDEX, SHOWN_INDEX
from shortlist_state.sqlite_writes import SqliteWrites
from shortlist_state.store import (
    IDENTITY,
    IMPRESSIONS,
    AppendResult,
    Expired,
    LiveUser,
    LogEntry,
    LogPage,
    StateStore,
    Summary,
    attributes_of_json,
    attributes_to_json,
    check_attributes,
    check_events,
    salted,
)

_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING"
_RESERVE = "UPDATE arrivals SET next = next + ? RETURNING next"
_EVENT = "event_id, user_id, item_id, time, type, value, session_id, attribution_token"
_READABLE = f"type IN ({', '.join(str(int(type)) for type in EventType)})"  # others are of newer versions, and are kept
_HISTORY = f"SELECT {_EVENT} FROM events WHERE user_id = ? AND {_READABLE} ORDER BY time DESC, arrival DESC LIMIT ?"
_IMPRESSIONS = f"""SELECT item_id, time FROM events INDEXED BY {SHOWN_INDEX} WHERE user_id = ? AND type = 7
    ORDER BY time DESC, arrival DESC LIMIT ?"""
_DONE = f"""SELECT {_EVENT} FROM events INDEXED BY {DONE_INDEX} WHERE user_id = ? AND type <> 7 AND {_READABLE}
    ORDER BY time DESC, arrival DESC LIMIT ?"""
_SUMMARY = f"SELECT type, count(*), min(time), max(time) FROM events WHERE user_id = ? AND {_READABLE} GROUP BY type"
_EXPORT = f"SELECT arrival, NULL, {_EVENT} FROM events WHERE user_id = ? AND arrival > ? ORDER BY arrival LIMIT ?"
_LOG = f"""SELECT arrival, NULL, {_EVENT} FROM events WHERE arrival > ?1
    UNION ALL SELECT arrival, user, '', '', '', 0, 0, 0, '', '' FROM erasures WHERE arrival > ?1
    ORDER BY arrival LIMIT ?2"""
_DESCRIBE = """INSERT INTO users VALUES (?, ?)
    ON CONFLICT (user_id) DO UPDATE SET attributes = excluded.attributes"""
_FIRST_DESCRIBED = "SELECT user_id, attributes FROM users ORDER BY user_id LIMIT 1"
_DESCRIBED = "SELECT user_id, attributes FROM users WHERE user_id > ? ORDER BY user_id LIMIT 1000"
_ATTRIBUTES = "SELECT attributes FROM users WHERE user_id = ?"
_NOT_DESCRIBED = "DELETE FROM users WHERE user_id = ?"
_ERASED = "SELECT 1 FROM erasures WHERE user = ?"

_TYPES = {int(type): type for type in EventType}  # three times as fast as EventType(number)


class SqliteStore(StateStore):
    """A `StateStore` in the file at `path`, or in memory for `:memory:`."""

    def __init__(self, path: str, *, busy_timeout_seconds: float = 5.0) -> None:
        self._file = SqliteFile(path, busy_timeout_seconds)
        self._writes = SqliteWrites(self._file)
        with self._file.borrow("read") as connection:
            self._salt: bytes = connection.execute("SELECT value FROM salt").fetchone()[0]
        self._catalog = SqliteCatalog(self._file, self._writes, salted(self._salt, IDENTITY).hex())

    @property
    def catalog(self) -> SqliteCatalog:
        """The catalogue, in the same file."""
        return self._catalog

    def append(self, events: Sequence[Event]) -> AppendResult:
        """See `StateStore`, as for all methods here."""
        check_events(events)
        if not events:
            return AppendResult(0, 0)
        accepted = self._writes.commit(partial(_insert, events))
        return AppendResult(accepted, len(events) - accepted)

    def describe(self, attributes: Mapping[str, Sequence[Attribute]]) -> None:
        """Writes one row for each user."""
        check_attributes(attributes)
        if attributes:
            self._writes.commit(partial(_describe, attributes))

    def described(self) -> Iterator[tuple[str, tuple[Attribute, ...]]]:
        """Reads the users in the order of their ids, a thousand at a time."""
        with self._file.borrow("read") as connection:
            rows = connection.execute(_FIRST_DESCRIBED).fetchall()
        while rows:
            yield from ((user_id, attributes_of_json(text)) for user_id, text in rows)
            with self._file.borrow("read") as connection:
                rows = connection.execute(_DESCRIBED, (rows[-1][0],)).fetchall()

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """Reads the events first, then whether the user was erased, so that an erasure in between is respected."""
        check_limit(limit)
        with self._file.borrow("read") as connection:
            return [self._live(connection, user_id, limit) for user_id in user_ids]

    def summary(self, user_id: str) -> Summary:
        """Makes one pass over the user's events."""
        with self._file.borrow("read") as connection:
            rows = connection.execute(_SUMMARY, (user_id,)).fetchall() if is_utf8(user_id) else []
            erased, attributes = self._erased(connection, user_id), len(self._attributes(connection, user_id))
        counts = {_TYPES[type]: count for type, count, _, _ in rows}
        first, last = min((row[2] for row in rows), default=None), max((row[3] for row in rows), default=None)
        return Summary(counts, first, last, erased, attributes)

    def export(self, user_id: str, after: int, limit: int) -> LogPage:
        """Sorts all of the user's events for every page."""
        return (
            self._page(_EXPORT, (user_id, after, limit), after, limit)
            if is_utf8(user_id)
            else LogPage([], after, False)
        )

    def erase(self, user_id: str) -> int:
        """Deletes, then removes traces from the file: mostly milliseconds; at worst the file is rewritten."""
        if not is_utf8(user_id):
            return 0
        with self._writes.alone(), self._file.borrow("written") as connection:
            with transaction(connection):
                deleted = connection.execute("DELETE FROM events WHERE user_id = ?", (user_id,)).rowcount
                connection.execute(_NOT_DESCRIBED, (user_id,))
                [arrival] = connection.execute(_RESERVE, (1,)).fetchone()
                tombstone = (self.pseudonym(user_id), arrival - 1)
                connection.execute("INSERT OR REPLACE INTO erasures VALUES (?, ?)", tombstone)
            self._file.scrub(connection, user_id.encode())
            self._file.check()
        return deleted

    def log(self, after: int, limit: int) -> LogPage:
        """Reads events and erasures in the order of their numbers."""
        return self._page(_LOG, (after, limit), after, limit)

    def position(self) -> int:
        """Duplicates get numbers too, so there may be no entry with this number."""
        with self._file.borrow("read") as connection:
            return int(connection.execute("SELECT next FROM arrivals").fetchone()[0]) - 1

    def tombstones(self) -> frozenset[bytes]:
        """Reads all tombstones."""
        with self._file.borrow("read") as connection:
            return frozenset(user for (user,) in connection.execute("SELECT user FROM erasures"))

    def expire(self, before: int | None, most: int | None, place: str, users: int) -> Expired:
        """Looks at users in the order of their ids, without holding a lock, and then deletes by primary key."""
        with self._file.borrow("read") as connection:
            step = due_events(connection, before, most, place, users)
        deleted = self._writes.commit(step.delete) if step.rows else 0
        return Expired(deleted, step.waiting, step.place, step.more)

    def take(self, sequence: int) -> None:
        """Writes a note."""
        self._writes.commit(lambda connection: connection.execute(TAKE, (sequence,)) and None)

    def pseudonym(self, user_id: str) -> bytes:
        """Uses the salt that the file was made with."""
        return salted(self._salt, user_id)

    def close(self) -> None:
        """Waits for a running write."""
        with self._writes.alone():
            self._file.close()

    def _live(self, connection: sqlite3.Connection, user_id: str, limit: int) -> LiveUser:
        if not is_utf8(user_id):
            return LiveUser([], False)
        impressions = connection.execute(_IMPRESSIONS, (user_id, min(limit, IMPRESSIONS))).fetchall()
        rows = connection.execute(_DONE if impressions else _HISTORY, (user_id, limit)).fetchall()
        rows.reverse()
        events, attributes = [_event(*row) for row in rows], self._attributes(connection, user_id)
        return LiveUser(events, self._erased(connection, user_id), attributes, impressions)

    def _attributes(self, connection: sqlite3.Connection, user_id: str) -> tuple[Attribute, ...]:
        row = connection.execute(_ATTRIBUTES, (user_id,)).fetchone() if is_utf8(user_id) else None
        return attributes_of_json(row[0]) if row else ()

    def _erased(self, connection: sqlite3.Connection, user_id: str) -> bool:
        return connection.execute(_ERASED, (self.pseudonym(user_id),)).fetchone() is not None

    def _page(self, query: str, parameters: tuple[Any, ...], after: int, limit: int) -> LogPage:
        check_limit(limit)
        with self._file.borrow("read") as connection:
            rows = connection.execute(query, parameters).fetchall()
        entries = [
            LogEntry(arrival, user or self.pseudonym(event[1]), None if user else _event(*event))
            for arrival, user, *event in rows
            if event[4] in _TYPES
        ]
        return LogPage(entries, rows[-1][0] if rows else after, len(rows) == limit > 0)


def _event(id: str, user: str, item: str, time: int, type: int, value: float, session: str, token: str) -> Event:
    return Event(id, user, item, time, _TYPES[type], value, session, token)


def _describe(attributes: Mapping[str, Sequence[Attribute]], connection: sqlite3.Connection) -> None:
    rows = [(user_id, attributes_to_json(pairs)) for user_id, pairs in attributes.items() if pairs]
    connection.executemany(_DESCRIBE, rows)
    connection.executemany(_NOT_DESCRIBED, [(user_id,) for user_id, pairs in attributes.items() if not pairs])


def _insert(events: Sequence[Event], connection: sqlite3.Connection) -> int:
    """Insert events; returns how many were new."""
    first = connection.execute(_RESERVE, (len(events),)).fetchone()[0] - len(events)
    rows = (
        (e.user_id, int(e.time), arrival, e.event_id, e.item_id, int(e.type), float(e.value), e.session_id,
         e.attribution_token)
        for arrival, e in enumerate(events, first)
    )  # fmt: skip
    return connection.executemany(_INSERT, rows).rowcount
