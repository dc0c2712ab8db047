"""Excluded categories: the item belongs to none of them, even if it belongs to an included category."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_bundle.item_facts import ItemFacts
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


@dataclass(frozen=True)
class ExcludedCategories(Condition):
    """The item belongs to none of the named categories. A category that no item has excludes nothing."""

    names: tuple[str, ...]  # sorted, distinct

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items with none of the categories."""
        return ~facts.in_any_category(self.names)
