"""What is popular and what is chosen together right now, out of the newest events of all users; kept in memory."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

import numpy as np

from core.types import EVENT_WEIGHTS, NO_ITEM, Bools, Float32s, Int32s, Int64s
from state.store import LogEntry

CAPACITY = 1 << 18
"""Events that are remembered, the newest to arrive; 6 MiB."""


class LiveCounts:
    """Counts over the newest `capacity` events that say that somebody wants an item, fed with the store's log.

    May be read by any thread while another one feeds it. A question looks at all events that are remembered: some
    milliseconds when there are many, so ask once for many requests where that matters.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._at = 0  # where the next event goes, over the oldest
            self._times: Int64s = np.zeros(self._capacity, np.int64)
            self._users: Int64s = np.zeros(self._capacity, np.int64)  # the first bytes of pseudonyms
            self._items: Int32s = np.full(self._capacity, NO_ITEM, np.int32)  # places in `_ids`
            self._weights: Float32s = np.zeros(self._capacity, np.float32)
            self._ids: list[str] = []
            self._places: dict[str, int] = {}

    def absorb(self, entries: Iterable[LogEntry]) -> None:
        """Take in what happened next; an erased user's events are forgotten."""
        with self._lock:
            for entry in entries:
                user = int.from_bytes(entry.user[:8], "big", signed=True)
                if entry.event is None:
                    self._items[self._users == user] = NO_ITEM
                elif weight := EVENT_WEIGHTS[entry.event.type]:
                    at, self._at = self._at, (self._at + 1) % self._capacity
                    self._times[at], self._users[at], self._weights[at] = entry.event.time, user, weight
                    self._items[at] = self._place(entry.event.item_id)

    def counts(self, window: int, now: int) -> dict[str, float]:
        """Item id -> weight of its events that happened in the `window` microseconds up to `now`."""
        with self._lock:
            inside = self._inside(window, now)
            totals = np.bincount(self._items[inside], self._weights[inside])
            return {self._ids[place]: float(totals[place]) for place in np.flatnonzero(totals)}

    def together(self, item_ids: Collection[str], window: int, now: int) -> dict[str, int]:
        """Other item -> by how many users it was chosen who in the same window also chose one of `item_ids`."""
        with self._lock:
            wanted = [self._places[item_id] for item_id in item_ids if item_id in self._places]
            inside = np.flatnonzero(self._inside(window, now))
            items, users = self._items[inside], self._users[inside]
            chosen = np.isin(items, wanted)
            others = np.isin(users, users[chosen]) & ~chosen
            _, user = np.unique(users[others], return_inverse=True)
            pairs = np.unique(user * len(self._ids) + items[others])
            numbers = np.bincount(pairs % max(len(self._ids), 1))
            return {self._ids[place]: int(numbers[place]) for place in np.flatnonzero(numbers)}

    def _inside(self, window: int, now: int) -> Bools:
        inside: Bools = (self._items != NO_ITEM) & (self._times > now - window) & (self._times <= now)
        return inside

    def _place(self, item_id: str) -> int:
        place = self._places.get(item_id)
        if place is None:
            if len(self._ids) >= 2 * self._capacity:
                self._forget_ids()
            place = self._places[item_id] = len(self._ids)
            self._ids.append(item_id)
        return place

    def _forget_ids(self) -> None:
        """Drop the ids of items that no remembered event is about."""
        some = self._items != NO_ITEM
        used, places = np.unique(self._items[some], return_inverse=True)
        self._ids = [self._ids[place] for place in used]
        self._places = {item_id: place for place, item_id in enumerate(self._ids)}
        self._items[some] = places
