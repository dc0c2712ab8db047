"""Excluded categories: the item belongs to none of them, also where an included category lets it in."""

from __future__ import annotations

from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


class ExcludedCategories(Condition):
    """A category that no item has rules nothing out."""

    field = "excluded_categories"

    def mask(self, items: LiveItems) -> Bools:
        """The items with none of the categories."""
        return ~items.in_any_category(self.names)

    def is_met(self, items: LiveItems, row: int) -> bool:
        """Whether the item has none of them."""
        return set(items.categories(row)).isdisjoint(self.names)
