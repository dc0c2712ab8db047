"""The held-out protocol: learn from what lies before a moment, rank the catalogue for those who come back after it.

Test users have at least one event before the moment and, after it, at least one item that is new to them and that the
training catalogue knows. Every item of that catalogue is ranked but the user's own: no sampled negatives, whose order
of systems can differ from that of full ranking (Krichene and Rendle 2020). Only events that say that a user wants such
items count (`shortlist_core.types.EVENT_WEIGHTS` above 0): impressions and dislikes make nobody a test user
and nothing relevant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy.sparse as sp

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, EVENT_WEIGHTS, NO_ITEM, Bools, Int32s, Int64s
from shortlist_data.dataset import Dataset
from shortlist_evaluation.metrics import ItemSets, first_places

COLD_EVENTS = 3
HEAVY_EVENTS = 50
"""A user with at most 3 training events is cold, with more than 50 heavy, between them warm."""


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Who did something with what and when, sorted by time; users and items are rows of the two lists of ids."""

    user_ids: pl.Series  # text, ascending
    item_ids: pl.Series  # text, ascending
    users: Int32s  # [events]
    items: Int32s  # [events]
    times: Int64s  # [events] microseconds
    now: int  # the moment that all events lie before, microseconds

    @classmethod
    def of(cls, events: pl.DataFrame, now: int) -> Interactions:
        """The rows of a frame with user_id, item_id and timestamp, all of them before `now`."""
        user_ids, item_ids = (events[name].unique().sort() for name in ("user_id", "item_id"))
        times = events["timestamp"].dt.timestamp("us").to_numpy()
        return cls(
            user_ids, item_ids, rows_of(events["user_id"], user_ids), rows_of(events["item_id"], item_ids), times, now
        )

    def matrix(self, days: float | None = None) -> sp.csr_matrix:
        """Which user touched which item, 1.0 or nothing, CSR float32 [users, items]; in the last `days` if given."""
        recent = self.times >= (self.now - days * DAY if days is not None else -np.inf)
        ones = np.ones(int(recent.sum()), np.float32)
        shape = (len(self.user_ids), len(self.item_ids))
        matrix = sp.csr_matrix((ones, (self.users[recent], self.items[recent])), shape)
        matrix.data[:] = 1  # repeats were added up
        return matrix


@dataclass(frozen=True, slots=True, eq=False)
class Heldout:
    """A training period, the users to test on and what they went on to want. Rows of items are those of `train`."""

    train: Interactions
    users: Int32s  # [test users] rows of train, ascending
    seen: ItemSets  # per test user: the items of the training period, which are not ranked
    relevant: ItemSets  # per test user: the new items, at least one

    @classmethod
    def of(cls, dataset: Dataset, since: int) -> Heldout:
        """Cut at `since` (microseconds, UTC): events before it are training, the others are the test.

        Raises DataError when either side is empty or no user qualifies.
        """
        events = wanted_events(dataset.interactions)
        is_past = pl.col("timestamp").dt.timestamp("us") < since
        past, later = events.filter(is_past), events.filter(~is_past)
        if not len(past) or not len(later):
            raise DataError(f"there are {len(past)} events before the cut and {len(later)} after it: both are needed")
        train = Interactions.of(past, since)
        users, items = rows_of(later["user_id"], train.user_ids), rows_of(later["item_id"], train.item_ids)
        known = (users != NO_ITEM) & (items != NO_ITEM)
        own = ItemSets.of_pairs(train.users, train.items, len(train.user_ids))
        new = ItemSets.of_pairs(users[known], items[known], len(train.user_ids)).minus(own)
        test_users = np.flatnonzero(new.sizes).astype(np.int32)
        if not len(test_users):
            raise DataError("no user has events before the cut and a new item of the catalogue after it")
        return cls(train, test_users, own.take(test_users), new.take(test_users))

    def __len__(self) -> int:
        return len(self.users)

    @property
    def user_ids(self) -> list[str]:
        """The test users' ids, in the order of every per-user array."""
        return [str(name) for name in self.train.user_ids.gather(self.users)]

    def item_rows(self, item_ids: Sequence[str] | pl.Series) -> Int32s:
        """The rows of the given ids in the training catalogue, `NO_ITEM` where it lacks one, int32 [ids].

        For a system with a numbering of its own: `heldout.item_rows(its_ids)[its_rows]` is in this one.
        """
        return rows_of(pl.Series(item_ids, dtype=pl.String), self.train.item_ids)

    def admit(self, ranked: Int32s) -> Int32s:
        """The lists [test users, k] without what is no candidate: seen items, repeats, rows outside the catalogue.

        What stays moves up; `NO_ITEM` fills the ends. Every system is held to the same candidates this way.
        """
        ranked = np.where((ranked >= 0) & (ranked < len(self.train.item_ids)), ranked, NO_ITEM).astype(np.int32)
        keep = first_places(ranked) & ~self.seen.contain(ranked)
        return closed(np.where(keep, ranked, np.int32(NO_ITEM)))

    def user_segments(self) -> dict[str, Bools]:
        """The test users by number of training events: cold (<= 3), warm, heavy (> 50), each bool [test users]."""
        events = np.bincount(self.train.users, minlength=len(self.train.user_ids))[self.users]
        cold, heavy = events <= COLD_EVENTS, events > HEAVY_EVENTS
        return {"cold": cold, "warm": ~cold & ~heavy, "heavy": heavy}


def wanted_events(interactions: pl.DataFrame) -> pl.DataFrame:
    """Those that say that a user wants such items."""
    wanted = [kind.name.lower() for kind, weight in EVENT_WEIGHTS.items() if weight > 0]
    return interactions.filter(pl.col("event_type").is_in(wanted))


def closed(lists: Int32s) -> Int32s:
    """The lists with NO_ITEM at their ends alone."""
    order = np.argsort(lists == NO_ITEM, axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)


def rows_of(ids: pl.Series, known: pl.Series) -> Int32s:
    """The position of each id in `known`, `NO_ITEM` where it is missing, int32 [ids]."""
    positions = pl.Series(np.arange(len(known), dtype=np.int32))
    return ids.replace_strict(known, positions, default=NO_ITEM, return_dtype=pl.Int32).to_numpy()
