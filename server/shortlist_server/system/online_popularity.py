"""Online popularity: stage one of a loaded bundle, with popularity that counts all users' choices since the bundle.

Users who were erased since the bundle was trained are left out of its sources.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from shortlist_bundle.histories import Histories
from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import NO_ITEM, SECOND, Candidates, Int32s
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_state.live_counts import LiveCounts

if TYPE_CHECKING:
    from shortlist_retrieval.retriever import Retriever

POPULAR = 4_000
"""Items of the popular fallback: the most candidates of a request, and as many again that its rules may exclude."""

BUSY_SHARE = 0.05
"""Share of one thread's time that counting popularity may take. How often it is counted follows from its cost."""

_VERSIONS = itertools.count()


class OnlinePopularity:
    """Stage one of a loaded bundle, and its popular items, as of now.

    The model thread reads the attributes while the follower of the store's log refreshes them. So each attribute is
    replaced as a whole.
    """

    def __init__(self, trained: Retriever, items: LiveItems, histories: Histories) -> None:
        self._trained, self._items, self._as_of = trained, items, histories.as_of
        self._without_history = histories.queries([""])
        self._seen, self._not_before = 0, 0.0
        self._replacing = threading.Lock()
        self._forgotten: Int32s = np.zeros(0, np.int32)
        self.erasures = 0  # grows when users are left out
        self._replace(trained)

    def refresh(self, counts: LiveCounts) -> None:
        """Count popularity again, if there are new events and the last count was not too recent for its cost.

        Windows end at the newest event, not at the wall clock, so popularity does not fade while nothing happens.
        """
        started = time.monotonic()
        with self._replacing:
            if counts.version == self._seen or started < self._not_before:
                return
            self._seen = counts.version
            now = counts.newest(int(time.time() * SECOND))
            self._replace(self._trained if now is None else self._with_recent(counts, now))
        self._not_before = time.monotonic() + (time.monotonic() - started) * (1 / BUSY_SHARE - 1)

    def forget(self, users: Int32s) -> None:
        """Leave out the users at these rows of the bundle's histories from now on, because they were erased."""
        with self._replacing:
            if np.array_equal(users, self._forgotten):
                return
            self._forgotten = users
            self._trained = self._trained.without_users(users)
            self._replace(self.retriever.without_users(users))
            self.erasures += 1

    def _with_recent(self, counts: LiveCounts, now: int) -> Retriever:
        choices = counts.choices(self._as_of, now)  # the bundle contains what happened before
        rows = self._items.ids.rows(choices.item_ids)[choices.items]
        in_catalogue = rows != NO_ITEM
        recent = RecentChoices(rows[in_catalogue], choices.times[in_catalogue], choices.weights[in_catalogue], now)
        return self._trained.with_recent(recent)

    def _replace(self, retriever: Retriever) -> None:
        self.retriever = retriever
        self.popular: Candidates = retriever.retrieve(self._without_history, POPULAR)
        self.version = next(_VERSIONS)  # differs after every change, and from that of every other loaded bundle
