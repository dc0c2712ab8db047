"""A batch of users with their histories: what a recommendation is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.arrays import Bools, Float32s, Int8s, Int32s, Int64s, distinct
from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.events import EventType


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """A batch of users, each at one moment, with their histories up to it.

    Histories are stored one after another (CSR): the events of query i are `[offsets[i]:offsets[i + 1]]` of the four
    event arrays, oldest first.
    """

    offsets: Int64s  # [batch + 1]
    items: Int32s  # [events] rows, never NO_ITEM: events about unknown items are left out
    times: Int64s  # [events] microseconds
    types: Int8s  # [events] EventType
    values: Float32s  # [events]
    now: Int64s  # [batch] microseconds: the moment of the recommendation
    groups: Int32s | None = None  # [batch, k] rows of each user's groups, NO_GROUP pads the end
    asked: Int64s | None = None  # [batch] microseconds: the moment whose time of day counts; None: that is `now`
    contexts: Int32s | None = None  # [batch, k] rows of the contexts of each request, NO_GROUP where there is none
    event_contexts: Int32s | None = None  # [events, k] the same of the events; only training knows it
    rules: EventWeights = USUAL  # how much events count

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def history(self, i: int) -> Int32s:
        """The items of query i, oldest first, int32 [events of i], a view."""
        return self.items[self.offsets[i] : self.offsets[i + 1]]

    @property
    def lengths(self) -> Int64s:
        """How many events each query has, int64 [batch]."""
        return np.subtract(self.offsets[1:], self.offsets[:-1])

    @property
    def without_history(self) -> Bools:
        """Which queries are of users without history (cold-start users), bool [batch]."""
        return np.equal(self.offsets[1:], self.offsets[:-1])

    @property
    def away(self) -> Int64s:
        """For how long each user has been away, microseconds since the last event, int64 [batch]; 0 without history."""
        some = np.flatnonzero(~self.without_history)
        away = np.zeros(len(self), np.int64)
        away[some] = self.now[some] - self.times[self.offsets[1:][some] - 1]
        return away

    @property
    def weights(self) -> Float32s:
        """How strongly each event says that the user wants such items, float32 [events]; 0: it does not."""
        return self.rules.of(self.types, self.values)

    @property
    def moments(self) -> Int64s:
        """The moments whose time of day counts, microseconds, int64 [batch]."""
        return self.now if self.asked is None else self.asked

    def rows(self) -> Int64s:
        """For each event, which query it belongs to, int64 [events]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def seen(self) -> list[Int32s]:
        """Per query the seen items, which are not recommended again: int32 ascending.

        An item that was only shown (an impression) does not count as seen. A disliked item does.
        """
        seen = self.keep(self.types != EventType.IMPRESSION)
        return [distinct(seen.items[start:stop]) for start, stop in pairwise(seen.offsets.tolist())]

    def keep(self, events: Bools) -> Queries:
        """The queries with only the events that `events`, bool [events], marks."""
        if events.all():
            return self
        offsets = np.concatenate([[0], np.cumsum(events)])[self.offsets]
        items, times, types, values = self.items[events], self.times[events], self.types[events], self.values[events]
        contexts = None if self.event_contexts is None else self.event_contexts[events]
        of_queries = self.now, self.groups, self.asked, self.contexts
        return Queries(offsets, items, times, types, values, *of_queries, contexts, self.rules)

    def with_dislikes(self, below: float) -> Queries:
        """The queries with every rating of a value below `below` as a dislike; -inf: these queries."""
        if below == -np.inf:
            return self
        low = (self.types == EventType.RATING) & (self.values < below)
        if not low.any():
            return self
        return replace(self, types=np.where(low, np.int8(EventType.DISLIKE), self.types))

    def before(self, time: int) -> Queries:
        """The queries as of `time` (microseconds): with the events before it, and with it as `now`."""
        return replace(self.keep(self.times < time), now=np.full(len(self), time, np.int64), asked=None, contexts=None)

    def slice(self, start: int, stop: int) -> Queries:
        """The queries `start` to `stop` (exclusive); their event arrays are views into these."""
        a, b = int(self.offsets[start]), int(self.offsets[min(stop, len(self))])
        return Queries(
            self.offsets[start : stop + 1] - a,
            self.items[a:b],
            self.times[a:b],
            self.types[a:b],
            self.values[a:b],
            self.now[start:stop],
            None if self.groups is None else self.groups[start:stop],
            None if self.asked is None else self.asked[start:stop],
            None if self.contexts is None else self.contexts[start:stop],
            None if self.event_contexts is None else self.event_contexts[a:b],
            self.rules,
        )

    def select(self, which: npt.NDArray[np.integer[Any]]) -> Queries:
        """The queries at the positions `which`, in that order, copied."""
        starts, lengths = self.offsets[:-1][which], self.lengths[which]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        at = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        events = self.items[at], self.times[at], self.types[at], self.values[at]
        groups, asked = (None if each is None else each[which] for each in (self.groups, self.asked))
        contexts = None if self.contexts is None else self.contexts[which]
        of_events = None if self.event_contexts is None else self.event_contexts[at]
        return Queries(offsets, *events, self.now[which], groups, asked, contexts, of_events, self.rules)
