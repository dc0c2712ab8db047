"""Strongest events: what users did with items, for the sentences of reasons."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import EVENT_WEIGHTS, EventType, Int8s, Int32s, Queries
from shortlist_kernels.explanations import write_strongest_events

_WEIGHTS = np.array([EVENT_WEIGHTS[kind] for kind in EventType], np.float32)


def strongest_events(queries: Queries, anchors: Int32s) -> Int8s:
    """What each user did with the items `anchors` [batch, n], the strongest EventType, int8; NO_ITEM: INTERACTION."""
    done = np.full(anchors.shape, EventType.INTERACTION, np.int8)
    write_strongest_events(queries.offsets, queries.items, queries.types, _WEIGHTS, anchors, done)
    return done
