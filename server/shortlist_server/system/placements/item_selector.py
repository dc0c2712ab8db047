"""Item selectors: which items of the catalogue a rule is about."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition
from shortlist_server.system.loaded_bundle import LoadedBundle


@dataclass(frozen=True, slots=True)
class ByCondition:
    """The items that meet a condition."""

    condition: Condition

    def of(self, bundle: LoadedBundle) -> Bools:
        """Which rows of the catalogue are selected, bool [rows]."""
        return bundle.filters.selected(self.condition)


@dataclass(frozen=True, slots=True)
class OfLongTail:
    """The items that are left when the most popular ones are taken away, which stand for a share of what was taken."""

    head_share: float

    def of(self, bundle: LoadedBundle) -> Bools:
        """Which rows of the catalogue are selected, bool [rows]. Items that were written since are among them."""
        return bundle.long_tail.beyond(self.head_share)


ItemSelector = ByCondition | OfLongTail
