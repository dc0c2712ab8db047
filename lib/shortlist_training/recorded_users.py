"""Recorded users: a table of interactions in place of a server's store of live events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import polars as pl

from shortlist_core.types import Event, EventType
from shortlist_server.system.live_users import UserEvents
from shortlist_state import LiveUser, LogEntry
from shortlist_state.baskets import Baskets
from shortlist_state.live_counts import CAPACITY, LiveCounts


class RecordedUsers(UserEvents):
    """The events since a bundle's data ended, as if they had been written to the server that serves it."""

    def __init__(self, interactions: pl.DataFrame | None, since: int) -> None:
        self._events: dict[str, list[Event]] = {}  # by user, oldest first
        self.counts, self._baskets = LiveCounts(), Baskets()
        entries = []
        for number, event in enumerate(_events(interactions, since)):
            self._events.setdefault(event.user_id, []).append(event)
            entries.append(LogEntry(number, blake2b(event.user_id.encode(), digest_size=16).digest(), event))
        self.counts.absorb(entries[-CAPACITY:])
        self._baskets.absorb(entries[-CAPACITY:])

    @property
    def baskets(self) -> Baskets:
        """The newest choices of all users."""
        return self._baskets

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """The newest `limit` events of each user; nobody was erased."""
        return [LiveUser(self._events.get(user, [])[-limit:], erased=False) for user in user_ids]

    def erased(self, user_id: str) -> bool:
        """False: whoever was erased is not in the table."""
        return False


def events_of(interactions: pl.DataFrame) -> Iterator[Event]:
    """The rows of a canonical table of interactions as events, in the order of the table."""
    names = [name for name in ("user_id", "item_id", "event_type", "value") if name in interactions.columns]
    times = interactions["timestamp"].dt.timestamp("us")
    for time, row in zip(times, interactions.select(names).iter_rows(named=True), strict=True):
        yield _event(time, row)


def _events(interactions: pl.DataFrame | None, since: int) -> Iterator[Event]:
    if interactions is None:
        return iter(())
    recent = interactions.filter(pl.col("timestamp").dt.timestamp("us") >= since)
    return events_of(recent.sort("timestamp", maintain_order=True))


def _event(time: int, row: dict[str, Any]) -> Event:
    value = row.get("value")
    kind = EventType[row["event_type"].upper()]
    return Event("", row["user_id"], row["item_id"], time, kind, 1.0 if value is None else value)
