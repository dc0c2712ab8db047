"""The item table of a bundle: ids, titles and what filters ask of items, which belong to no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shortlist_bundle.item_attributes import ItemAttributes, write_attributes
from shortlist_bundle.reader import Bundle
from shortlist_bundle.strings import Ids, Strings
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import Attribute
from shortlist_core.types import Bools, Float32s, Int32s, Int64s, UInt32s


@dataclass(frozen=True)
class ItemTable:
    """The catalogue that a bundle was trained on; row i of every field is the same item."""

    ids: Ids
    titles: Strings
    category_names: tuple[str, ...]
    category_offsets: Int64s  # [items + 1]
    category_rows: Int32s  # positions in category_names, item after item
    prices: Float32s  # [items], NaN where unknown
    available: Bools  # [items] whether it can be had
    released: UInt32s  # [items] when it came out, seconds since 1970; 0 where unknown
    attributes: ItemAttributes | None  # None: no item has any, or the bundle is one of before

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def load(cls, bundle: Bundle) -> ItemTable:
        """The table that `write_items` stored. In bundles of before all items can be had, and are of unknown age."""
        ids = bundle.ids("items/ids")
        offered = bundle.has("items/available")
        return cls(
            ids,
            bundle.strings("items/titles"),
            tuple(bundle.json("items/category_names")),
            bundle.array("items/category_offsets"),
            bundle.array("items/category_rows"),
            bundle.array("items/prices"),
            bundle.array("items/available") if offered else np.ones(len(ids), np.bool_),
            bundle.array("items/released") if offered else np.zeros(len(ids), np.uint32),
            ItemAttributes.load(bundle),
        )

    def categories(self, row: int) -> list[str]:
        """The categories of one item, in the catalogue's order."""
        span = slice(self.category_offsets[row], self.category_offsets[row + 1])
        return [self.category_names[c] for c in self.category_rows[span]]

    def in_any_category(self, names: Sequence[str]) -> Bools:
        """Which items carry at least one of the named categories, bool [items]; unknown names match nothing."""
        wanted = np.zeros(len(self.category_names), np.bool_)
        wanted[[self._numbers[name] for name in names if name in self._numbers]] = True
        matches = np.zeros(len(self.category_rows) + 1, np.int32)
        np.cumsum(wanted[self.category_rows], out=matches[1:])
        return np.asarray(np.diff(matches[self.category_offsets]) > 0)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.category_names)}


def category_names(categories: Sequence[Sequence[str]]) -> list[str]:
    """The distinct names of the categories of all items, in the order of their numbers."""
    return sorted({name for of_item in categories for name in of_item})


def write_items(
    writer: BundleWriter,
    ids: Sequence[str],
    titles: Sequence[str],
    categories: Sequence[Sequence[str]],
    prices: Float32s,
    *,
    available: Bools | None = None,
    released: UInt32s | None = None,
    attributes: Sequence[Sequence[Attribute]] = (),
) -> None:
    """Store the catalogue where `ItemTable.load` reads it.

    Without `available` all items can be had, without `released` their ages are unknown, and without `attributes` they
    have none.
    """
    names = category_names(categories)
    position = {name: i for i, name in enumerate(names)}
    writer.ids("items/ids", ids)
    writer.strings("items/titles", titles)
    writer.json("items/category_names", names)
    offsets = np.cumsum([0, *(len(of_item) for of_item in categories)], dtype=np.int64)
    writer.array("items/category_offsets", offsets)
    rows = [position[name] for of_item in categories for name in of_item]
    writer.array("items/category_rows", np.asarray(rows, np.int32))
    writer.array("items/prices", np.asarray(prices, np.float32))
    writer.array("items/available", np.ones(len(ids), np.bool_) if available is None else available)
    writer.array("items/released", np.zeros(len(ids), np.uint32) if released is None else released)
    write_attributes(writer, attributes)
