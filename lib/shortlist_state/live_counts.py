"""Online popularity: what all users choose right now, from their newest events; kept in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.types import NO_ITEM, Float32s, Int32s, Int64s
from shortlist_state.store import LogEntry

CAPACITY = 1 << 18
"""Newest events that are kept: 6 MiB."""


@dataclass(frozen=True)
class Choices:
    """Each pair of a user and an item that the user chose within a period, once, without the user."""

    item_ids: list[str]  # distinct
    items: Int32s  # [choices] positions in item_ids
    times: Int64s  # [choices] of the user's newest event on the item, microseconds
    weights: Float32s  # [choices] of the user's strongest event on the item


class LiveCounts:
    """The newest `capacity` events that say that a user wants an item; entries of the store's log are absorbed.

    Any thread may read while another absorbs.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.version = 0  # grows with every change
        self._lock = threading.Lock()
        self._capacity = capacity
        self._begin()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.version += 1
            self._begin()

    def _begin(self) -> None:
        self._at = 0  # where the next event overwrites the oldest
        self._times: Int64s = np.zeros(self._capacity, np.int64)
        self._weights: Float32s = np.zeros(self._capacity, np.float32)
        self._users: Int64s = np.zeros(self._capacity, np.int64)  # the first bytes of pseudonyms
        self._items: Int32s = np.full(self._capacity, NO_ITEM, np.int32)  # positions in `_ids`
        self._ids: list[str] = []
        self._positions: dict[str, int] = {}

    def absorb(self, entries: Iterable[LogEntry], weights: EventWeights = USUAL) -> None:
        """Take in the next entries of the log, by these weights; the events of an erased user are forgotten."""
        with self._lock:
            for entry in entries:
                self.version += 1
                user = int.from_bytes(entry.user[:8], "big", signed=True)
                if entry.event is None:
                    self._items[self._users == user] = NO_ITEM
                elif weight := weights.kinds[entry.event.type].of(entry.event.value):
                    at, self._at = self._at, (self._at + 1) % self._capacity
                    self._weights[at] = weight
                    self._times[at], self._users[at] = entry.event.time, user
                    self._items[at] = self._position_of(entry.event.item_id)

    def choices(self, since: int, until: int) -> Choices:
        """The choices from `since` to `until`, both included, microseconds. Takes tens of milliseconds for many."""
        with self._lock:
            inside = (self._items != NO_ITEM) & (self._times >= since) & (self._times <= until)
            users, items, times = self._users[inside], self._items[inside], self._times[inside]
            weights = self._weights[inside]
            positions, items = np.unique(items, return_inverse=True)
            ids = [self._ids[position] for position in positions]
        order = np.lexsort((times, items, users))
        users, items, times = users[order], items[order], times[order]
        newest = np.ones(len(order), np.bool_)
        newest[:-1] = (np.diff(users) != 0) | (np.diff(items) != 0)
        begins = np.flatnonzero(np.roll(newest, 1))
        largest = np.maximum.reduceat(weights[order], begins) if len(order) else weights
        return Choices(ids, items[newest].astype(np.int32), times[newest], largest)

    def newest(self, until: int) -> int | None:
        """The time of the newest event up to `until`, microseconds; None where there is none."""
        with self._lock:
            times = self._times[(self._items != NO_ITEM) & (self._times <= until)]
        return int(times.max()) if len(times) else None

    def _position_of(self, item_id: str) -> int:
        position = self._positions.get(item_id)
        if position is None:
            if len(self._ids) >= 2 * self._capacity:
                self._forget_ids()
            position = self._positions[item_id] = len(self._ids)
            self._ids.append(item_id)
        return position

    def _forget_ids(self) -> None:
        """Drop the ids of items without a kept event."""
        filled = self._items != NO_ITEM
        used, positions = np.unique(self._items[filled], return_inverse=True)
        self._ids = [self._ids[position] for position in used]
        self._positions = {item_id: position for position, item_id in enumerate(self._ids)}
        self._items[filled] = positions
