"""Histories, event by event."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM, SECOND
from twins import draws

HOUR = 3600 * SECOND


def write_offsets(rows, stored, offsets):
    lengths = [stored[row + 1] - stored[row] if row >= 0 else 0 for row in rows]
    offsets[1:] = np.cumsum(lengths)
    return offsets[-1]


@st.composite
def rows_of_users(draw):
    """Some users, unknown ones among them, and the offsets of all histories."""
    users = draw(st.integers(0, 4))
    return draws.array(draw, np.int32, draw(st.integers(0, 5)), st.integers(NO_ITEM, users - 1)), draws.offsets(
        draw, users
    )


@st.composite
def write_offsets_inputs(draw):
    rows, stored = draw(rows_of_users())
    return rows, stored, draws.zeros(np.int64, len(rows) + 1)


def copy_events(
    rows, stored, stored_items, stored_times, stored_types, stored_values, offsets, items, times, types, values
):
    at = [event for row in rows if row >= 0 for event in range(stored[row], stored[row + 1])]
    items[:], times[:], types[:], values[:] = (
        column[at] for column in (stored_items, stored_times, stored_types, stored_values)
    )


@st.composite
def copy_events_inputs(draw):
    rows, stored = draw(rows_of_users())
    offsets = draws.zeros(np.int64, len(rows) + 1)
    write_offsets(rows, stored, offsets)
    kinds, numbers = (np.int32, np.int64, np.int8, np.float32), st.integers(0, 100)
    columns = [draws.array(draw, kind, stored[-1], numbers) for kind in kinds]
    return rows, stored, *columns, offsets, *(draws.zeros(kind, offsets[-1]) for kind in kinds)


def write_latest(items, times, types, starts, stops, now, window, buckets, latest, present, latest_types, gaps):
    for i in range(len(stops)):
        newest = {}
        for at in range(stops[i] - 1, max(starts[i], stops[i] - window) - 1, -1):
            newest.setdefault(int(items[at]), at)
        until = None if now is None else int(now[i])
        for k, (item, at) in enumerate(list(newest.items())[: latest.shape[1]]):
            time = int(times[at])
            since = 0 if until is None else max(until - time, 0)
            latest[i, k], present[i, k], latest_types[i, k] = item, 1, types[at]
            gaps[i, k] = int(min(math.log2(1 + since / HOUR), buckets - 1))
            until = time if now is None else until


@st.composite
def write_latest_inputs(draw):
    n, count, window, buckets = (draw(st.integers(low, most)) for low, most in ((0, 3), (1, 4), (0, 7), (1, 5)))
    bounds = draws.offsets(draw, n, 9)
    events, moments = int(bounds[-1]), st.integers(0, 40).map(lambda hours: hours * HOUR + 1)
    skipped = draws.array(draw, np.int64, n, st.integers(0, 2))
    now = draws.array(draw, np.int64, n, moments) if draw(st.booleans()) else None
    return (
        draws.array(draw, np.int32, events, st.integers(0, 6)),
        draws.array(draw, np.int64, events, moments),
        draws.array(draw, np.int8, events, st.integers(0, 8)),
        np.minimum(bounds[:-1] + skipped, bounds[1:]),
        bounds[1:].copy(),
        now,
        window,
        buckets,
        *(draws.zeros(kind, n, count) for kind in (np.int32, np.float32, np.int32, np.int32)),
    )
