"""Recorded users: a table of interactions in place of a server's store of live events."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import polars as pl

from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.types import Event, EventType
from shortlist_data import schema
from shortlist_server.system.live_users import UserEvents
from shortlist_state import IMPRESSIONS, LiveUser, LogEntry, without_wishes_below
from shortlist_state.baskets import Baskets
from shortlist_state.live_counts import CAPACITY, LiveCounts


class RecordedUsers(UserEvents):
    """The events since a bundle's data ended, as if they had been written to the server that serves it."""

    def __init__(
        self,
        interactions: pl.DataFrame | None,
        since: int,
        erasures: Container[str] = frozenset(),
        dislike_below: float = -math.inf,
        weights: EventWeights = USUAL,
    ) -> None:
        self._recent, self._erasures = _recent(interactions, since), erasures
        newest_time = self._recent["timestamp"].dt.timestamp("us").max()
        self._end = since if newest_time is None else max(since, int(newest_time))  # type: ignore[arg-type]
        self._of_users = self._recent.with_row_index("row").group_by("user_id").agg("row")
        self._rows = dict(zip(self._of_users["user_id"].to_list(), range(len(self._of_users)), strict=True))
        self.counts, self._baskets = LiveCounts(), Baskets()
        newest = [
            LogEntry(number, blake2b(event.user_id.encode(), digest_size=16).digest(), event)
            for number, event in enumerate(events_of(self._recent.tail(CAPACITY)))
        ]
        choices = without_wishes_below(newest, dislike_below)
        self.counts.absorb(choices, weights)
        self._baskets.absorb(choices, weights)

    @property
    def baskets(self) -> Baskets:
        """The newest choices of all users."""
        return self._baskets

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """The newest events of each user, as a store gives them; of an erased one there are none."""
        return [LiveUser([], erased=True) if self.erased(user) else self._live(user, limit) for user in user_ids]

    def erased(self, user_id: str) -> bool:
        """Whether a user was erased."""
        return user_id in self._erasures

    def clock(self) -> int:
        """The time at which the recorded events end, microseconds."""
        return self._end

    def _live(self, user_id: str, limit: int) -> LiveUser:
        if user_id not in self._rows:
            return LiveUser([], erased=False)
        events = self._recent[self._of_users["row"][self._rows[user_id]].sort()]
        shown = pl.col("event_type") == EventType.IMPRESSION.name.lower()
        done, impressions = events.filter(~shown).tail(limit), events.filter(shown).tail(min(limit, IMPRESSIONS))
        pairs = zip(impressions["item_id"], impressions["timestamp"].dt.timestamp("us"), strict=True)
        return LiveUser(list(events_of(done)), erased=False, impressions=list(pairs))


def events_of(interactions: pl.DataFrame) -> Iterator[Event]:
    """The rows of a canonical table of interactions as events, in the order of the table."""
    names = [name for name in ("user_id", "item_id", "event_type", "value") if name in interactions.columns]
    times = interactions["timestamp"].dt.timestamp("us")
    for time, row in zip(times, interactions.select(names).iter_rows(named=True), strict=True):
        yield _event(time, row)


def _recent(interactions: pl.DataFrame | None, since: int) -> pl.DataFrame:
    """The rows from `since` (microseconds) on, oldest first."""
    if interactions is None:
        return schema.empty("interactions")
    recent = interactions.filter(pl.col("timestamp").dt.timestamp("us") >= since)
    return recent.sort("timestamp", maintain_order=True)


def _event(time: int, row: dict[str, Any]) -> Event:
    value = row.get("value")
    kind = EventType[row["event_type"].upper()]
    return Event("", row["user_id"], row["item_id"], time, kind, 1.0 if value is None else value)
