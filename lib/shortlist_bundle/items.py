"""The item table of a bundle: ids, titles, categories and prices, which belong to no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.strings import Ids, Strings
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Float32s, Int32s, Int64s


@dataclass(frozen=True)
class ItemTable:
    """The catalogue that a bundle was trained on; row i of every field is the same item."""

    ids: Ids
    titles: Strings
    category_names: tuple[str, ...]
    category_offsets: Int64s  # [items + 1]
    category_rows: Int32s  # positions in category_names, item after item
    prices: Float32s  # [items], NaN where unknown

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def load(cls, bundle: Bundle) -> ItemTable:
        """The table that `write_items` stored."""
        return cls(
            bundle.ids("items/ids"),
            bundle.strings("items/titles"),
            tuple(bundle.json("items/category_names")),
            bundle.array("items/category_offsets"),
            bundle.array("items/category_rows"),
            bundle.array("items/prices"),
        )

    def categories(self, row: int) -> list[str]:
        """The categories of one item, in the catalogue's order."""
        span = slice(self.category_offsets[row], self.category_offsets[row + 1])
        return [self.category_names[c] for c in self.category_rows[span]]

    def in_any_category(self, names: Sequence[str]) -> Bools:
        """Which items carry at least one of the named categories, bool [items]; unknown names match nothing."""
        wanted = np.isin(np.asarray(self.category_names, dtype=object), list(names))
        matches = np.concatenate([[0], np.cumsum(wanted[self.category_rows])])
        return np.asarray(matches[self.category_offsets[1:]] > matches[self.category_offsets[:-1]])


def category_names(categories: Sequence[Sequence[str]]) -> list[str]:
    """The distinct names of the categories of all items, in the order of their numbers."""
    return sorted({name for of_item in categories for name in of_item})


def write_items(
    writer: BundleWriter,
    ids: Sequence[str],
    titles: Sequence[str],
    categories: Sequence[Sequence[str]],
    prices: Float32s,
) -> None:
    """Store the catalogue where `ItemTable.load` reads it."""
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
