"""Expiry in the SQLite file: which events of the next users are due, and their deletion."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

MOST_ROWS = 100
"""Events that one step deletes at most: writers wait for it, some ten milliseconds in a file of millions."""

TAKE = """INSERT INTO notes VALUES ('taken', ?)
    ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"""
_TAKEN = "SELECT value FROM notes WHERE name = 'taken'"
_NEXT_USER = "SELECT user_id FROM events WHERE user_id > ? ORDER BY user_id LIMIT 1"
_KINDS = "type <> 7", "type = 7"  # what the user did, and impressions
_TOO_OLD = "SELECT count(*) FROM events WHERE user_id = ? AND {} AND time < ?"
_ALL = "SELECT count(*) FROM events WHERE user_id = ? AND {}"
_FIRST = "SELECT user_id, time, arrival FROM events WHERE user_id = ? AND {} ORDER BY time, arrival LIMIT ?"
_DELETE = "DELETE FROM events WHERE user_id = ? AND time = ? AND arrival = ?"


@dataclass(frozen=True, slots=True)
class Due:
    """The events that one step deletes."""

    rows: list[tuple[str, int, int]]  # primary keys
    waiting: int  # further events that are due, but that no training has taken
    place: str  # user after whom the next step goes on
    more: bool

    def delete(self, connection: sqlite3.Connection) -> int:
        """Delete them; returns how many were still there."""
        return connection.executemany(_DELETE, self.rows).rowcount


def due_events(connection: sqlite3.Connection, before: int | None, most: int | None, place: str, users: int) -> Due:
    """What is due of the next users after `place`: of each user and kind the first events in the order of time."""
    [taken] = connection.execute(_TAKEN).fetchone() or [None]
    rows: list[tuple[str, int, int]] = []
    waiting = 0
    for _ in range(users):
        following = connection.execute(_NEXT_USER, (place,)).fetchone()
        if following is None:
            return Due(rows, waiting, place, False)
        user_id: str = following[0]
        count, first = _first_due(connection, user_id, before, most)
        ready = [row for row in first if taken is None or row[2] <= taken]
        rows += ready
        if len(rows) >= MOST_ROWS and ready:
            done = len(first) == count and len(rows) == MOST_ROWS
            return Due(rows[:MOST_ROWS], waiting, user_id if done else place, True)
        waiting += len(first) - len(ready)
        place = user_id
    return Due(rows, waiting, place, True)


def _first_due(
    connection: sqlite3.Connection, user_id: str, before: int | None, most: int | None
) -> tuple[int, list[tuple[str, int, int]]]:
    """How many events of a user are due, and the primary keys of up to MOST_ROWS of them."""
    due = 0
    first: list[tuple[str, int, int]] = []
    for kind in _KINDS:
        count = connection.execute(_TOO_OLD.format(kind), (user_id, before)).fetchone()[0] if before is not None else 0
        if most is not None:
            count = max(count, connection.execute(_ALL.format(kind), (user_id,)).fetchone()[0] - most)
        due += count
        if wanted := min(count, MOST_ROWS - len(first)):
            first += connection.execute(_FIRST.format(kind), (user_id, wanted)).fetchall()
    return due, first
