"""Conditions on how an item is offered: its price, whether it can be had, and its age."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_bundle.item_facts import ItemFacts
from shortlist_core.spans import Span
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


@dataclass(frozen=True)
class PriceWithin(Condition):
    """The price lies within the span. An unknown price lies in none."""

    span: Span

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items with such a price."""
        return self.span.holds(facts.prices)


@dataclass(frozen=True)
class Available(Condition):
    """The item can be had, or it cannot."""

    wanted: bool

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items of which that is so."""
        return facts.available if self.wanted else ~facts.available


@dataclass(frozen=True)
class AgeWithin(Condition):
    """The time since the item came out lies within the span, in seconds. An unknown age lies in none."""

    span: Span

    @property
    def timed(self) -> bool:
        """True: items grow older."""
        return True

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items of such an age."""
        span = self.span
        released = Span(now - span.upper, now - span.lower, span.with_upper, span.with_lower)
        return (facts.released > 0) & released.holds(facts.released)
