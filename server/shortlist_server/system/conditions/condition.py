"""The interface of a filter's conditions; `registry` lists all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import Bools


@dataclass(frozen=True)
class Condition(ABC):
    """One condition on an item, with the names that the request lists. Conditions of equal names are equal."""

    field: ClassVar[str]
    """The field of `shortlist.v1.Filter` that holds the names."""

    names: tuple[str, ...]  # sorted, distinct, never empty: a condition without names is left out of the filter

    @abstractmethod
    def mask(self, items: LiveItems) -> Bools:
        """Which rows of the catalogue meet the condition, bool [rows]."""

    @abstractmethod
    def is_met(self, items: LiveItems, row: int) -> bool:
        """Whether one row meets the condition, as `mask` would say, but without a pass over the catalogue."""
