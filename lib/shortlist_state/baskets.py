"""Which items are chosen by the same users right now, out of the newest events of all users; kept in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from shortlist_core.types import EVENT_WEIGHTS, SECOND, Event
from shortlist_state.store import LogEntry

CAPACITY = 1 << 16
"""Choices that are remembered, those of the most recently active users: some 20 MB when all places are filled."""

BASKET = 8
"""Items that are remembered of a user, the newest."""

TAKERS = 16
"""Users who are asked what else they chose, the newest of each item: bounds what an answer costs."""


class Baskets:
    """The newest choices of the users who came last, fed with the store's log.

    May be read by any thread while another one feeds it. An answer takes some tens of microseconds, however many
    events there are.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        self.clear()

    def __len__(self) -> int:
        """How many choices are remembered."""
        return self._size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._size = 0  # items in all baskets
            self._now = 0  # time of the newest choice; one that is dated ahead of the clock makes nothing else old
            # Both by arrival, the newest last.
            self._baskets: dict[bytes, dict[str, int]] = {}  # pseudonym -> item -> time of the choice
            self._takers: dict[str, dict[bytes, None]] = {}  # item -> the users in whose baskets it is

    def absorb(self, entries: Iterable[LogEntry]) -> None:
        """Take in what happened next; an erased user's choices are forgotten."""
        for entry in entries:
            with self._lock:  # for each of them: whoever asks meanwhile must not wait for all
                if entry.event is None:
                    self._forget(entry.user)
                elif EVENT_WEIGHTS[entry.event.type]:
                    self._choose(entry.user, entry.event)

    def together(self, item_ids: Sequence[str], window: int) -> dict[str, int]:
        """Other item -> by how many users it was chosen who also chose one of `item_ids`.

        Of each of these items the newest few users are asked, and of them what they chose in the `window` microseconds
        up to the newest choice of all.
        """
        with self._lock:
            since, until = self._now - window, self._now
            users = {
                user
                for item_id in item_ids
                for user in islice(reversed(self._takers.get(item_id, {})), TAKERS)
                if since < self._baskets[user][item_id] <= until
            }
            chosen = [item_id for user in users for item_id, at in self._baskets[user].items() if since < at <= until]
        counts = dict(Counter(chosen))
        for item_id in item_ids:
            counts.pop(item_id, None)
        return counts

    def _choose(self, user: bytes, event: Event) -> None:
        item_id = event.item_id
        if event.time <= time.time() * SECOND:
            self._now = max(self._now, event.time)
        basket = self._baskets.pop(user, {})
        self._baskets[user] = basket
        if item_id in basket:
            self._drop(user, basket, item_id)
        elif len(basket) >= BASKET:
            self._drop(user, basket, next(iter(basket)))
        basket[item_id] = event.time
        self._takers.setdefault(item_id, {})[user] = None
        self._size += 1
        while self._size > self._capacity:
            self._forget(next(iter(self._baskets)))

    def _forget(self, user: bytes) -> None:
        for item_id in list(basket := self._baskets.pop(user, {})):
            self._drop(user, basket, item_id)

    def _drop(self, user: bytes, basket: dict[str, int], item_id: str) -> None:
        del basket[item_id]
        takers = self._takers[item_id]
        del takers[user]
        if not takers:
            del self._takers[item_id]
        self._size -= 1
