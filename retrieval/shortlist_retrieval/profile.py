"""Profiles: histories as sparse rows over the catalogue, which say how much each item counts for a user."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from shortlist_core.types import DAY, Bools, Float32s, Int64s, Queries
from shortlist_kernels.profiles import write_profiles
from shortlist_kernels.scratch import scratch
from shortlist_retrieval.sparse import SparseRows

HISTORY = 300
"""How many of a history's newest events count. More say nothing new, and the cost of fitting grows with the square."""


def wanted(queries: Queries) -> Bools:
    """Which events say that the user wants such items, those of positive weight, bool [events]."""
    return np.asarray(queries.weights > 0)


def strongest(pairs: Int64s, weights: Float32s) -> tuple[Int64s, Float32s]:
    """Each pair of a user and an item once, ascending, with the largest weight of its events, float32 [pairs]."""
    distinct, at = np.unique(pairs, return_inverse=True)
    largest = np.zeros(len(distinct), np.float32)
    np.maximum.at(largest, at, weights)
    return distinct, largest


def wanted_only(queries: Queries) -> Queries:
    """The queries without their impressions and dislikes."""
    return queries.keep(wanted(queries))


def newest(queries: Queries, count: int) -> Bools:
    """Which events are among the newest `count` of their query, bool [events]."""
    from_end = np.repeat(queries.offsets[1:], queries.lengths) - 1 - np.arange(len(queries.items))
    return np.asarray(from_end < count)


def last_events(queries: Queries, count: int) -> Queries:
    """The queries with at most their newest `count` events."""
    if len(queries.lengths) == 0 or queries.lengths.max() <= count:
        return queries
    return queries.keep(newest(queries, count))


@lru_cache(maxsize=4)
def newest_wanted(queries: Queries) -> Queries:
    """The queries with their newest HISTORY wanted events. The results of the last few batches are kept."""
    return last_events(wanted_only(queries), HISTORY)


@lru_cache(maxsize=4)
def history_profile(queries: Queries, n_items: int, half_life_days: float, repeated: bool = False) -> SparseRows:
    """The profile of the newest HISTORY wanted events, [batch, items]. Events fade with the half-life; inf: not at all.

    An item counts by its strongest event, or with `repeated` by all its events. The last few results are kept, as
    several sources read a request's history in the same way, and the reasons read it again.
    """
    return profile(queries, n_items, HISTORY, half_life_days=half_life_days, repeated=repeated)


def profile(
    queries: Queries,
    n_items: int,
    last: int,
    *,
    half_life_days: float = np.inf,
    fade: float = 1.0,
    repeated: bool = False,
) -> SparseRows:
    """The profile of the newest `last` wanted events, [batch, items]: how much each item counts for a query.

    An event counts its weight times 0.5^(age / half-life) at its query's moment, times `fade` for every wanted event
    after it. An item with several events counts by the one that counts most, which is the newest where all weights are
    equal, or with `repeated` by the root of the sum of all. So items that a user
    comes back to count more, but not in proportion. New items, in rows from `n_items` on, are left out, as no matrix of
    a source has them.
    """
    columns, values = np.empty(len(queries.items), np.int32), np.empty(len(queries.items), np.float32)
    offsets = np.zeros(len(queries) + 1, np.int64)
    half_life = np.float64(half_life_days * DAY)
    events = queries.offsets, queries.items, queries.times, queries.weights, queries.now
    write_profiles(
        *events, last, half_life, np.float64(fade), repeated, scratch.int32s(n_items), offsets, columns, values
    )
    return SparseRows(offsets, columns[: offsets[-1]], values[: offsets[-1]], n_items)
