"""A user's newest events as rectangular arrays, the form in which both stages' models read them."""

from __future__ import annotations

import numpy as np

from core.types import NO_ITEM, SECOND, Bools, Float32s, Int32s, Int64s, Queries

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
    at = stops[:, None] - 1 - np.arange(WINDOW)
    present = at >= starts[:, None]
    if not len(events.items):
        empty = np.zeros((len(stops), HISTORY), np.int32)
        return empty, np.zeros(empty.shape, np.float32), empty, empty
    at = np.maximum(at, 0)
    present &= ~_repeated(np.where(present, events.items[at], NO_ITEM))
    order = np.argsort(~present, axis=1, kind="stable")[:, :HISTORY]
    at, present = np.take_along_axis(at, order, axis=1), np.take_along_axis(present, order, axis=1)
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


def _repeated(items: Int32s) -> Bools:
    """Which places hold an item that an earlier place of the row holds already, bool [n, length]."""
    order = np.argsort(items, axis=1, kind="stable")
    ordered = np.take_along_axis(items, order, axis=1)
    again = np.zeros(items.shape, bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return again
