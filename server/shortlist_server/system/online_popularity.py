"""What all users do right now, as answers of one bundle take it in: popularity, and what goes together today."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortlist_bundle.histories import Histories
from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import DAY, NO_ITEM, SECOND, Candidates, Hits, Int32s, Queries
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_state.baskets import Baskets
from shortlist_state.live_counts import LiveCounts

if TYPE_CHECKING:
    from shortlist_retrieval.retriever import Retriever

POPULAR = 4_000
"""Items kept as a fall-back: the most candidates of a request, and as many again that its rules may take away."""

BUSY_SHARE = 0.05
"""Of one thread's time, what counting popularity anew may take: how often it happens follows from what it costs."""

TOGETHER = "together_now"
NEWEST = 3
"""Items of a history that others' choices of the day are looked up for, the newest."""
PROPOSED = 40
"""Items that go together today, proposed per request at most."""

_VERSIONS = itertools.count()


class Trends:
    """Stage one of one bundle as of now. Read by the model thread while the follower of the store's log refreshes it:
    each of the attributes is replaced as a whole.
    """

    def __init__(self, trained: Retriever, items: LiveItems, histories: Histories) -> None:
        self._trained, self._items, self._as_of = trained, items, histories.as_of
        self._nobody = histories.queries([""])
        self._seen, self._not_before = 0, 0.0
        self._replace(trained)

    def refresh(self, counts: LiveCounts) -> None:
        """Count popularity anew if anything happened, and enough time has passed for what that costs.

        The moment is that of the newest event, not the wall clock: where nothing happens, nothing gets older.
        """
        started = time.monotonic()
        if counts.version == self._seen or started < self._not_before:
            return
        self._seen = counts.version
        now = counts.newest(int(time.time() * SECOND))
        self._replace(self._trained if now is None else self._with_recent(counts, now))
        self._not_before = time.monotonic() + (time.monotonic() - started) * (1 / BUSY_SHARE - 1)

    def _with_recent(self, counts: LiveCounts, now: int) -> Retriever:
        choices = counts.choices(self._as_of, now)  # the bundle knows what happened before
        rows = self._items.ids.rows(choices.item_ids)[choices.items]
        known = rows != NO_ITEM
        return self._trained.with_recent(RecentChoices(rows[known], choices.times[known], now))

    def _replace(self, retriever: Retriever) -> None:
        self.retriever = retriever
        self.popular: Candidates = retriever.retrieve(self._nobody, POPULAR)  # for whom nothing else can be said
        self.version = next(_VERSIONS)  # another one after every change, and not that of any other system


@dataclass(frozen=True)
class Together:
    """What others chose today together with the newest items of each query's history, most users first."""

    items: list[Int32s]  # [batch] rows
    users: list[list[int]]  # [batch] by how many each was chosen

    @classmethod
    def of(cls, baskets: Baskets, items: LiveItems, queries: Queries) -> Together | None:
        """For all queries; None where there is nothing for any of them."""
        if not baskets:
            return None
        found = [_counted(baskets, items, queries.history(i)) for i in range(len(queries))]
        if not any(len(rows) for rows, _ in found):
            return None
        return cls([rows for rows, _ in found], [users for _, users in found])

    def hits(self, i: int, shown: Int32s) -> Hits:
        """Where items [n] stand among those of query i and by how many they were chosen, as of one more source."""
        places = {row: place for place, row in enumerate(self.items[i].tolist(), start=1)}
        ranks = np.array([places.get(row, 0) for row in shown.tolist()], np.int32)
        users = np.array([0, *self.users[i]], np.float32)
        return Hits((TOGETHER,), ranks[:, None], users[ranks][:, None])

    def select(self, which: Sequence[int]) -> Together:
        """Those of the queries at the positions `which`."""
        return Together([self.items[i] for i in which], [self.users[i] for i in which])


def _counted(baskets: Baskets, items: LiveItems, history: Int32s) -> tuple[Int32s, list[int]]:
    newest = list(dict.fromkeys(history[: -10 * NEWEST : -1].tolist()))[:NEWEST]
    counts = baskets.together(items.ids.take(newest), DAY) if newest else {}
    best = sorted(counts, key=counts.__getitem__, reverse=True)[:PROPOSED]
    rows = items.ids.rows(best)
    return rows[rows != NO_ITEM], [counts[item] for item, row in zip(best, rows, strict=True) if row != NO_ITEM]
