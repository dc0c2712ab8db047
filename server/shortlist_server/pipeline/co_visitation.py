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
"""How many of a history's newest items are looked up among the choices of the last day."""

PROPOSED = 40
"""Most items proposed per request."""


@dataclass(frozen=True)
class CoVisitation:
    """The items that go with each query's history today, most users first."""

    items: list[Int32s]  # [batch] rows
    users: list[list[int]]  # [batch] how many users chose each item

    @classmethod
    def of(cls, baskets: Baskets, items: LiveItems, queries: Queries) -> CoVisitation | None:
        """The online co-visitation of all queries; None where no query has any."""
        if not baskets:
            return None
        counted = [_counted(baskets, items, queries.history(i)) for i in range(len(queries))]
        if not any(len(rows) for rows, _ in counted):
            return None
        return cls([rows for rows, _ in counted], [users for _, users in counted])

    def hits(self, i: int, shown: Int32s) -> Hits:
        """The items `shown` [n] as hits of one more source: rank in the list of query i, number of users as score."""
        rank_of = {row: rank for rank, row in enumerate(self.items[i].tolist(), start=1)}
        ranks = np.array([rank_of.get(row, 0) for row in shown.tolist()], np.int32)
        users = np.array([0, *self.users[i]], np.float32)
        return Hits((TOGETHER_NOW.name,), ranks[:, None], users[ranks][:, None])

    def select(self, which: Sequence[int]) -> CoVisitation:
        """The online co-visitation of the queries at the positions `which`."""
        return CoVisitation([self.items[i] for i in which], [self.users[i] for i in which])


def _counted(baskets: Baskets, items: LiveItems, history: Int32s) -> tuple[Int32s, list[int]]:
    """The rows that go with one history, most users first, and how many users chose each."""
    newest = list(dict.fromkeys(history[: -10 * NEWEST : -1].tolist()))[:NEWEST]
    counts = baskets.together(items.ids.take(newest), DAY) if newest else {}
    best = sorted(counts, key=counts.__getitem__, reverse=True)[:PROPOSED]
    rows = items.ids.rows(best)
    return rows[rows != NO_ITEM], [counts[item] for item, row in zip(best, rows, strict=True) if row != NO_ITEM]
