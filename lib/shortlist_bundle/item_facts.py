"""Item facts: what filters ask of items, of the whole catalogue or of a few of its items."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shortlist_core.arrays import Bools, Float32s, UInt32s
from shortlist_core.attribute_values import micros_of, number_in, time_in
from shortlist_core.catalog import Attribute
from shortlist_core.spans import Span

MAX_COMPARED = 128
"""Characters of the longest value of an attribute that filters compare. A longer one only says that there is one."""


class ItemFacts(Protocol):
    """The facts of some items. All answers are arrays with one entry per item, in one order."""

    @property
    def prices(self) -> Float32s:
        """What each costs, NaN where that is unknown."""
        ...

    @property
    def available(self) -> Bools:
        """Whether each can be had."""
        ...

    @property
    def released(self) -> UInt32s:
        """When each came out, seconds since 1970; 0 where that is unknown."""
        ...

    def in_any_category(self, names: Collection[str]) -> Bools:
        """Which belong to at least one of the categories."""
        ...

    def with_attribute(self, key: str, values: Collection[str]) -> Bools:
        """Which have one of the values under the key, or any value where none is given."""
        ...

    def with_number(self, key: str, span: Span) -> Bools:
        """Which have a number within the span under the key."""
        ...

    def with_time(self, key: str, span: Span) -> Bools:
        """Which have a time within the span, in microseconds since 1970, under the key."""
        ...


@dataclass(frozen=True)
class FewFacts:
    """The facts of a few items, which are looked at one by one."""

    prices: Float32s  # [items]
    available: Bools  # [items]
    released: UInt32s  # [items]
    categories: Sequence[Sequence[str]]  # [items]
    attributes: Sequence[Sequence[Attribute]]  # [items] as `split` returns them

    def in_any_category(self, names: Collection[str]) -> Bools:
        """As `ItemFacts` says."""
        return np.array([not set(names).isdisjoint(own) for own in self.categories], np.bool_)

    def with_attribute(self, key: str, values: Collection[str]) -> Bools:
        """As `ItemFacts` says."""
        return np.array(
            [any(own == key and (not values or value in values) for own, value in item) for item in self.attributes],
            np.bool_,
        )

    def with_number(self, key: str, span: Span) -> Bools:
        """As `ItemFacts` says."""
        return np.array([any_within(numbers_under(item, key), span) for item in self.attributes], np.bool_)

    def with_time(self, key: str, span: Span) -> Bools:
        """As `ItemFacts` says."""
        return np.array([any_within(times_under(item, key), span) for item in self.attributes], np.bool_)


def numbers_under(attributes: Sequence[Attribute], key: str) -> list[float]:
    """The numbers among an item's values under a key."""
    found = (number_in(compared(value)) for own, value in attributes if own == key)
    return [number for number in found if number is not None]


def times_under(attributes: Sequence[Attribute], key: str) -> list[int]:
    """The times among an item's values under a key, microseconds since 1970."""
    found = (time_in(compared(value)) for own, value in attributes if own == key)
    return [micros_of(time) for time in found if time is not None]


def compared(value: str) -> str:
    """The value as filters compare it: empty where it is too long, which equals nothing that is asked for."""
    return value if len(value) <= MAX_COMPARED else ""


def any_within(numbers: Sequence[float] | Sequence[int], span: Span) -> bool:
    """Whether one of the numbers lies within the span."""
    return bool(len(numbers)) and bool(span.holds(np.array(numbers)).any())
