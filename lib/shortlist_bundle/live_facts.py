"""Live facts: what filters ask of the whole catalogue, with what was written since the bundle was published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

import numpy as np

from shortlist_bundle.item_attributes import ItemAttributes
from shortlist_bundle.item_facts import FewFacts, any_within, compared, numbers_under, times_under
from shortlist_bundle.items import ItemTable
from shortlist_core.arrays import Bools, Float32s, Int32s, UInt32s
from shortlist_core.attribute_values import split
from shortlist_core.catalog import Attribute, CatalogItem
from shortlist_core.spans import Span
from shortlist_core.types import SECOND


class LiveFacts:
    """The `ItemFacts` of all rows of a catalogue, spare ones included. One thread writes.

    What is written is kept by value, as the bundle keeps its own, so that a look-up never goes through all items.
    """

    def __init__(self, table: ItemTable, spare_rows: int) -> None:
        rows = len(table) + spare_rows
        self.prices: Float32s = np.concatenate([table.prices, np.full(spare_rows, np.nan, np.float32)])
        self.available: Bools = np.concatenate([table.available, np.ones(spare_rows, np.bool_)])
        self.released: UInt32s = np.concatenate([table.released, np.zeros(spare_rows, np.uint32)])
        self._table = table
        self._is_written: Bools = np.zeros(rows, np.bool_)
        self._categories: dict[int, tuple[str, ...]] = {}  # of written rows
        self._attributes: dict[int, list[Attribute]] = {}  # of written rows that have any
        self._in_category: defaultdict[str, set[int]] = defaultdict(set)  # written rows by category
        self._with_value: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))

    def put(self, row: int, item: CatalogItem) -> None:
        """Take in an item that was written at a row. What the bundle says of it no longer counts."""
        self._forget(row)
        self._is_written[row] = True
        # A price of 64 bits that is too large for 32 is the largest that 32 have.
        price = np.nan if item.price is None else min(item.price, float(np.finfo(np.float32).max))
        self.prices[row], self.available[row] = price, item.available
        published = self._table.released[row] if row < len(self._table) else 0
        self.released[row] = published if item.release_time is None else max(item.release_time // SECOND, 1)
        self._categories[row] = item.categories
        for name in item.categories:
            self._in_category[name].add(row)
        if attributes := split(item.attributes):
            self._attributes[row] = attributes
            for key, value in attributes:
                self._with_value[key][compared(value)].add(row)

    def categories(self, row: int) -> Sequence[str]:
        """The categories of one item."""
        written = self._categories.get(row)
        return self._table.categories(row) if written is None else written

    def values_under(self, key: str, rows: Int32s) -> list[list[str]]:
        """The values that each of the items at `rows` has under the key, as filters compare them."""
        published = self._table.attributes
        values = [[] for _ in rows] if published is None else published.values_under(key, rows)
        for position in np.flatnonzero(self._is_written[rows]).tolist():
            own = self._attributes.get(int(rows[position]), ())
            values[position] = [compared(value) for own_key, value in own if own_key == key]
        return values

    def few(self, rows: Int32s) -> FewFacts:
        """The facts of rows that were written since; of others attributes are not known here."""
        at = rows.tolist()
        return FewFacts(
            self.prices[rows],
            self.available[rows],
            self.released[rows],
            [self.categories(row) for row in at],
            [self._attributes.get(row, []) for row in at],
        )

    def in_any_category(self, names: Collection[str]) -> Bools:
        """As `ItemFacts` says."""
        found: Bools = np.zeros(len(self.prices), np.bool_)
        found[: len(self._table)] = self._table.in_any_category(sorted(names))
        return self._with_written(found, [rows for name in names if (rows := self._in_category.get(name))])

    def with_attribute(self, key: str, values: Collection[str]) -> Bools:
        """As `ItemFacts` says."""
        written = [rows for value, rows in self._written(key) if not values or value in values]
        return self._with_written(self._at(lambda published: published.with_attribute(key, values)), written)

    def with_number(self, key: str, span: Span) -> Bools:
        """As `ItemFacts` says."""
        written = [rows for value, rows in self._written(key) if any_within(numbers_under([(key, value)], key), span)]
        return self._with_written(self._at(lambda published: published.with_number(key, span)), written)

    def with_time(self, key: str, span: Span) -> Bools:
        """As `ItemFacts` says."""
        written = [rows for value, rows in self._written(key) if any_within(times_under([(key, value)], key), span)]
        return self._with_written(self._at(lambda published: published.with_time(key, span)), written)

    def _written(self, key: str) -> list[tuple[str, set[int]]]:
        """The values under a key, with the written rows that have each."""
        by_value = self._with_value.get(key)
        return [] if by_value is None else list(by_value.items())

    def _at(self, rows: Callable[[ItemAttributes], Int32s]) -> Bools:
        found: Bools = np.zeros(len(self.prices), np.bool_)
        if self._table.attributes is not None:
            found[rows(self._table.attributes)] = True
        return found

    def _with_written(self, published: Bools, written: Sequence[set[int]]) -> Bools:
        """What holds of the bundle's items, with what holds of those that were written since."""
        if self._categories:
            published &= ~self._is_written
            for rows in written:
                published[list(rows)] = True
        return published

    def _forget(self, row: int) -> None:
        for name in self._categories.get(row, ()):
            _drop(self._in_category, name, row)
        for key, value in self._attributes.pop(row, ()):
            by_value = self._with_value[key]
            _drop(by_value, compared(value), row)
            if not by_value:
                del self._with_value[key]


def _drop(by_name: defaultdict[str, set[int]], name: str, row: int) -> None:
    """Take a row from the set of a name, and the set away with its last row. Names may come repeatedly."""
    rows = by_name.get(name)
    if rows is not None:
        rows.discard(row)
        if not rows:
            del by_name[name]
