"""SQLite catalogue: one row per item with its newest change, in the order of sequence numbers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from functools import partial

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_state.catalog import (
    Before,
    CatalogStore,
    ChangePage,
    Written,
    check_ids,
    check_items,
    to_change,
    to_json,
)
from shortlist_state.checks import check_limit, is_utf8
from shortlist_state.sqlite_file import SqliteFile
from shortlist_state.sqlite_writes import SqliteWrites

_POSITION = "SELECT sequence FROM catalog_position"
_MOVE = "UPDATE catalog_position SET sequence = ?"
_WRITE = "INSERT OR REPLACE INTO catalog VALUES (?, ?, ?)"
_GET = "SELECT sequence, item FROM catalog WHERE item_id = ?"
_ITEMS = "SELECT item_id, sequence, item FROM catalog WHERE item_id > ? AND item != '' ORDER BY item_id LIMIT ?"
_CHANGES = "SELECT item_id, sequence, item FROM catalog WHERE sequence > ? ORDER BY sequence LIMIT ?"
_COUNT = "SELECT count(*) FROM catalog WHERE item != ''"
_DROP = "DELETE FROM catalog WHERE sequence = ? AND item_id = ?"


class SqliteCatalog(CatalogStore):
    """A `CatalogStore` in the file of a `SqliteStore`, which opens and closes it."""

    def __init__(self, file: SqliteFile, writes: SqliteWrites, identity: str) -> None:
        self._file, self._writes, self._identity = file, writes, identity

    @property
    def identity(self) -> str:
        """Made when the file was created."""
        return self._identity

    def upsert(self, items: Sequence[CatalogItem], expected: int | None = None) -> Written | None:
        """See `CatalogStore`, as for all methods here."""
        check_items(items)
        return self._writes.commit(partial(_write, [(item.item_id, to_json(item)) for item in items], expected))

    def delete(self, item_ids: Sequence[str]) -> Written:
        """Writes rows without an item."""
        check_ids(item_ids)
        written = self._writes.commit(partial(_write, [(item_id, "") for item_id in item_ids], None))
        assert written is not None
        return written

    def get(self, item_ids: Sequence[str]) -> list[CatalogChange | None]:
        """Makes one look-up per item."""
        with self._file.borrow("read") as connection:
            rows = [
                connection.execute(_GET, (item_id,)).fetchone() if is_utf8(item_id) else None for item_id in item_ids
            ]
        return [row and to_change(item_id, *row) for item_id, row in zip(item_ids, rows, strict=True)]

    def items(self, after: str, limit: int) -> list[CatalogChange]:
        """Reads a range of the index of ids."""
        return self._range(_ITEMS, after, limit)

    def changes(self, after: int, limit: int) -> ChangePage:
        """Reads a range of the table."""
        changes = self._range(_CHANGES, after, limit)
        return ChangePage(changes, changes[-1].sequence if changes else after, len(changes) == limit > 0)

    def position(self) -> int:
        """Reads one row."""
        with self._file.borrow("read") as connection:
            return _position(connection)

    def count(self) -> int:
        """Makes one pass over the table."""
        with self._file.borrow("read") as connection:
            return int(connection.execute(_COUNT).fetchone()[0])

    def drop(self, changes: Sequence[CatalogChange]) -> int:
        """Runs one transaction."""
        rows = [(change.sequence, change.item_id) for change in changes]
        return self._writes.commit(lambda connection: connection.executemany(_DROP, rows).rowcount if rows else 0)

    def _range(self, query: str, after: str | int, limit: int) -> list[CatalogChange]:
        check_limit(limit)
        with self._file.borrow("read") as connection:
            return [to_change(*row) for row in connection.execute(query, (after, limit))]


def _position(connection: sqlite3.Connection) -> int:
    return int(connection.execute(_POSITION).fetchone()[0])


def _write(rows: Iterable[tuple[str, str]], expected: int | None, connection: sqlite3.Connection) -> Written | None:
    """Write item ids with their JSON, which is empty for a deletion. None if the position is not `expected`."""
    position = _position(connection)
    if expected is not None and position != expected:
        return None
    first = max(position + 1, time.time_ns() // 1_000)
    before = []
    for sequence, (item_id, text) in enumerate(rows, first):
        old = connection.execute(_GET, (item_id,)).fetchone()
        before.append(Before.NOTHING if old is None else Before.ITEM if old[1] else Before.DELETED)
        connection.execute(_WRITE, (sequence, item_id, text))
    last = first + len(before) - 1 if before else position
    connection.execute(_MOVE, (last,))
    return Written(last, before)
