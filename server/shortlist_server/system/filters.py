"""Filters: which items of the catalogue meet the conditions of a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from cachetools import LRUCache

from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import Bools, Int32s, among
from shortlist_server.system.conditions.condition import Condition

_REMEMBERED, _SELECTED = 32, 64

MINUTE = 60
"""Seconds by which the clock of conditions on the age goes, so that their results can be kept for so long."""

FEW_DELETED = 1_000
"""Deleted rows up to which they are excluded one by one; above that a mask of the catalogue costs less."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions of which an item must meet all. The empty filter lets every item through."""

    conditions: tuple[Condition, ...] = ()  # in the order of the API's fields, so that equal filters are equal values

    def __bool__(self) -> bool:
        return bool(self.conditions)

    @property
    def timed(self) -> bool:
        """Whether what it lets through depends on the time."""
        return any(condition.timed for condition in self.conditions)


@dataclass(frozen=True)
class Allowed:
    """The items that a filter lets through; deleted items are not among them."""

    items: Bools  # [rows]
    of: int  # items of the catalogue

    @cached_property
    def ruled_out(self) -> int:
        """How many items the filter does not let through."""
        return self.of - int(np.count_nonzero(self.items))


Remembered = LRUCache[tuple[Filter, int], Allowed]


class Filters:
    """The filters of one loaded bundle. The latest few results are kept, as each costs a pass over the catalogue.

    May be used by any thread: a shadow's bundle is read by one thread and told of items by another.
    """

    def __init__(self, items: LiveItems, clock: Callable[[], float] = time.time) -> None:
        self._items, self._clock = items, clock
        self._lock = threading.Lock()
        self._remembered: Remembered = LRUCache(_REMEMBERED)
        self._selected: Remembered = LRUCache(_SELECTED)

    def allowed(self, filter: Filter) -> Allowed | None:
        """The items that meet every condition; None for the empty filter, unless many items are deleted."""
        if not filter and len(self._items.deleted) <= FEW_DELETED:
            return None
        return self.passing(filter)

    def passing(self, filter: Filter) -> Allowed:
        """The items that meet every condition. Those of the empty filter are all that are not deleted."""
        return self._of(self._remembered, filter)

    def selected(self, condition: Condition) -> Bools:
        """Which items meet one condition of a rule, bool [rows]. They are kept apart from the filters of requests."""
        return self._of(self._selected, Filter((condition,))).items

    def _of(self, remembered: Remembered, filter: Filter) -> Allowed:
        now = int(self._clock()) // MINUTE * MINUTE if filter.timed else 0
        with self._lock:
            allowed = remembered.get((filter, now))
            if allowed is None:
                allowed = remembered[filter, now] = self._allowed(filter, now)
            return allowed

    def refresh(self, rows: Int32s) -> None:
        """Check the changed items at `rows`, which were written or deleted, again in the kept results."""
        deleted, facts = among(rows, self._items.deleted), self._items.facts.few(rows)
        with self._lock:
            for remembered in (self._remembered, self._selected):
                for (filter, now), allowed in list(remembered.items()):
                    passing = ~deleted
                    for condition in filter.conditions:
                        passing &= condition.met(facts, now)
                    allowed.items[rows] = passing
                    remembered[filter, now] = Allowed(allowed.items, len(self._items))

    def _allowed(self, filter: Filter, now: int) -> Allowed:
        passing = self._items.living()
        for condition in filter.conditions:
            passing &= condition.met(self._items.facts, now)
        return Allowed(passing, len(self._items))
