"""Attribute words: the attributes of items as words. Each value that items share is one, and each range of a number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from shortlist_core.attribute_values import number_in, split, time_in
from shortlist_core.catalog import Attribute

FEWEST_ITEMS, MOST_WORDS = 2, 10_000
"""A value must be shared by so many items to be a word; so many of the most frequent are."""

CELLS = 16
"""Cells of equally many items that the numbers under one key are cut into. Two neighbours make a range."""

FEWEST_NUMBERS = 5
"""Different numbers that a key must have for ranges to say more than the values do."""

SURELY = 0.95
"""Share of the values under a key that are numbers or times where the key is one of numbers."""


@dataclass(frozen=True)
class AttributeWords:
    """Which attributes are words. Other values tell nothing: they are passed over, as missing ones are."""

    values: tuple[Attribute, ...] = ()  # by the position of their words
    bounds: Mapping[str, tuple[float, ...]] = field(
        default_factory=dict
    )  # of the cells under each key of numbers, ascending
    prose: tuple[str, ...] = ()  # keys of free text, which is read with the item's text

    @classmethod
    def learn(cls, items: Sequence[Sequence[Attribute]]) -> Self:
        """The words that tell these items apart."""
        counts = Counter(pair for of_item in items for pair in set(split(of_item)))
        by_key: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for (key, value), count in counts.items():
            by_key[key].append((value, count))
        shared, bounds, prose = list[Attribute](), dict[str, tuple[float, ...]](), list[str]()
        for key, values in sorted(by_key.items()):
            total = sum(count for _, count in values)
            if len(values) == 1 and total == len(items):  # all items have it
                continue
            numbers = [(number_of(value), count) for value, count in values]
            known = [(number, count) for number, count in numbers if number is not None]
            is_number = sum(count for _, count in known) >= SURELY * total
            if is_number and len({number for number, _ in known}) >= FEWEST_NUMBERS:
                bounds[key] = _cell_bounds(known)
            elif not is_number and _is_prose(values, total):
                prose.append(key)
                continue
            shared += [(key, value) for value, count in values if count >= FEWEST_ITEMS]
        shared.sort(key=lambda pair: (-counts[pair], pair))
        return cls(tuple(shared[:MOST_WORDS]), bounds, tuple(prose))

    @property
    def size(self) -> int:
        """How many words there are."""
        return len(self.values) + sum(map(_ranges, self.bounds.values()))

    def of(self, attributes: Sequence[Attribute]) -> list[int]:
        """The positions of the words of one item, from 0, each once, in the order of the attributes."""
        words: dict[int, None] = {}
        for key, value in split(attributes):
            if (position := self._positions.get((key, value))) is not None:
                words[position] = None
            if (start := self._starts.get(key)) is not None and (number := number_of(value)) is not None:
                cells = self.bounds[key]
                cell = int(np.searchsorted(cells, number, side="right"))
                words[start + cell // 2] = None  # the range of this cell and its neighbour on one side,
                words[start + len(cells) // 2 + 1 + (cell + 1) // 2] = None  # and on the other
        return list(words)

    def text(self, attributes: Sequence[Attribute]) -> str:
        """The free text among the attributes of one item."""
        return " ".join(value for key, value in attributes if key in self.prose)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"values": [list(pair) for pair in self.values], "bounds": dict(self.bounds), "prose": list(self.prose)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The words that `to_json` gave."""
        values = tuple((key, value) for key, value in stored["values"])
        return cls(values, {key: tuple(cells) for key, cells in stored["bounds"].items()}, tuple(stored["prose"]))

    @cached_property
    def _positions(self) -> dict[Attribute, int]:
        return {pair: position for position, pair in enumerate(self.values)}

    @cached_property
    def _starts(self) -> dict[str, int]:
        """The position of the first range of each key of numbers."""
        starts, start = {}, len(self.values)
        for key, cells in self.bounds.items():
            starts[key] = start
            start += _ranges(cells)
        return starts


def number_of(value: str) -> float | None:
    """The number that a value is. A time (ISO 8601) is its days since 1970. None for other text."""
    number = number_in(value)
    if number is not None:
        return number
    time = time_in(value)
    return None if time is None else time.timestamp() / 86_400


def _cell_bounds(numbers: Sequence[tuple[float, int]]) -> tuple[float, ...]:
    all_numbers = np.repeat([number for number, _ in numbers], [count for _, count in numbers])
    cuts = np.quantile(all_numbers, np.arange(1, CELLS) / CELLS)
    return tuple(np.unique(cuts).tolist())


def _ranges(cells: Sequence[float]) -> int:
    """How many ranges of two neighbouring cells there are, over cells with these bounds."""
    return len(cells) // 2 + 1 + (len(cells) + 1) // 2 + 1


def _is_prose(values: Sequence[tuple[str, int]], total: int) -> bool:
    """Whether values are free text: most items share theirs with nobody, and it has several words."""
    own = [value for value, count in values if count < FEWEST_ITEMS]
    return len(own) > total / 2 and sum(" " in value for value in own) > len(own) / 2
