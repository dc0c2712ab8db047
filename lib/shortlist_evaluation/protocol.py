"""Held-out protocol: train on events before a moment, then rank the catalogue for users who come back after it.

Test users have at least one event before the moment and, after it, at least one item of the training catalogue that is
new to them. All items of that catalogue are ranked except those that the user had before. There are no sampled
negatives, because they can order systems differently than full ranking does (Krichene and Rendle 2020). Only events
with a weight above 0 count (`shortlist_core.event_weights`): impressions and dislikes make no test users and no
relevant items. Where a bundle was trained with weights of its own, an item gains the weight of the strongest event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy.sparse as sp

from shortlist_core.errors import DataError
from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.types import DAY, NO_ITEM, Bools, EventType, Float32s, Int32s, Int64s
from shortlist_data.dataset import Dataset
from shortlist_data.splits import text_of
from shortlist_evaluation.metrics import ItemSets, first_ranks

COLD_EVENTS = 3
HEAVY_EVENTS = 50
"""A user with at most 3 training events is cold, with more than 50 heavy, between them warm."""


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Events sorted by time; users and items are rows of the two lists of ids."""

    user_ids: pl.Series  # text, ascending
    item_ids: pl.Series  # text, ascending
    users: Int32s  # [events]
    items: Int32s  # [events]
    times: Int64s  # [events] microseconds
    now: int  # all events lie before this moment, microseconds

    @classmethod
    def of(cls, events: pl.DataFrame, now: int) -> Interactions:
        """The events of a frame with user_id, item_id and timestamp, all before `now` (microseconds)."""
        user_ids, item_ids = (events[name].unique().sort() for name in ("user_id", "item_id"))
        times = events["timestamp"].dt.timestamp("us").to_numpy()
        return cls(
            user_ids, item_ids, rows_of(events["user_id"], user_ids), rows_of(events["item_id"], item_ids), times, now
        )

    def matrix(self, days: float | None = None) -> sp.csr_matrix:
        """1.0 for every user and item with an event, in the last `days` if given: CSR float32 [users, items]."""
        recent = self.times >= (self.now - days * DAY if days is not None else -np.inf)
        ones = np.ones(int(recent.sum()), np.float32)
        shape = (len(self.user_ids), len(self.item_ids))
        matrix = sp.csr_matrix((ones, (self.users[recent], self.items[recent])), shape)
        matrix.data[:] = 1  # repeated events were added up
        return matrix


@dataclass(frozen=True, slots=True, eq=False)
class Heldout:
    """Held-out data: a training period, the test users, and their relevant items as rows of `train`."""

    train: Interactions
    users: Int32s  # [test users] rows of train, ascending
    seen: ItemSets  # per test user: the items of the training period, which are not ranked
    relevant: ItemSets  # per test user: items that are new to the user, at least one

    @classmethod
    def of(cls, dataset: Dataset, since: int, weights: EventWeights = USUAL) -> Heldout:
        """Cut at `since` (microseconds, UTC): events before it are training data, the others are test data.

        Events count by `weights`, of which those that differ from the usual ones are the gains of relevant items.

        Raises DataError, which says why, when either side is empty or no user qualifies.
        """
        events = wanted_events(dataset.interactions, weights)
        is_past = pl.col("timestamp").dt.timestamp("us") < since
        past, later = events.filter(is_past), events.filter(~is_past)
        if not len(past) or not len(later):
            raise DataError(f"{_why_one_sided(dataset.interactions, since)}: events before and after it are needed")
        train = Interactions.of(past, since)
        users, items = rows_of(later["user_id"], train.user_ids), rows_of(later["item_id"], train.item_ids)
        in_train = (users != NO_ITEM) & (items != NO_ITEM)
        seen = ItemSets.of_pairs(train.users, train.items, len(train.user_ids))
        gains = None if weights == USUAL else weights_of(later, weights)[in_train]
        new = ItemSets.of_pairs(users[in_train], items[in_train], len(train.user_ids), gains).minus(seen)
        test_users = np.flatnonzero(new.sizes).astype(np.int32)
        if not len(test_users):
            came = later["user_id"].n_unique()
            came_back = len(np.unique(users[users != NO_ITEM]))
            raise DataError(f"{_why_nobody(came, came_back, bool(in_train.any()), since)}: there is nothing to test on")
        return cls(train, test_users, seen.take(test_users), new.take(test_users))

    def __len__(self) -> int:
        return len(self.users)

    @property
    def user_ids(self) -> list[str]:
        """The test users' ids, in the order of every per-user array."""
        return [str(name) for name in self.train.user_ids.gather(self.users)]

    def item_rows(self, item_ids: Sequence[str] | pl.Series) -> Int32s:
        """The rows of the given ids in the training catalogue, `NO_ITEM` where it lacks one, int32 [ids].

        Translates the rows of a system with its own numbering: `heldout.item_rows(its_ids)[its_rows]`.
        """
        return rows_of(pl.Series(item_ids, dtype=pl.String), self.train.item_ids)

    def admit(self, ranked: Int32s) -> Int32s:
        """The lists [test users, k] without items that may not be ranked: seen, repeated, outside the catalogue.

        Later items move up, and `NO_ITEM` fills the ends. So all systems rank the same candidates.
        """
        ranked = np.where((ranked >= 0) & (ranked < len(self.train.item_ids)), ranked, NO_ITEM).astype(np.int32)
        keep = first_ranks(ranked) & ~self.seen.contain(ranked)
        return closed(np.where(keep, ranked, np.int32(NO_ITEM)))

    def user_segments(self) -> dict[str, Bools]:
        """The test users by number of training events: cold (<= 3), warm, heavy (> 50), each bool [test users]."""
        events = np.bincount(self.train.users, minlength=len(self.train.user_ids))[self.users]
        cold, heavy = events <= COLD_EVENTS, events > HEAVY_EVENTS
        return {"cold": cold, "warm": ~cold & ~heavy, "heavy": heavy}


def wanted_events(interactions: pl.DataFrame, weights: EventWeights = USUAL) -> pl.DataFrame:
    """The events that say that a user wants such items: those with a weight above 0."""
    return interactions.filter(pl.Series(weights_of(interactions, weights) > 0, dtype=pl.Boolean))


def weights_of(interactions: pl.DataFrame, weights: EventWeights) -> Float32s:
    """The weights of the events of a canonical table, float32 [events]; without a value an event has the value 1."""
    kinds = {kind.name.lower(): int(kind) for kind in EventType}
    types = interactions["event_type"].replace_strict(kinds, return_dtype=pl.Int8).to_numpy()
    has_values = "value" in interactions.columns
    values = interactions["value"].fill_null(1.0).to_numpy() if has_values else np.ones(len(types))
    return weights.of(types, values.astype(np.float32))


def counted_kinds(interactions: pl.DataFrame) -> str:
    """How many events there are of each type, as text: `520 impression, 3 dislike`."""
    return ", ".join(f"{n:,} {kind}" for kind, n in interactions["event_type"].value_counts(sort=True).iter_rows())


def _why_one_sided(interactions: pl.DataFrame, since: int) -> str:
    """Why there are no events that count before the cut at `since`, or none after it."""
    cut, times = text_of(since), interactions["timestamp"].dt.timestamp("us")
    if not len(interactions):
        return "there are no interactions"
    if times[-1] < since:
        return f"all {len(times):,} interactions lie before {cut}, the newest at {text_of(times[-1])}"
    if times[0] >= since:
        return f"none of the {len(times):,} interactions lies before {cut}, the oldest is of {text_of(times[0])}"
    past = interactions.filter(times < since)
    side, where = (interactions.filter(times >= since), "since") if len(wanted_events(past)) else (past, "before")
    return f"no event {where} {cut} says that somebody wants an item ({counted_kinds(side)})"


def _why_nobody(came: int, came_back: int, known_items: bool, since: int) -> str:
    """Why no user qualifies, of those who `came` after the cut and the part of them who had come before it too."""
    if not came_back:
        return f"none of the {came:,} users who came since {text_of(since)} had come before"
    if not known_items:
        return f"the {came_back:,} users who came back since {text_of(since)} took only items that came later"
    return f"the {came_back:,} users who came back since {text_of(since)} took no known item that was new to them"


def closed(lists: Int32s) -> Int32s:
    """The lists with NO_ITEM moved to the ends."""
    order = np.argsort(lists == NO_ITEM, axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)


def rows_of(ids: pl.Series, all_ids: pl.Series) -> Int32s:
    """The position of each id in `all_ids`, `NO_ITEM` where it is missing, int32 [ids]."""
    positions = pl.Series(np.arange(len(all_ids), dtype=np.int32))
    return ids.replace_strict(all_ids, positions, default=NO_ITEM, return_dtype=pl.Int32).to_numpy()
