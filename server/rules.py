"""What the queries of a batch must not be answered with: seen items, excluded items, the filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from bundle.items import ItemTable
from core.types import Bools, Int32s, Int64s, among
from server.plans import Filter

_REMEMBERED = 32


@dataclass(frozen=True)
class Allowed:
    """The items that a filter lets through."""

    items: Bools  # [items]

    @cached_property
    def ruled_out(self) -> int:
        """How many items it does not let through."""
        return int(self.items.size - np.count_nonzero(self.items))


class Filters:
    """What filters let through. The latest few are remembered: each costs a pass over the catalogue."""

    def __init__(self, items: ItemTable) -> None:
        self._items = items
        self._remembered = lru_cache(_REMEMBERED)(self._allowed)

    def allowed(self, filter: Filter) -> Allowed | None:
        """The items with one of the included categories, where there are any, and with none of the excluded ones.

        None for the empty filter.
        """
        return self._remembered(filter) if filter else None

    def _allowed(self, filter: Filter) -> Allowed:
        items = self._items
        passing = items.in_any_category(filter.included) if filter.included else np.ones(len(items), np.bool_)
        return Allowed(passing & ~items.in_any_category(filter.excluded) if filter.excluded else passing)


@dataclass(frozen=True)
class Rules:
    """The rules of each query of a batch; the filter is one for all of them."""

    seen: Sequence[Int32s]  # [batch] sorted, distinct rows; empty where seen items may come again
    excluded: Sequence[Int32s]  # [batch] likewise
    allowed: Allowed | None = None

    @property
    def blocked(self) -> list[Int32s]:
        """Seen and excluded rows of each query, int32 [rows of query i], sorted."""
        return [np.union1d(seen, excluded) for seen, excluded in zip(self.seen, self.excluded, strict=True)]

    def broken(self, query: int, rows: Int32s) -> dict[str, Bools]:
        """Which of `rows` break which rule, bool [rows] by core's names of drop reasons; each row counts once."""
        seen = among(rows, self.seen[query])
        excluded = among(rows, self.excluded[query]) & ~seen
        found = {"seen": seen, "excluded": excluded}
        if self.allowed is not None:
            found["filtered"] = ~self.allowed.items[rows] & ~seen & ~excluded
        return {reason: mask for reason, mask in found.items() if mask.any()}

    def ruled_out(self, query: int) -> dict[str, int]:
        """How many items of the catalogue each rule keeps from the query; each item counts once."""
        seen, excluded = self.seen[query], np.setdiff1d(self.excluded[query], self.seen[query], assume_unique=True)
        counts = {"seen": len(seen), "excluded": len(excluded)}
        if self.allowed is not None:
            twice = int(np.count_nonzero(~self.allowed.items[np.concatenate([seen, excluded])]))
            counts["filtered"] = self.allowed.ruled_out - twice
        return {reason: count for reason, count in counts.items() if count}

    def select(self, which: Int64s) -> Rules:
        """The rules of the queries at the positions `which`."""
        return replace(self, seen=[self.seen[i] for i in which], excluded=[self.excluded[i] for i in which])
