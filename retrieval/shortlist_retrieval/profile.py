"""Profiles: histories as sparse rows over the catalogue, which say how much each item counts for a user."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from shortlist_core.types import DAY, EVENT_WEIGHTS, Bools, EventType, Queries
from shortlist_kernels.profiles import write_profiles
from shortlist_kernels.scratch import scratch
from shortlist_retrieval.sparse import SparseRows

HISTORY = 300
"""How many of a history's newest events count. More say nothing new, and the cost of fitting grows with the square."""

_WANTED = np.array([EVENT_WEIGHTS[kind] > 0 for kind in EventType])


def wanted(queries: Queries) -> Bools:
    """Which events say that the user wants such items, those of a type of positive weight, bool [events]."""
    return np.asarray(_WANTED[queries.types])


def wanted_only(queries: Queries) -> Queries:
    """The queries without their impressions and dislikes."""
    return queries.keep(wanted(queries))


def last_events(queries: Queries, count: int) -> Queries:
    """The queries with at most their newest `count` events."""
    if len(queries.lengths) == 0 or queries.lengths.max() <= count:
        return queries
    from_end = np.repeat(queries.offsets[1:], queries.lengths) - 1 - np.arange(len(queries.items))
    return queries.keep(from_end < count)


@lru_cache(maxsize=4)
def newest_wanted(queries: Queries) -> Queries:
    """The queries with their newest HISTORY wanted events. The results of the last few batches are kept."""
    return last_events(wanted_only(queries), HISTORY)


@lru_cache(maxsize=4)
def history_profile(queries: Queries, n_items: int, half_life_days: float, repeated: bool = False) -> SparseRows:
    """The profile of the newest HISTORY wanted events, [batch, items]. Events fade with the half-life; inf: not at all.

    An item counts by its newest event, or with `repeated` by all its events. The last few results are kept, as several
    sources read a request's history in the same way, and the reasons read it again.
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

    An event counts 0.5^(age / half-life) at its query's moment, times `fade` for every wanted event after it. An item
    with several events counts by its newest one, or with `repeated` by the root of the sum of all. So items that a user
    comes back to count more, but not in proportion. New items, in rows from `n_items` on, are left out, as no matrix of
    a source has them.
    """
    columns, values = np.empty(len(queries.items), np.int32), np.empty(len(queries.items), np.float32)
    offsets = np.zeros(len(queries) + 1, np.int64)
    half_life = np.float64(half_life_days * DAY)
    events = queries.offsets, queries.items, queries.times, queries.types, queries.now
    write_profiles(
        *events, _WANTED, last, half_life, np.float64(fade), repeated, scratch.int32s(n_items), offsets, columns, values
    )
    return SparseRows(offsets, columns[: offsets[-1]], values[: offsets[-1]], n_items)
