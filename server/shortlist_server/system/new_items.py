"""New items: how a loaded bundle takes in items that were added, changed or deleted since it was published."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import structlog

from shortlist_bundle.live_items import LiveItems
from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.explanations import NEW_ITEMS
from shortlist_core.types import NO_ITEM, Bools, Int32s, Int64s, Queries, among
from shortlist_server.system.filters import Filters

if TYPE_CHECKING:
    from shortlist_ranking.ranker import Ranker
    from shortlist_retrieval.retriever import Retriever

log = structlog.get_logger(__name__)
_VERSIONS = itertools.count()


class NewItemTracker:
    """Applies catalogue changes to the parts of a loaded bundle, and lists its new items.

    One thread applies changes, between batches. All parts know a row before its id leads to it.
    """

    def __init__(self, items: LiveItems, filters: Filters, retriever: Retriever, ranker: Ranker) -> None:
        self.version = next(_VERSIONS)  # differs after every change, and from that of every other loaded bundle
        self._items, self._filters = items, filters
        self._retriever, self._ranker = retriever, ranker
        self._seen: dict[str, int] = {}  # item id -> sequence of the change that was applied last
        self._told: dict[str, int] = {}  # item id -> sequence of a later change of which only the facts were taken in
        self._newest: Int32s = np.zeros(0, np.int32)  # rows of the new items in the catalogue, the last written first
        self._written: Int64s = np.zeros(items.capacity - items.bundled, np.int64)  # [spare rows] sequence of the write
        self._full = False

    def apply_facts(self, changes: Sequence[CatalogChange]) -> None:
        """Take in what filters ask of items that have a row, and deletions. `apply` has to follow with these changes.

        That is all that a filter needs, and takes a thousandth of the time.
        """
        newest = self._newest_of(changes, lambda item_id: self._told.get(item_id, -1))
        if not newest:
            return
        rows = self._items.ids.ever(list(newest))
        written = [(row, c.item) for row, c in zip(rows.tolist(), newest.values(), strict=True) if c.item is not None]
        for row, item in written:
            if row != NO_ITEM:
                self._items.facts.put(row, item)
        deleted = self._items.delete([change.item_id for change in newest.values() if change.item is None])
        changed = np.array([row for row, _ in written if row != NO_ITEM], np.int32)
        self._told.update({change.item_id: change.sequence for change in newest.values()})
        self._filters.refresh(np.concatenate([changed, deleted]))
        self.version = next(_VERSIONS)

    def apply(self, changes: Sequence[CatalogChange]) -> None:
        """Apply changes to all parts. For each item the newest change counts, and a change never counts twice."""
        self.version = next(_VERSIONS)
        # A change that came before another one of which the facts are known must not undo them; that one follows.
        newest = self._newest_of(changes, lambda item_id: self._told.get(item_id, 0) - 1)
        for item_id in newest:
            self._told.pop(item_id, None)
        deleted_ids = [change.item_id for change in newest.values() if change.item is None]
        written = [(change.item, change.sequence) for change in newest.values() if change.item is not None]
        rows = self._put([item for item, _ in written])
        deleted = self._items.delete(deleted_ids)
        self._filters.refresh(np.concatenate([rows[rows != NO_ITEM], deleted]))
        self._seen.update({change.item_id: change.sequence for change in newest.values()})
        self._date(rows, np.array([sequence for _, sequence in written], np.int64))

    def passing(self, allowed: Bools | None) -> Int32s | None:
        """Rows of the new items that `allowed`, bool [rows], lets through, the last written first; None without any."""
        rows = self._newest if allowed is None else self._newest[allowed[self._newest]]
        return rows if len(rows) else None

    def proposals(self, queries: Queries, count: int, allowed: Bools | None) -> dict[str, Sequence[Int32s]]:
        """The new items for each query, best first, as `Retriever.retrieve` takes them under `also`."""
        rows = self.passing(allowed)
        return {} if rows is None else {NEW_ITEMS.name: self._retriever.nearest(queries, rows, count)}

    def _newest_of(self, changes: Sequence[CatalogChange], after: Callable[[str], int]) -> dict[str, CatalogChange]:
        """The newest change of each item, if it was not applied before and its sequence is above `after` the item."""
        newest: dict[str, CatalogChange] = {}
        for change in changes:
            known = max(self._seen.get(change.item_id, -1), after(change.item_id))
            if change.sequence > max(known, _sequence(newest.get(change.item_id))):
                newest[change.item_id] = change
        return newest

    def _date(self, rows: Int32s, sequences: Int64s) -> None:
        items = self._items
        new = rows >= items.bundled
        self._written[rows[new] - items.bundled] = sequences[new]
        order = np.argsort(-self._written[: items.rows_used - items.bundled], kind="stable")
        newest = (items.bundled + order).astype(np.int32)
        self._newest = newest[~among(newest, items.deleted)]

    def _put(self, items: Sequence[CatalogItem]) -> Int32s:
        rows = self._items.rows_for([item.item_id for item in items])
        if not self._full and (rows == NO_ITEM).any():
            self._full = True
            log.warning("no_room_for_new_items", room=self._items.capacity - self._items.bundled)
        fitting = [item for item, row in zip(items, rows, strict=True) if row != NO_ITEM]
        fitting_rows = rows[rows != NO_ITEM]
        if fitting:
            self._retriever.put(fitting_rows, fitting)
            self._ranker.put(fitting_rows, fitting)
            self._items.put(fitting_rows, fitting)
        return rows


def _sequence(change: CatalogChange | None) -> int:
    return -1 if change is None else change.sequence
