"""Online co-visitation: what other users chose today together with the newest items of a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_bundle.live_items import LiveItems
from shortlist_core.explanations import TOGETHER_NOW
from shortlist_core.types import DAY, NO_ITEM, Hits, Int32s, Queries
from shortlist_state.baskets import Baskets

NEWEST = 3
"""Items of a history that others' choices of the day are looked up for, the newest."""

PROPOSED = 40
"""Items proposed per request at most."""


@dataclass(frozen=True)
class CoVisitation:
    """What goes with each query's history today, most users first."""

    items: list[Int32s]  # [batch] rows
    users: list[list[int]]  # [batch] by how many each was chosen

    @classmethod
    def of(cls, baskets: Baskets, items: LiveItems, queries: Queries) -> CoVisitation | None:
        """For all queries; None where there is nothing for any of them."""
        if not baskets:
            return None
        counted = [_counted(baskets, items, queries.history(i)) for i in range(len(queries))]
        if not any(len(rows) for rows, _ in counted):
            return None
        return cls([rows for rows, _ in counted], [users for _, users in counted])

    def hits(self, i: int, shown: Int32s) -> Hits:
        """Where items [n] stand among those of query i and by how many they were chosen, as of one more source."""
        places = {row: place for place, row in enumerate(self.items[i].tolist(), start=1)}
        ranks = np.array([places.get(row, 0) for row in shown.tolist()], np.int32)
        users = np.array([0, *self.users[i]], np.float32)
        return Hits((TOGETHER_NOW.name,), ranks[:, None], users[ranks][:, None])

    def select(self, which: Sequence[int]) -> CoVisitation:
        """Those of the queries at the positions `which`."""
        return CoVisitation([self.items[i] for i in which], [self.users[i] for i in which])


def _counted(baskets: Baskets, items: LiveItems, history: Int32s) -> tuple[Int32s, list[int]]:
    newest = list(dict.fromkeys(history[: -10 * NEWEST : -1].tolist()))[:NEWEST]
    counts = baskets.together(items.ids.take(newest), DAY) if newest else {}
    best = sorted(counts, key=counts.__getitem__, reverse=True)[:PROPOSED]
    rows = items.ids.rows(best)
    return rows[rows != NO_ITEM], [counts[item] for item, row in zip(best, rows, strict=True) if row != NO_ITEM]
