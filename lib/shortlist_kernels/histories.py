"""Histories: the events of many users copied out of a bundle, and the newest items of each as models read them."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.types import SECOND, Float32s, Int8s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def write_offsets(rows: Int32s, stored: Int64s, offsets: Int64s) -> int:
    """Write the offsets of the histories at the rows, those at NO_ITEM without events; how many events they have."""
    for i in range(len(rows)):
        offsets[i + 1] = offsets[i] + (stored[rows[i] + 1] - stored[rows[i]] if rows[i] >= 0 else 0)
    return int(offsets[-1])


@compiled
def copy_events(
    rows: Int32s,
    stored: Int64s,
    stored_items: Int32s,
    stored_times: Int64s,
    stored_types: Int8s,
    stored_values: Float32s,
    offsets: Int64s,
    items: Int32s,
    times: Int64s,
    types: Int8s,
    values: Float32s,
) -> None:
    for i in range(len(rows)):
        for k in range(offsets[i + 1] - offsets[i]):
            at, event = offsets[i] + k, stored[rows[i]] + k
            items[at], times[at] = stored_items[event], stored_times[event]
            types[at], values[at] = stored_types[event], stored_values[event]


@compiled
def write_latest(
    items: Int32s,
    times: Int64s,
    types: Int8s,
    starts: Int64s,
    stops: Int64s,
    now: Int64s | None,
    window: int,
    buckets: int,
    found: Int32s,
    present: Float32s,
    found_types: Int32s,
    gaps: Int32s,
) -> None:
    for i in range(len(stops)):
        own, count, until = found[i], 0, np.int64(0)
        for at in range(stops[i] - 1, max(starts[i], stops[i] - window) - 1, -1):
            item, again = items[at], False
            for k in range(count):
                again |= own[k] == item
            if again:
                continue
            if now is not None:
                until = now[i]
            elif count == 0:
                until = times[at]
            hours = max(until - times[at], 0) / (3600 * SECOND)
            own[count], present[i, count], found_types[i, count] = item, 1, types[at]
            gaps[i, count] = min(math.log2(1 + hours), buckets - 1)
            count, until = count + 1, times[at]
            if count == found.shape[1]:
                break
