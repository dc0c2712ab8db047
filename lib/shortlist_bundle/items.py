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

_MEMBERS = "member_ends", "members"


@dataclass(frozen=True)
class ItemTable:
    """The catalogue that a bundle was trained on; row i of every field is the same item."""

    ids: Ids
    titles: Strings
    category_names: tuple[str, ...]
    category_offsets: Int64s  # [items + 1]
    category_rows: Int32s  # positions in category_names, item after item
    member_ends: Int64s  # [categories + 1] where the members of each category begin
    members: Int32s  # rows of the items of each category, category after category
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
        names = tuple(bundle.json("items/category_names"))
        offsets, rows = bundle.array("items/category_offsets"), bundle.array("items/category_rows")
        if bundle.has("items/members"):
            ends, members = (bundle.array(f"items/{name}") for name in _MEMBERS)
        else:
            ends, members = members_of(offsets, rows, len(names))
        return cls(
            ids,
            bundle.strings("items/titles"),
            names,
            offsets,
            rows,
            ends,
            members,
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
        found = np.zeros(len(self), np.bool_)
        for name in names:
            if (number := self._numbers.get(name)) is not None:
                found[self.members[self.member_ends[number] : self.member_ends[number + 1]]] = True
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.category_names)}


def members_of(offsets: Int64s, rows: Int32s, count: int) -> tuple[Int64s, Int32s]:
    """The items of each of `count` categories, as `ItemTable` has them, of the categories of each item."""
    items = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
    return ends.astype(np.int64), items[np.argsort(rows, kind="stable")]


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
    writer.arrays(
        "items", dict(zip(_MEMBERS, members_of(offsets, np.asarray(rows, np.int32), len(names)), strict=True))
    )
    writer.array("items/prices", np.asarray(prices, np.float32))
    writer.array("items/available", np.ones(len(ids), np.bool_) if available is None else available)
    writer.array("items/released", np.zeros(len(ids), np.uint32) if released is None else released)
    write_attributes(writer, attributes)
