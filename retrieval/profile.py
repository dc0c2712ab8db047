"""Histories as sparse rows over the catalogue: which items a user stands for, and how strongly each counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.compiled import compiled, room
from core.types import DAY, EVENT_WEIGHTS, Bools, EventType, Float32s, Int32s, Int64s, Queries
from retrieval.sparse import SparseRows

_WANTED = np.array([EVENT_WEIGHTS[kind] > 0 for kind in EventType])


def wanted(queries: Queries) -> Bools:
    """Which events say that the user wants such items (weight above 0), bool [events]."""
    return np.asarray(_WANTED[queries.types])


def wanted_only(queries: Queries) -> Queries:
    """The queries without impressions and dislikes."""
    return queries.keep(wanted(queries))


def from_end(queries: Queries) -> Int64s:
    """How many events of the same query come after each event, int64 [events]; 0 is the newest."""
    return np.repeat(queries.offsets[1:], queries.lengths) - 1 - np.arange(len(queries.items))


def last_events(queries: Queries, count: int) -> Queries:
    """Each query with no more than its newest `count` events."""
    if len(queries.lengths) == 0 or queries.lengths.max() <= count:
        return queries
    return queries.keep(from_end(queries) < count)


def binary_profile(queries: Queries, n_items: int) -> SparseRows:
    """1 for every item of the history, [batch, items]."""
    return profile(queries, np.ones(len(queries.items), np.float32), n_items)


def decayed_profile(queries: Queries, n_items: int, half_life_days: float) -> SparseRows:
    """Every item of the history with 0.5^(age / half-life) of its newest event, [batch, items]."""
    return profile(queries, fading(queries, half_life_days), n_items)


def repeated_profile(queries: Queries, n_items: int, half_life_days: float) -> SparseRows:
    """Every item of the history with the root of its events' summed 0.5^(age / half-life), [batch, items].

    What somebody comes back to counts more, but not in proportion.
    """
    summed = _profile(queries, fading(queries, half_life_days), n_items, True)
    return replace(summed, values=np.sqrt(summed.values))


def fading(queries: Queries, half_life_days: float) -> Float32s:
    """0.5^(age / half-life) of every event at its query's moment, float32 [events]."""
    age = (np.repeat(queries.now, queries.lengths) - queries.times) / DAY
    return np.exp2(-np.maximum(age, 0) / half_life_days).astype(np.float32)


def profile(queries: Queries, weights: Float32s, n_items: int) -> SparseRows:
    """The event weights [events] as rows [batch, items]; of an item that occurs twice the newest event counts.

    Items that came after the matrices that read profiles, in rows past `n_items`, are left out.
    """
    return _profile(queries, weights, n_items, False)


def _profile(queries: Queries, weights: Float32s, n_items: int, summed: bool) -> SparseRows:
    columns, values = np.empty(len(queries.items), np.int32), np.empty(len(queries.items), np.float32)
    offsets = np.zeros(len(queries) + 1, np.int64)
    _gather(queries.offsets, queries.items, weights, summed, room.int32s(n_items), offsets, columns, values)
    return SparseRows(offsets, columns[: offsets[-1]], values[: offsets[-1]], n_items)


@compiled
def _gather(
    bounds: Int64s,
    items: Int32s,
    weights: Float32s,
    summed: bool,
    places: Int32s,
    offsets: Int64s,
    columns: Int32s,
    values: Float32s,
) -> None:
    """`places` are zeros, and zeros again afterwards."""
    end = 0
    for i in range(len(bounds) - 1):
        for event in range(bounds[i + 1] - 1, bounds[i] - 1, -1):  # the newest first
            item = items[event]
            if item >= len(places):
                continue
            if places[item] == 0:
                columns[end], values[end] = item, weights[event]
                end += 1
                places[item] = end
            elif summed:
                values[places[item] - 1] += weights[event]
        for k in range(offsets[i], end):
            places[columns[k]] = 0
        offsets[i + 1] = end
