"""Histories as sparse rows over the catalogue: which items a user stands for, and how strongly each counts."""

from __future__ import annotations

import numpy as np

from shortlist_core.compiled import compiled, room
from shortlist_core.types import DAY, EVENT_WEIGHTS, Bools, EventType, Float32s, Int8s, Int32s, Int64s, Queries
from shortlist_retrieval.sparse import SparseRows

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
    _read(*events, _WANTED, last, half_life, np.float64(fade), repeated, room.int32s(n_items), offsets, columns, values)
    return SparseRows(offsets, columns[: offsets[-1]], values[: offsets[-1]], n_items)


@compiled
def _read(
    bounds: Int64s,
    items: Int32s,
    times: Int64s,
    types: Int8s,
    now: Int64s,
    wanted: Bools,
    last: int,
    half_life: float,
    fade: float,
    repeated: bool,
    places: Int32s,
    offsets: Int64s,
    columns: Int32s,
    values: Float32s,
) -> None:
    """`places` are zeros, and zeros again afterwards."""
    end = 0
    for i in range(len(bounds) - 1):
        read, factor = 0, 1.0
        for event in range(bounds[i + 1] - 1, bounds[i] - 1, -1):  # the newest first
            if not wanted[types[event]]:
                continue
            if read == last:
                break
            weight = np.float32(factor * 2.0 ** (-max(now[i] - times[event], 0) / half_life))
            item, read, factor = items[event], read + 1, factor * fade
            if item >= len(places):
                continue
            if places[item] == 0:
                columns[end], values[end] = item, weight
                end += 1
                places[item] = end
            elif repeated:
                values[places[item] - 1] += weight
        for k in range(offsets[i], end):
            places[columns[k]] = 0
            if repeated:
                values[k] = np.sqrt(values[k])
        offsets[i + 1] = end
