"""Steps of histories: the wanted events as a model of order reads them, with the pauses between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.types import SECOND, Float32s, Int8s, Int32s, Int64s, Queries
from shortlist_retrieval.profile import newest, wanted

PAUSES = 16
"""Buckets of the pause before a step: 0 for the first step, bucket b for about 4^(b - 1) seconds."""


MOMENTS = 64
"""Parts of the time that the first fit looks back on; what comes later makes up to as many more."""


@dataclass(frozen=True)
class Clock:
    """The parts of time that a model of order tells apart: what was in fashion says which item comes next."""

    start: int  # microseconds
    width: int  # of a part
    last: int  # part that the newest step of the training lies in; all later moments count as in it

    @classmethod
    def of(cls, times: Int64s) -> Clock:
        """The clock that divides the time between the earliest and the latest of `times` into MOMENTS parts."""
        if not len(times):
            return cls(0, 1, 0)
        start, end = int(times.min()), int(times.max())
        return cls(start, max(1, (end - start) // (MOMENTS - 1)), 0).until(end)

    def until(self, time: int) -> Clock:
        """The same parts, of which that of `time` is the last."""
        return replace(self, last=min(max(0, (time - self.start) // self.width), 2 * MOMENTS - 1))

    def parts(self, times: Int64s) -> Int32s:
        """Which part each time lies in, int32 from 0 to `last`."""
        return np.clip((times - self.start) // self.width, 0, self.last).astype(np.int32)


@dataclass(frozen=True)
class Steps:
    """Steps one user after another: those of user i are `[offsets[i]:offsets[i + 1]]`, oldest first."""

    offsets: Int64s  # [users + 1]
    items: Int32s  # [steps] rows
    types: Int8s  # [steps] EventType
    times: Int64s  # [steps] microseconds
    pauses: Int32s  # [steps] bucket of the time since the step before
    now: Int64s  # [users] microseconds: the moment of the query
    weights: Float32s  # [steps] of the strongest event of each step

    def __len__(self) -> int:
        return len(self.items)


def steps_of(queries: Queries, n_items: int, most: int | None = None) -> Steps:
    """The newest `most` steps of each query, or all of them: wanted events about the first `n_items` rows.

    Events on one item that follow each other, such as a view and a purchase, are one step, the newest of them.
    """
    events = queries.keep(wanted(queries) & (queries.items < n_items))
    rows = events.rows()
    ends_run = np.ones(len(rows), np.bool_)
    ends_run[:-1] = (rows[1:] != rows[:-1]) | (events.items[1:] != events.items[:-1])
    begins = np.flatnonzero(np.roll(ends_run, 1))
    weights = np.maximum.reduceat(events.weights, begins) if len(rows) else events.weights
    events = events.keep(ends_run)
    if most is not None:
        kept = newest(events, most)
        events, weights = events.keep(kept), weights[kept]
    pauses = np.zeros(len(events.items), np.int32)
    seconds = np.maximum(np.diff(events.times), 0) / SECOND
    pauses[1:] = np.minimum(1 + np.log2(1 + seconds) / 2, PAUSES - 1)
    pauses[events.offsets[:-1][events.lengths > 0]] = 0
    return Steps(events.offsets, events.items, events.types, events.times, pauses, events.now, weights)
