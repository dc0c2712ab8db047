"""Live items: the item table of a bundle with the items that were written and deleted since."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import numpy as np
import numpy.typing as npt

from shortlist_bundle.items import ItemTable
from shortlist_bundle.live_facts import LiveFacts
from shortlist_bundle.strings import Ids, Spans, Strings, decode, hash_ids, joined, parts
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import NO_ITEM, Bools, Int32s, UInt64s, among, distinct

KEPT_SECONDS = 300.0
"""The row of a deleted item is not reused for so long: longer than any answer takes."""


class LiveStrings:
    """A bundle's strings, of which some are replaced and others are added."""

    def __init__(self, base: Strings) -> None:
        self._base = base
        self._over: dict[int, str] = {}

    def __getitem__(self, row: int) -> str:
        over = self._over.get(row)
        return self._base[row] if over is None else over

    def take(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> list[str]:
        """The strings at `rows`, in that order; a row that does not exist raises LookupError."""
        return decode(self.spans(rows))

    def spans(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> Spans:
        """As `take`, as UTF-8 spans instead of strings."""
        if not self._over:
            return self._base.spans(rows)
        at, n = np.asarray(rows, np.int64), len(self._base)
        over = {i: self._over[row] for i, row in enumerate(at.tolist()) if row >= n or row in self._over}
        if not over:
            return self._base.spans(at)
        strings: list[bytes | memoryview] = [*parts(self._base.spans(np.where(at < n, at, 0)))]
        for i, string in over.items():
            strings[i] = string.encode()
        blob, offsets = joined(strings)
        return blob, offsets[:-1], offsets[1:]

    def over(self, row: int) -> str | None:
        """The string that was put at a row; None where none was."""
        return self._over.get(row)

    def put(self, row: int, string: str) -> None:
        """Replace or add the string at a row."""
        self._over[row] = string


class LiveIds(LiveStrings):
    """The ids of all items, deleted ones included."""

    def __init__(self, base: Ids) -> None:
        super().__init__(base)
        self._ids, self._new_rows = base, dict[str, int]()
        self._new_hashes = dict[int, int]()  # hash of a new item's id -> its row
        self.deleted: Int32s = np.zeros(0, np.int32)  # rows, ascending

    def ever(self, ids: Sequence[str]) -> Int32s:
        """The row of each id, int32 [ids], also of deleted items, because histories still contain them."""
        rows = self._ids.rows(ids)
        if self._new_rows:
            for i in np.flatnonzero(rows == NO_ITEM).tolist():
                rows[i] = self._new_rows.get(ids[i], NO_ITEM)
        return rows

    def row(self, id: str) -> int:
        """`ever` for one id."""
        return int(self.ever([id])[0])

    def rows(self, ids: Sequence[str]) -> Int32s:
        """The row of each id, int32 [ids], NO_ITEM where an id is not in the catalogue or deleted."""
        rows = self.ever(ids)
        rows[among(rows, self.deleted)] = NO_ITEM
        return rows

    def rows_of_hashes(self, hashes: UInt64s) -> Int32s:
        """The rows of all ids that have one of these hashes, also of deleted items: int32, ascending and distinct."""
        rows = self._ids.rows_of_hashes(hashes)
        if not self._new_hashes:
            return rows
        new = [self._new_hashes[hash] for hash in hashes.tolist() if hash in self._new_hashes]
        return distinct(np.concatenate([rows, np.array(new, np.int32)]))

    def add(self, id: str, row: int) -> None:
        """Give a row behind the bundle's rows to a new id; the id that had it is forgotten."""
        if row in self._over:
            self._new_rows.pop(self._over[row], None)
            self._new_hashes.pop(_hash(self._over[row]), None)
        self.put(row, id)
        self._new_rows[id] = self._new_hashes[_hash(id)] = row


def _hash(id: str) -> int:
    return int(hash_ids([id])[0])


class LiveItems:
    """The item table with the items as they are now. One thread writes; others may read at the same time.

    New items get rows behind the bundle's. A deleted item keeps its row, for answers that are being made and in case it
    is written again. The row of a deleted new item is reused after a while if no spare row is left.
    """

    def __init__(self, table: ItemTable, spare_rows: int) -> None:
        self.bundled = len(table)
        self.capacity = len(table) + spare_rows  # rows at most
        self.ids, self.titles = LiveIds(table.ids), LiveStrings(table.titles)
        self.facts = LiveFacts(table, spare_rows)
        self.rows_used = len(table)  # rows of all items, deleted ones included
        self._freed: dict[int, float] = {}  # row of a deleted new item -> when, oldest first

    def __len__(self) -> int:
        """The number of items, without deleted ones."""
        return self.rows_used - len(self.deleted)

    @property
    def deleted(self) -> Int32s:
        """Rows of deleted items, int32 ascending."""
        return self.ids.deleted

    def rows_for(self, item_ids: Sequence[str]) -> Int32s:
        """The rows at which to `put` items of these distinct ids, int32 [ids], NO_ITEM where no row is free."""
        rows = self.ids.ever(item_ids)
        new = np.flatnonzero(rows == NO_ITEM)
        free = [*range(self.rows_used, min(self.rows_used + len(new), self.capacity))]
        if len(free) < len(new):
            free += [row for row in self._free() if row not in rows]
        new = new[: len(free)]
        rows[new] = free[: len(new)]
        return rows

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Write items at the rows that `rows_for` returned; deleted items become available again."""
        for row, item in zip(rows.tolist(), items, strict=True):
            self.titles.put(row, item.title)
            self.facts.put(row, item)
            if row >= self.bundled and self.ids.over(row) != item.item_id:
                self.ids.add(item.item_id, row)
                self.rows_used = max(self.rows_used, row + 1)
            self._freed.pop(row, None)
        self.ids.deleted = self.deleted[~among(self.deleted, distinct(rows))]

    def delete(self, item_ids: Sequence[str]) -> Int32s:
        """Delete items and return their rows, int32 ascending; unknown ids are ignored."""
        rows = distinct(self.ids.ever(item_ids))
        self._freed |= dict.fromkeys(rows[(rows >= self.bundled) & ~among(rows, self.deleted)].tolist(), monotonic())
        self.ids.deleted = distinct(np.concatenate([self.deleted, rows]))
        return rows

    def living(self) -> Bools:
        """Which rows are those of items that are not deleted, bool [capacity]."""
        living = np.zeros(self.capacity, np.bool_)
        living[: self.rows_used] = True
        living[self.deleted] = False
        return living

    def _free(self) -> list[int]:
        """Rows of deleted new items that no answer uses any more."""
        before = monotonic() - KEPT_SECONDS
        return [row for row, when in self._freed.items() if when < before]
