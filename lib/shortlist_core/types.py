"""What flows between the stages: frozen dataclasses of numpy arrays.

Inside a trained system an item is its *row* in the bundle's item table (int32, 0-based); item ids are text and are
translated only at the edges. Times are int64 microseconds since the epoch, UTC. Everything is batched: a lone request
is a batch of one, so offline scoring and serving are one code path. Nobody writes into the arrays of another stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Int8s = npt.NDArray[np.int8]
Int16s = npt.NDArray[np.int16]
UInt16s = npt.NDArray[np.uint16]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
"""Microseconds."""

NO_ITEM = -1
"""Row that pads a rectangular array of items."""

NO_GROUP = -1
"""Row that pads a rectangular array of groups."""


class EventType(IntEnum):
    """What a user did with an item; numbers agree with `shortlist.v1.EventType`."""

    INTERACTION = 0  # the data does not say what kind
    VIEW = 1
    CLICK = 2
    CART = 3
    PURCHASE = 4
    LIKE = 5
    DISLIKE = 6
    IMPRESSION = 7
    RATING = 8


EVENT_WEIGHTS: dict[EventType, float] = {
    EventType.INTERACTION: 1.0,
    EventType.VIEW: 1.0,
    EventType.CLICK: 1.0,
    EventType.CART: 1.5,
    EventType.PURCHASE: 2.0,
    EventType.LIKE: 2.0,
    EventType.DISLIKE: 0.0,
    EventType.IMPRESSION: 0.0,
    EventType.RATING: 1.0,
}
"""How strongly an event says that the user wants such items; 0 is no wish at all, the event is kept as history only."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing one user did, as callers write it and stores keep it."""

    event_id: str
    user_id: str
    item_id: str
    time: int  # microseconds since the epoch, UTC
    type: EventType = EventType.INTERACTION
    value: float = 1.0  # quantity, rating, seconds: what the event type makes of it
    session_id: str = ""
    attribution_token: str = ""


def distinct(items: Int32s) -> Int32s:
    """The items [any shape], ascending and each once; NO_ITEM is none of them.

    numpy's `unique` hashes first, which takes several times as long for the few hundred of a request.
    """
    ordered = np.sort(items, axis=None)
    first = ordered != NO_ITEM
    first[1:] &= ordered[1:] != ordered[:-1]
    return np.asarray(ordered[first])


def among(items: Int32s, ascending: Int32s) -> Bools:
    """Which items occur in a sorted array, bool [items]; for the few hundred of a request faster than np.isin."""
    if not len(ascending):
        return np.zeros(len(items), np.bool_)
    at = np.minimum(np.searchsorted(ascending, items), len(ascending) - 1)
    return np.equal(ascending[at], items)


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """A batch of users, each at one moment, with what is known of them then.

    Histories are stored one after another (CSR): the events of query i are `[offsets[i]:offsets[i + 1]]` of the four
    event arrays, oldest first.
    """

    offsets: Int64s  # [batch + 1]
    items: Int32s  # [events] rows, never NO_ITEM: events of unknown items are left out
    times: Int64s  # [events] microseconds
    types: Int8s  # [events] EventType
    values: Float32s  # [events]
    now: Int64s  # [batch] microseconds: the moment the recommendation is for
    groups: Int32s | None = None  # [batch, k] rows of the bundle's groups that each user is in, NO_GROUP pads the end

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
    def strangers(self) -> Bools:
        """Which queries have no events at all, bool [batch]."""
        return np.equal(self.offsets[1:], self.offsets[:-1])

    def rows(self) -> Int64s:
        """For each event, which query it belongs to, int64 [events]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def seen(self) -> list[Int32s]:
        """Per query the items that its user has dealt with, which nobody need recommend again, int32 ascending.

        Impressions alone do not count; a disliked item does, as it must not come back either.
        """
        dealt_with = self.keep(self.types != EventType.IMPRESSION)
        return [distinct(dealt_with.items[start:stop]) for start, stop in pairwise(dealt_with.offsets.tolist())]

    def keep(self, events: Bools) -> Queries:
        """The queries with only the events that are marked, bool [events]."""
        if events.all():
            return self
        offsets = np.concatenate([[0], np.cumsum(events)])[self.offsets]
        items, times, types, values = self.items[events], self.times[events], self.types[events], self.values[events]
        return Queries(offsets, items, times, types, values, self.now, self.groups)

    def before(self, time: int) -> Queries:
        """The queries as they were at `time` (microseconds): earlier events alone, and that moment as `now`."""
        return replace(self.keep(self.times < time), now=np.full(len(self), time, np.int64))

    def slice(self, start: int, stop: int) -> Queries:
        """The queries `start` to `stop` (exclusive), their event arrays views into this one's."""
        a, b = int(self.offsets[start]), int(self.offsets[min(stop, len(self))])
        return Queries(
            self.offsets[start : stop + 1] - a,
            self.items[a:b],
            self.times[a:b],
            self.types[a:b],
            self.values[a:b],
            self.now[start:stop],
            None if self.groups is None else self.groups[start:stop],
        )

    def select(self, which: npt.NDArray[np.integer[Any]]) -> Queries:
        """The queries at the positions `which`, in that order, copied."""
        starts, lengths = self.offsets[:-1][which], self.lengths[which]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        at = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        events = self.items[at], self.times[at], self.types[at], self.values[at]
        return Queries(offsets, *events, self.now[which], None if self.groups is None else self.groups[which])


@dataclass(frozen=True, slots=True)
class Candidates:
    """What stage one proposes, best first, with what every source says of every candidate.

    A source's score is filled for every candidate, also for those that another source proposed; its rank says
    where the source itself had the candidate (1 is best), 0 where it did not propose it.
    """

    items: Int32s  # [batch, n] rows, NO_ITEM pads the end
    fused: Float32s  # [batch, n] the score that the sources' fusion gave; -inf where padded
    scores: Float32s  # [batch, n, sources]
    ranks: Int32s  # [batch, n, sources]
    levels: Float32s  # [batch, sources, 2] mean and standard deviation of the source's scores over the catalogue
    sources: tuple[str, ...]  # names, in the order of the last axis
    failed: tuple[str, ...] = ()  # sources that raised; their scores and ranks are 0

    def __len__(self) -> int:
        return len(self.items)

    @property
    def valid(self) -> Bools:
        """Which places hold a candidate rather than padding, bool [batch, n]."""
        return np.not_equal(self.items, NO_ITEM)

    def part(self, rows: slice | Int64s, columns: slice = slice(None)) -> Candidates:
        """Those of some of the queries, at some of the places."""
        return Candidates(
            self.items[rows, columns],
            self.fused[rows, columns],
            self.scores[rows, columns],
            self.ranks[rows, columns],
            self.levels[rows],
            self.sources,
            self.failed,
        )


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the items of a list [n], or of the lists of a batch [batch, n], are there: the source that speaks for each
    most, and the history item that it follows from.
    """

    sources: tuple[str, ...]  # names, the empty one among them: of items of which there is nothing to say
    speakers: Int32s  # [..., n] positions in `sources`
    anchors: Int32s  # [..., n] row of the history item that contributes most; NO_ITEM where none does
    done: Int8s  # [..., n] EventType of the strongest thing that the user did with that item, the first of equal ones
    shares: Float32s  # [..., n] of the fused score that this source gave, 0 to 1
    groups: Int32s  # [..., n] row of the user's group that contributes most; NO_GROUP where none does

    @classmethod
    def none(cls, *shape: int) -> Reasons:
        """Nothing to say of any item."""
        of_sources, no_shares = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        nowhere, unknown = np.full(shape, NO_ITEM, np.int32), np.full(shape, EventType.INTERACTION, np.int8)
        return cls(("",), of_sources, nowhere, unknown, no_shares, np.full(shape, NO_GROUP, np.int32))

    def of(self, i: int, n: int) -> Reasons:
        """Those of the first `n` items of list i of a batch, views."""
        return Reasons(
            self.sources,
            self.speakers[i, :n],
            self.anchors[i, :n],
            self.done[i, :n],
            self.shares[i, :n],
            self.groups[i, :n],
        )


@dataclass(frozen=True, slots=True)
class StageTrace:
    """What one stage of one request did."""

    stage: str
    entered: int  # items that went in
    left: int  # items that came out
    micros: int
    dropped: dict[str, int] = field(default_factory=dict)  # reason -> items


@dataclass(frozen=True, slots=True)
class Hits:
    """Which sources proposed each of n items, where they had it and with which score."""

    sources: tuple[str, ...]  # names
    ranks: Int32s  # [n, sources] 1 is best, 0 where the source did not propose the item
    scores: Float32s  # [n, sources] finite


@dataclass(frozen=True, slots=True)
class Ranked:
    """The answer to one request: its items, best first."""

    items: Int32s  # [n] rows
    scores: Float32s  # [n] finite: calibrated probabilities, or the retrieval scores when the ranker was skipped
    hits: Hits
    reasons: Reasons  # [n]
    bundle_version: str
    degraded: frozenset[str] = frozenset()  # names of shortlist.v1.Degradation without prefix, lower case
    trace: tuple[StageTrace, ...] = ()
    reused: bool = False  # whether it was made for an earlier request that asked the same

    @classmethod
    def nothing(cls, bundle_version: str) -> Ranked:
        """An answer without items."""
        none = np.zeros(0, np.float32)
        hits = Hits((), np.zeros((0, 0), np.int32), none.reshape(0, 0))
        return cls(np.zeros(0, np.int32), none, hits, Reasons.none(0), bundle_version)
