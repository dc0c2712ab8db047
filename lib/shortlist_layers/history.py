"""A user's newest events as rectangular arrays, the form in which both stages' models read them."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int32s, Int64s, Queries
from shortlist_kernels.histories import write_latest

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
    write_latest(
        events.items, events.times, events.types, starts, stops, now, WINDOW, GAPS, items, present, types, gaps
    )
    return items, present, types, gaps
