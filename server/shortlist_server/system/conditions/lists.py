"""Lists of conditions: all, any or none of them must be met."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from shortlist_bundle.item_facts import ItemFacts
from shortlist_core.types import Bools
from shortlist_server.system.conditions.condition import Condition


@dataclass(frozen=True)
class ConditionList(Condition):
    """Conditions that belong together."""

    conditions: tuple[Condition, ...]  # never empty; distinct, in an order that does not depend on the request's

    @property
    def timed(self) -> bool:
        """Whether any of them depends on the time."""
        return any(condition.timed for condition in self.conditions)


@dataclass(frozen=True)
class AllOf(ConditionList):
    """The item meets all of them."""

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items that meet all."""
        return reduce(np.logical_and, (condition.met(facts, now) for condition in self.conditions))


@dataclass(frozen=True)
class AnyOf(ConditionList):
    """The item meets at least one of them."""

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items that meet any."""
        return reduce(np.logical_or, (condition.met(facts, now) for condition in self.conditions))


@dataclass(frozen=True)
class NoneOf(ConditionList):
    """The item meets none of them."""

    def met(self, facts: ItemFacts, now: int) -> Bools:
        """The items that meet none."""
        return ~AnyOf(self.conditions).met(facts, now)
