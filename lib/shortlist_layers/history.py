"""A user's newest events as rectangular arrays, the form in which both stages' models read them."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.compiled import compiled
from shortlist_core.types import SECOND, Float32s, Int8s, Int32s, Int64s, Queries

HISTORY = 50
"""Distinct items that models see at most."""

WINDOW = 100
"""Newest events among which those items are looked for; a view, a cart and a purchase of one item are one step."""

GAPS = 16
"""Buckets of the time since an event: bucket b holds gaps of about 2^b hours."""


def latest(
    events: Queries, starts: Int64s, stops: Int64s, now: Int64s | None = None
) -> tuple[Int32s, Float32s, Int32s, Int32s]:
    """The newest HISTORY items of each span `starts[i]:stops[i]` of the event arrays, newest first, each once.

    An item stands where its newest event is, with that event's type and time. Items int32 [n, HISTORY] (0 where
    absent), present float32 (1 or 0), types int32, and int32 buckets of each event's age at `now`, or, where that is
    None, of the pause until the next newer item's (0 for the newest).
    """
    items, types, gaps = (np.zeros((len(stops), HISTORY), np.int32) for _ in range(3))
    present = np.zeros(items.shape, np.float32)
    _latest(events.items, events.times, events.types, starts, stops, now, items, present, types, gaps)
    return items, present, types, gaps


@compiled
def _latest(
    items: Int32s,
    times: Int64s,
    types: Int8s,
    starts: Int64s,
    stops: Int64s,
    now: Int64s | None,
    found: Int32s,
    present: Float32s,
    found_types: Int32s,
    gaps: Int32s,
) -> None:
    for i in range(len(stops)):
        own, count, until = found[i], 0, np.int64(0)
        for at in range(stops[i] - 1, max(starts[i], stops[i] - WINDOW) - 1, -1):
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
            gaps[i, count] = min(math.log2(1 + hours), GAPS - 1)
            count, until = count + 1, times[at]
            if count == HISTORY:
                break
