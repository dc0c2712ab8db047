"""Item attributes of a bundle, by value: which items have a value, and the numbers and times under each key in order.

A look-up costs as much as there are items that it finds, whatever the size of the catalogue. All arrays are mapped from
the bundle. Bundles that were published before this existed have items without attributes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from shortlist_bundle.item_facts import compared, numbers_under, times_under
from shortlist_bundle.reader import Bundle
from shortlist_bundle.strings import Ids
from shortlist_bundle.writer import BundleWriter
from shortlist_core.arrays import NO_ITEM, Float64s, Int32s, Int64s
from shortlist_core.attribute_values import split
from shortlist_core.catalog import Attribute
from shortlist_core.spans import Span

_PREFIX = "items/attributes"
_ARRAYS = (
    "pair_ends", "pair_rows", "key_ends", "number_ends", "numbers", "number_rows", "time_ends", "times", "time_rows",
)  # fmt: skip
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_BETWEEN = "\x00"
"""Stands between key and value in the name of a pair. No key holds a control character."""


@dataclass(frozen=True)
class ItemAttributes:
    """Who has which attribute."""

    pairs: Ids  # distinct pairs of key and value, key after key
    keys: Mapping[str, int]  # position of each key in the arrays of ends below
    pair_ends: Int64s  # [pairs + 1] where the rows of each pair begin
    pair_rows: Int32s  # the rows of the items that have the pair, ascending within a pair
    key_ends: Int64s  # [keys + 1] where the pairs of each key begin
    number_ends: Int64s  # [keys + 1]
    numbers: Float64s  # ascending within a key
    number_rows: Int32s
    time_ends: Int64s  # [keys + 1]
    times: Int64s  # microseconds since 1970, ascending within a key
    time_rows: Int32s

    @classmethod
    def load(cls, bundle: Bundle) -> Self | None:
        """The attributes that `write_attributes` stored; None where there are none."""
        if not bundle.has(f"{_PREFIX}/keys"):
            return None
        keys = {key: position for position, key in enumerate(bundle.json(f"{_PREFIX}/keys"))}
        return cls(
            bundle.ids(f"{_PREFIX}/pairs"), keys, **{name: bundle.array(f"{_PREFIX}/{name}") for name in _ARRAYS}
        )

    def with_attribute(self, key: str, values: Collection[str]) -> Int32s:
        """The rows of the items that have one of the values under the key, or any value where none is given."""
        if (at := self.keys.get(key)) is None:
            return self.pair_rows[:0]
        if not values:
            first, last = self.pair_ends[self.key_ends[at : at + 2]].tolist()
            return self.pair_rows[first:last]
        found = self.pairs.rows([f"{key}{_BETWEEN}{value}" for value in values]).tolist()
        spans = [slice(self.pair_ends[pair], self.pair_ends[pair + 1]) for pair in found if pair != NO_ITEM]
        return np.concatenate([self.pair_rows[span] for span in spans]) if spans else self.pair_rows[:0]

    def with_number(self, key: str, span: Span) -> Int32s:
        """The rows of the items that have a number within the span under the key."""
        if (at := self.keys.get(key)) is None:
            return self.number_rows[:0]
        of_key = slice(*self.number_ends[at : at + 2].tolist())
        return self.number_rows[of_key][span.part(self.numbers[of_key])]

    def with_time(self, key: str, span: Span) -> Int32s:
        """The rows of the items that have a time within the span under the key."""
        if (at := self.keys.get(key)) is None:
            return self.time_rows[:0]
        of_key = slice(*self.time_ends[at : at + 2].tolist())
        return self.time_rows[of_key][span.part(self.times[of_key])]

    def values_under(self, key: str, rows: Int32s) -> list[list[str]]:
        """The values that each of the items at `rows` has under the key."""
        if (at := self.keys.get(key)) is None:
            return [[] for _ in rows]
        if key not in self._by_row:
            self._by_row[key] = self._sorted_by_row(at)
        owners, pairs = self._by_row[key]
        begins, ends = (np.searchsorted(owners, rows, side).tolist() for side in _SIDES)
        return [
            [self.pairs[pair].partition(_BETWEEN)[2] for pair in pairs[begin:end].tolist()]
            for begin, end in zip(begins, ends, strict=True)
        ]

    @cached_property
    def _by_row(self) -> dict[str, tuple[Int32s, Int64s]]:
        """Of the keys that were asked for: the rows of their items, ascending, and the pair that each has."""
        return {}

    def _sorted_by_row(self, at: int) -> tuple[Int32s, Int64s]:
        first, last = self.key_ends[at : at + 2].tolist()
        owners = self.pair_rows[self.pair_ends[first] : self.pair_ends[last]]
        pairs = np.repeat(np.arange(first, last), np.diff(self.pair_ends[first : last + 1]))
        order = np.argsort(owners, kind="stable")
        return owners[order], pairs[order]


def write_attributes(writer: BundleWriter, attributes: Sequence[Sequence[Attribute]]) -> None:
    """Store the attributes of all items, by row, where `ItemAttributes.load` reads them; nothing where there are none.

    Keys with a control character, which no request can name, are left out.
    """
    by_key: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, of_item in enumerate(attributes):
        for key, value in dict.fromkeys((key, compared(value)) for key, value in split(of_item)):
            if _BETWEEN not in key:
                by_key[key][value].append(row)
    if not by_key:
        return
    pairs, pair_rows, key_ends = list[str](), list[Int32s](), [0]
    numbers, times = _Sorted(np.float64), _Sorted(np.int64)
    for key, by_value in sorted(by_key.items()):
        pairs += [f"{key}{_BETWEEN}{value}" for value in by_value]
        key_ends.append(len(pairs))
        rows_of = {value: np.array(rows, np.int32) for value, rows in by_value.items()}
        pair_rows += rows_of.values()
        numbers.add([(number, rows_of[value]) for value in by_value for number in numbers_under([(key, value)], key)])
        times.add([(time, rows_of[value]) for value in by_value for time in times_under([(key, value)], key)])
    writer.json(f"{_PREFIX}/keys", sorted(by_key))
    writer.ids(f"{_PREFIX}/pairs", pairs)
    pair_ends = np.cumsum([0, *map(len, pair_rows)], dtype=np.int64)
    arrays: dict[str, npt.NDArray[Any]] = {
        "pair_ends": pair_ends,
        "pair_rows": np.concatenate(pair_rows),
        "key_ends": np.array(key_ends),
    }
    writer.arrays(_PREFIX, {**arrays, **numbers.arrays("number"), **times.arrays("time")})


class _Sorted:
    """Values with their rows, ascending within each key."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._values: list[npt.NDArray[Any]] = []
        self._rows: list[Int32s] = []

    def add(self, found: Sequence[tuple[float, Int32s]]) -> None:
        """The values of one more key, each with its rows."""
        values: npt.NDArray[Any] = np.array([value for value, _ in found], self._kind)
        order = np.argsort(values, kind="stable").tolist()
        rows = [found[position][1] for position in order]
        self._values.append(np.repeat(values[order], [len(each) for each in rows]))
        self._rows.append(np.concatenate([np.zeros(0, np.int32), *rows]))

    def arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """The arrays as `ItemAttributes` has them."""
        ends = np.cumsum([0, *map(len, self._values)], dtype=np.int64)
        values: npt.NDArray[Any] = np.concatenate(self._values)
        return {f"{name}_ends": ends, f"{name}s": values, f"{name}_rows": np.concatenate(self._rows)}
