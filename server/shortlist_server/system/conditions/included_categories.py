"""Included categories: the item belongs to at least one of them."""

from __future__ import annotations

from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


class IncludedCategories(Condition):
    """The item belongs to at least one of the named categories. A category that no item has matches nothing."""

    field = "included_categories"

    def mask(self, items: LiveItems) -> Bools:
        """The items with at least one of the categories."""
        return items.in_any_category(self.names)

    def is_met(self, items: LiveItems, row: int) -> bool:
        """Whether the item has at least one of the categories."""
        return not set(items.categories(row)).isdisjoint(self.names)
