"""Showings: each time that an item was shown to a user, whether it was taken then, and how tired it was by then."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shortlist_core.types import SECOND, Bools, EventType, Float64s, Int32s, Int64s, Queries

WITHIN = 86_400 * SECOND
"""So long after an impression an item may be taken because of it, microseconds."""

PAUSE = 1_800 * SECOND
"""After so long without a showing, microseconds, the next ones make another visit."""


@dataclass(frozen=True)
class Showings:
    """All showings, item by item of each user in the order of time. A user chooses among what is shown in a visit."""

    users: Int64s  # [showings] rows of histories
    items: Int32s  # [showings] rows
    times: Int64s  # [showings] microseconds
    taken: Bools  # [showings] whether the item was taken then
    visits: Int64s  # [showings] from 0; -1 where all or none of a visit was taken, which tells nothing
    before: Int64s  # [showings] position of the item's showing before, since the user last took it; -1 without one

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def of(cls, histories: Queries) -> Showings:
        """The showings in histories with impressions.

        An item was taken at its last impression before, if that is less than WITHIN ago. Some logs say only what became
        of what was shown: what was taken at the very moment of other impressions of the user was shown then as well.
        """
        impressions = histories.types == EventType.IMPRESSION
        told = histories.keep(impressions | (histories.weights > 0))
        n_items, users = int(told.items.max(initial=0)) + 1, told.rows()
        keys, shown = users * n_items + told.items, told.types == EventType.IMPRESSION
        at_once = _with_an_impression(users, told.times, shown)
        # By pair of user and item, in the order of time; of equal times, what was shown stands before what was done.
        order = np.lexsort((~shown, told.times, keys))
        keys, shown, times, at_once = keys[order], shown[order], told.times[order], at_once[order]
        follows = np.append(False, keys[1:] == keys[:-1])[: len(keys)]  # another event of the pair
        waits = np.append(0, np.diff(times))[: len(keys)]
        in_place = ~shown & at_once & ~(follows & (waits == 0))  # of an impression
        answers = ~shown & ~in_place & follows & np.append(False, shown[:-1])[: len(keys)] & (waits < WITHIN)
        taken = in_place | np.append(answers[1:], False)[: len(keys)]
        begins = ~follows | np.append(False, ~shown[:-1])[: len(keys)]  # what was taken is new again
        kept = shown | in_place
        keys, times, taken, spans = keys[kept], times[kept], taken[kept], np.cumsum(begins)[kept]
        again = np.append(False, spans[1:] == spans[:-1])[: len(keys)]
        before = np.where(again, np.arange(len(keys)) - 1, -1)
        visits = _telling(_visits(keys // n_items, times), taken)
        return cls(keys // n_items, (keys % n_items).astype(np.int32), times, taken, visits, before)

    @property
    def n_visits(self) -> int:
        """How many visits tell something."""
        return int(self.visits.max(initial=-1)) + 1

    @property
    def n_choices(self) -> int:
        """How many items were taken in visits in which not all that was shown was new to the user."""
        telling, again = self.visits >= 0, self.before >= 0
        some = np.bincount(self.visits[telling & again], minlength=self.n_visits) > 0
        return int(np.count_nonzero(some[self.visits[telling & self.taken]]))

    def effective(self, recovery: float) -> Float64s:
        """How many impressions each showing comes after, those before fading with half-life `recovery` (seconds)."""
        found = np.zeros(len(self))
        fades = 0.5 ** ((self.times - self.times[self.before]) / (recovery * SECOND))
        depth = self._depth()
        by_depth = np.argsort(depth, kind="stable")
        bounds = np.searchsorted(depth[by_depth], np.arange(1, int(depth.max(initial=0)) + 2))
        for start, stop in pairwise(bounds.tolist()):
            at = by_depth[start:stop]
            found[at] = (found[self.before[at]] + 1) * fades[at]
        return found

    def _depth(self) -> Int64s:
        """How many showings of the same item come before each; they lie directly before it."""
        first = np.maximum.accumulate(np.where(self.before < 0, np.arange(len(self)), 0))
        return np.asarray(np.arange(len(self)) - first, np.int64)


def _with_an_impression(users: Int64s, times: Int64s, shown: Bools) -> Bools:
    """Which events happened at the very moment of an impression of their user, bool [events]."""
    moments, at = np.unique(times, return_inverse=True)
    keys = users * len(moments) + at
    return np.asarray(np.isin(keys, keys[shown]), np.bool_)


def _visits(users: Int64s, times: Int64s) -> Int64s:
    """The visit of each showing, int64 from 0: one ends where the user is shown nothing for more than PAUSE."""
    order = np.lexsort((times, users))
    starts = (np.diff(users[order]) != 0) | (np.diff(times[order]) > PAUSE)
    visits = np.empty(len(order), np.int64)
    visits[order] = np.append(0, np.cumsum(starts))[: len(order)]
    return visits


def _telling(visits: Int64s, taken: Bools) -> Int64s:
    """The visits, counted anew, in which some showings were taken and others not; -1 for the others."""
    count = int(visits.max(initial=-1)) + 1
    some, others = (np.bincount(visits[which], minlength=count) > 0 for which in (taken, ~taken))
    tells = some & others
    return np.asarray(np.where(tells, np.cumsum(tells) - 1, -1)[visits], np.int64)
