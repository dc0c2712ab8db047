"""Included categories: the item belongs to at least one of them."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_bundle.item_facts import ItemFacts
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


@dataclass(frozen=True)
class IncludedCategories(Condition):
    """The item belongs to at least one of the named categories. A category that no item has matches nothing."""

    names: tuple[str, ...]  # sorted, distinct

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items with at least one of the categories."""
        return facts.in_any_category(self.names)
