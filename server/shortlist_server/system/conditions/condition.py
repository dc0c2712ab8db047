"""The interface of a filter's conditions. They know nothing of the messages that requests write them in."""

from __future__ import annotations

from abc import ABC, abstractmethod

from shortlist_bundle.item_facts import ItemFacts
from shortlist_core.types import Bools


class Condition(ABC):
    """One condition on an item: a frozen dataclass, so that conditions of equal content are equal and can be kept."""

    @abstractmethod
    def met(self, facts: ItemFacts, now: int) -> Bools:
        """Which of the items meet the condition, bool [items]. `now` is the begin of the current minute, in seconds.

        It is asked of the whole catalogue when a filter first comes, and of the items that change afterwards.
        """

    @property
    def timed(self) -> bool:
        """Whether what meets the condition depends on `now`."""
        return False
