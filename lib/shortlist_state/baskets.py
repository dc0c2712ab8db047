"""Online co-visitation: which items the same users choose right now, from the newest events; kept in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.types import SECOND, Event
from shortlist_state.store import LogEntry

CAPACITY = 1 << 16
"""Choices that are kept, those of the most recently active users: about 20 MB at most."""

BASKET = 8
"""Newest items that are kept of a user."""

TAKERS = 16
"""Newest users of each item whose other choices are counted: bounds the cost of an answer."""


class Baskets:
    """The newest choices of the users who came last; entries of the store's log are absorbed one after another.

    Any thread may read while another absorbs. An answer takes some tens of microseconds, however many events there are.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        self.clear()

    def __len__(self) -> int:
        """The number of choices that are kept."""
        return self._size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._size = 0  # items in all baskets
            self._now = 0  # time of the newest choice; choices dated in the future do not move it
            # Both are in the order of arrival, newest last.
            self._baskets: dict[bytes, dict[str, int]] = {}  # pseudonym -> item -> time of the choice
            self._takers: dict[str, dict[bytes, None]] = {}  # item -> the users in whose baskets it is

    def absorb(self, entries: Iterable[LogEntry], weights: EventWeights = USUAL) -> None:
        """Take in the next entries of the log, those of a weight above 0; an erased user's choices are forgotten."""
        for entry in entries:
            with self._lock:  # for each entry: a reader must not wait for all of them
                if entry.event is None:
                    self._forget(entry.user)
                elif weights.kinds[entry.event.type].of(entry.event.value):
                    self._choose(entry.user, entry.event)

    def together(self, item_ids: Sequence[str], window: int) -> dict[str, int]:
        """Co-visited item -> the number of users who chose it and also one of `item_ids`.

        Counted are the newest few users of each of these items, and their choices in the `window` microseconds before
        the newest choice of all.
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
