"""The share of repeats: how much of what users take they had seen before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import EventType, Queries
from shortlist_retrieval.profile import wanted


def share_of_repeats(histories: Queries, pasts: Sequence[Queries]) -> float:
    """Of the items that users with a history took after each cut, the share that they had seen before it; 0 if none.

    `pasts` are what was known of all users at the cuts, oldest first. A stretch ends where the next one begins. Every
    user who came back counts, also who took nothing new. An item counts once for each user and stretch.
    """
    n_items = int(histories.items.max(initial=0)) + 1
    rows, ends = histories.rows(), [int(past.now[0]) for past in pasts[1:]] + [int(histories.now[0])]
    taken = again = 0
    for past, end in zip(pasts, ends, strict=True):
        came_back = (past.lengths > 0)[rows]
        inside = wanted(histories) & came_back & (histories.times >= past.now[0]) & (histories.times < end)
        keys = np.unique(rows[inside] * n_items + histories.items[inside])
        seen = past.keep(past.types != EventType.IMPRESSION)
        taken += len(keys)
        again += int(np.count_nonzero(np.isin(keys, seen.rows() * n_items + seen.items)))
    return again / taken if taken else 0.0
