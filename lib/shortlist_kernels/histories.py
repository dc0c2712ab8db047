"""Histories: the events of many users copied out of a bundle, and the newest items of each as models read them."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.types import SECOND, Float32s, Int8s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def write_offsets(rows: Int32s, stored: Int64s, offsets: Int64s) -> int:
    """Write the offsets of the histories at `rows` into `offsets`, int64 [n + 1], whose first is 0; returns the
    last.

    `stored` int64 [users + 1] are the offsets of all histories; a row is below `users`, and one below 0 has no
    events.
    """
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
    """Copy the events of the histories at `rows` one after another, as `write_offsets` laid them out.

    `stored` are the offsets of all histories, the arrays `stored_...` their events; `items`, `times`, `types` and
    `values` have `offsets[-1]` places.
    """
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
    latest: Int32s,
    present: Float32s,
    latest_types: Int32s,
    gaps: Int32s,
) -> None:
    """Write the newest distinct items of each span `starts[i]:stops[i]` of the events, newest first.

    Among its newest `window` events, up to as many as `latest` int32 [n, count] has columns. `present` float32
    becomes 1 for each, `latest_types` int32 its event's type, `gaps` int32 the bucket, below `buckets`, of the
    hours between its event and `now[i]`, or where `now` is None the next newer item's event: bucket b holds about
    2^b hours. What is behind the last item stays as it was.
    """
    for i in range(len(stops)):
        row, count, until = latest[i], 0, np.int64(0)
        for at in range(stops[i] - 1, max(starts[i], stops[i] - window) - 1, -1):
            item, again = items[at], False
            for k in range(count):
                again |= row[k] == item
            if again:
                continue
            if now is not None:
                until = now[i]
            elif count == 0:
                until = times[at]
            hours = max(until - times[at], 0) / (3600 * SECOND)
            row[count], present[i, count], latest_types[i, count] = item, 1, types[at]
            gaps[i, count] = min(math.log2(1 + hours), buckets - 1)
            count, until = count + 1, times[at]
            if count == latest.shape[1]:
                break
