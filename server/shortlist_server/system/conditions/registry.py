"""All conditions that a filter may hold. A new one is a file beside this one and a line here."""

from __future__ import annotations

from shortlist_server.system.conditions.condition import Condition
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.conditions.included_categories import IncludedCategories

CONDITIONS: list[type[Condition]] = [
    IncludedCategories,
    ExcludedCategories,
]
