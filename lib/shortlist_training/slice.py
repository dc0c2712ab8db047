"""One slice of time: what was known at its beginning, who was asked about, and what they then did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from shortlist_core.ndcg import ideal_dcg_at
from shortlist_core.types import Bools, Float32s, Int32s, Int64s, Queries, UInt16s
from shortlist_ranking.action_labels import action_sets

N = TypeVar("N", np.float32, np.uint16)


@dataclass(frozen=True)
class Slice:
    """What was known at a cut, the users who came afterwards, and what they then took."""

    past: Queries  # all users, before the cut
    queries: Queries  # of the users who came, some at several moments each
    users: Int64s  # [queries] rows of `past`
    taken_offsets: Int64s  # [queries + 1]
    taken: Int32s  # rows of items that the user had not had before, ascending within a query
    gains: Float32s  # of each taken item: its weight for what came next, times 1 / (1 + k / 10) after k others
    in_catalogue: Bools  # [items] whether anybody had taken the item before the cut
    new: Bools  # [items] which of the others had their first event in the slice and have text
    later: Queries  # all that the users of the queries did afterwards in the slice, on items new to them or not

    @property
    def as_of(self) -> int:
        """The cut, microseconds."""
        return int(self.past.now[0])

    def count_informative(self) -> int:
        """How many queries have a history and took an item of the catalogue: without any, nothing can be learned."""
        return int(np.count_nonzero(~self.without_new_items().queries.without_history))

    def without_new_items(self) -> Slice:
        """This slice as if no item had been new; queries that took nothing but new items are left out."""
        return replace(self.only(self.in_catalogue[self.taken]), new=np.zeros_like(self.new))

    def only(self, kept: Bools) -> Slice:
        """This slice as if only the taken items `kept`, bool [taken], had been taken, without the queries of none."""
        rows = np.repeat(np.arange(len(self.queries)), np.diff(self.taken_offsets))
        counts = np.bincount(rows[kept], minlength=len(self.queries))
        answered = np.flatnonzero(counts)
        return replace(
            self,
            queries=self.queries.select(answered),
            users=self.users[answered],
            taken_offsets=np.concatenate([[0], np.cumsum(counts[answered])]).astype(np.int64),
            taken=self.taken[kept],
            gains=self.gains[kept],
            later=self.later.select(answered),
        )

    def gains_of(self, items: Int32s, start: int) -> Float32s:
        """The gains of the items [n, k] for the queries from `start` on, float32 [n, k]: 0 where not taken."""
        rows = np.repeat(np.arange(len(self.queries)), np.diff(self.taken_offsets))
        return self._looked_up(rows * len(self.in_catalogue) + self.taken, self.gains, items, start)

    def actions_of(self, items: Int32s, start: int) -> UInt16s:
        """What users did afterwards with the items [n, k] of the queries from `start` on, uint16 [n, k].

        They are sets as of `action_sets`, empty where nothing was done.
        """
        later = self.later.slice(start, start + len(items))
        keys = (start + later.rows()) * len(self.in_catalogue) + later.items
        return self._looked_up(*action_sets(keys, later.types), items, start)

    def _looked_up(self, keys: Int64s, values: npt.NDArray[N], items: Int32s, start: int) -> npt.NDArray[N]:
        """The values of the items [n, k] of the queries from `start` on, [n, k]; 0 where they have none.

        `keys`, ascending, are the position of a query times the number of all items, plus the item's row.
        """
        if not len(keys):
            return np.zeros(items.shape, values.dtype)
        asked = (start + np.arange(len(items)))[:, None] * len(self.in_catalogue) + items
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        return np.where((keys[at] == asked) & (items >= 0), values[at], values.dtype.type(0))

    def ideal(self) -> Float32s:
        """The DCG@10 of the best list for each query, float32 [queries]."""
        return ideal_dcg_at(self.gains, self.taken_offsets, 10)
