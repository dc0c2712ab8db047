"""A user's newest events as rectangular arrays, the form in which both stages' models read them."""

from __future__ import annotations

import numpy as np

from core.types import SECOND, Float32s, Int32s, Int64s, Queries

HISTORY = 50
"""Events that models see at most."""

GAPS = 16
"""Buckets of the time since an event: bucket b holds gaps of about 2^b hours."""


def latest(
    events: Queries, starts: Int64s, stops: Int64s, now: Int64s | None = None
) -> tuple[Int32s, Float32s, Int32s, Int32s]:
    """The newest HISTORY events of each span `starts[i]:stops[i]` of the event arrays, newest first.

    Items int32 [n, HISTORY] (0 where absent), present float32 (1 or 0), types int32, and int32 buckets of each event's
    age at `now`, or, where that is None, of the pause until the event after it (0 for the newest).
    """
    at = stops[:, None] - 1 - np.arange(HISTORY)
    present = at >= starts[:, None]
    at = np.maximum(at, 0)
    if not len(events.items):
        empty = np.zeros(at.shape, np.int32)
        return empty, np.zeros(at.shape, np.float32), empty, empty
    times = events.times[at]
    until = np.concatenate([times[:, :1], times[:, :-1]], axis=1) if now is None else now[:, None]
    hours = np.maximum(until - times, 0) / (3600 * SECOND)
    gaps = np.minimum(np.log2(1 + hours), GAPS - 1).astype(np.int32)
    return (
        np.where(present, events.items[at], 0).astype(np.int32),
        present.astype(np.float32),
        np.where(present, events.types[at], 0).astype(np.int32),
        np.where(present, gaps, 0).astype(np.int32),
    )
