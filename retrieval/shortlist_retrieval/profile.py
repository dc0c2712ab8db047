"""Histories as sparse rows over the catalogue: which items a user stands for, and how strongly each counts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from shortlist_core.types import DAY, EVENT_WEIGHTS, Bools, EventType, Queries
from shortlist_kernels.profiles import write_profiles
from shortlist_kernels.scratch import scratch
from shortlist_retrieval.sparse import SparseRows

HISTORY = 300
"""Events of a history that count, the newest; longer ones say nothing new and cost their square in fitting."""

_WANTED = np.array([EVENT_WEIGHTS[kind] > 0 for kind in EventType])


def wanted(queries: Queries) -> Bools:
    """Which events say that the user wants such items (weight above 0), bool [events]."""
    return np.asarray(_WANTED[queries.types])


def wanted_only(queries: Queries) -> Queries:
    """The queries without impressions and dislikes."""
    return queries.keep(wanted(queries))


def last_events(queries: Queries, count: int) -> Queries:
    """Each query with no more than its newest `count` events."""
    if len(queries.lengths) == 0 or queries.lengths.max() <= count:
        return queries
    from_end = np.repeat(queries.offsets[1:], queries.lengths) - 1 - np.arange(len(queries.items))
    return queries.keep(from_end < count)


@lru_cache(maxsize=4)
def newest_wanted(queries: Queries) -> Queries:
    """Each query with its newest HISTORY events, without impressions and dislikes; the last few batches are kept."""
    return last_events(wanted_only(queries), HISTORY)


@lru_cache(maxsize=4)
def history_profile(queries: Queries, n_items: int, half_life_days: float, repeated: bool = False) -> SparseRows:
    """The newest HISTORY wanted events as rows [batch, items], fading with the half-life; inf: all count alike.

    An item counts by its newest event, or, `repeated`, by all of them.

    Several sources read a request's history the same way, and reasons read it again: the last few are kept.
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
    """How much each item counts for a query, by its newest `last` wanted events, [batch, items].

    An event counts 0.5^(age / half-life) at its query's moment, times `fade` for every wanted event that came after it.
    Of an item that occurs twice the newest event counts, or, `repeated`, the root of the sum of all: what somebody
    comes back to counts more, but not in proportion. Items that came after the matrices that read profiles, in rows
    past `n_items`, are left out.
    """
    columns, values = np.empty(len(queries.items), np.int32), np.empty(len(queries.items), np.float32)
    offsets = np.zeros(len(queries) + 1, np.int64)
    half_life = np.float64(half_life_days * DAY)
    events = queries.offsets, queries.items, queries.times, queries.types, queries.now
    write_profiles(
        *events, _WANTED, last, half_life, np.float64(fade), repeated, scratch.int32s(n_items), offsets, columns, values
    )
    return SparseRows(offsets, columns[: offsets[-1]], values[: offsets[-1]], n_items)
