"""Online popularity: stage one of one bundle with popularity as all users make it right now."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from shortlist_bundle.histories import Histories
from shortlist_bundle.live_items import LiveItems
from shortlist_core.types import NO_ITEM, SECOND, Candidates
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_state.live_counts import LiveCounts

if TYPE_CHECKING:
    from shortlist_retrieval.retriever import Retriever

POPULAR = 4_000
"""Items kept as a fall-back: the most candidates of a request, and as many again that its rules may take away."""

BUSY_SHARE = 0.05
"""Of one thread's time, what counting popularity anew may take: how often it happens follows from what it costs."""

_VERSIONS = itertools.count()


class OnlinePopularity:
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
        in_catalogue = rows != NO_ITEM
        return self._trained.with_recent(RecentChoices(rows[in_catalogue], choices.times[in_catalogue], now))

    def _replace(self, retriever: Retriever) -> None:
        self.retriever = retriever
        self.popular: Candidates = retriever.retrieve(self._nobody, POPULAR)  # for whom nothing else can be said
        self.version = next(_VERSIONS)  # another one after every change, and not that of any other system
