"""Steps of histories: the wanted events as a model of order reads them, with the pauses between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_core.types import SECOND, Int8s, Int32s, Int64s, Queries
from shortlist_retrieval.profile import last_events, wanted

PAUSES = 16
"""Buckets of the pause before a step: 0 for the first step, bucket b for about 4^(b - 1) seconds."""


@dataclass(frozen=True)
class Steps:
    """Steps one user after another: those of user i are `[offsets[i]:offsets[i + 1]]`, oldest first."""

    offsets: Int64s  # [users + 1]
    items: Int32s  # [steps] rows
    types: Int8s  # [steps] EventType
    times: Int64s  # [steps] microseconds
    pauses: Int32s  # [steps] bucket of the time since the step before
    now: Int64s  # [users] microseconds: the moment of the query

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
    events = events.keep(ends_run)
    if most is not None:
        events = last_events(events, most)
    pauses = np.zeros(len(events.items), np.int32)
    seconds = np.maximum(np.diff(events.times), 0) / SECOND
    pauses[1:] = np.minimum(1 + np.log2(1 + seconds) / 2, PAUSES - 1)
    pauses[events.offsets[:-1][events.lengths > 0]] = 0
    return Steps(events.offsets, events.items, events.types, events.times, pauses, events.now)
