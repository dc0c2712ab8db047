"""Excluded categories: the item belongs to none of them, even if it belongs to an included category."""

from __future__ import annotations

from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


class ExcludedCategories(Condition):
    """The item belongs to none of the named categories. A category that no item has excludes nothing."""

    field = "excluded_categories"

    def mask(self, items: LiveItems) -> Bools:
        """The items with none of the categories."""
        return ~items.in_any_category(self.names)

    def is_met(self, items: LiveItems, row: int) -> bool:
        """Whether the item has none of the categories."""
        return set(items.categories(row)).isdisjoint(self.names)
