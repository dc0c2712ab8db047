"""The registry of conditions. A new condition is one file in this folder and one line here."""

from __future__ import annotations

from shortlist_server.system.conditions.condition import Condition
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.conditions.included_categories import IncludedCategories

CONDITIONS: list[type[Condition]] = [
    IncludedCategories,
    ExcludedCategories,
]
