"""Conditions on attributes: the item has a value, a number within a range, or a time within a range."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_bundle.item_facts import ItemFacts
from shortlist_core.spans import Span
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


@dataclass(frozen=True)
class HasAttribute(Condition):
    """The item has one of the values under the key, or any value where none is named."""

    key: str
    values: tuple[str, ...]  # sorted, distinct

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items with at least one of the values."""
        return facts.with_attribute(self.key, self.values)


@dataclass(frozen=True)
class NumberWithin(Condition):
    """One of the item's values under the key is a number within the span."""

    key: str
    span: Span

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items with such a number."""
        return facts.with_number(self.key, self.span)


@dataclass(frozen=True)
class TimeWithin(Condition):
    """One of the item's values under the key is a time within the span, in microseconds since 1970."""

    key: str
    span: Span

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items with such a time."""
        return facts.with_time(self.key, self.span)
