"""The arrays of an answer, by which tests compare answers and see what is held of them."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Ranked


def arrays(ranked: Ranked) -> list[np.ndarray]:
    told = ranked.reasons
    return [
        *(ranked.items, ranked.scores, ranked.hits.ranks, ranked.hits.scores),
        *(told.speakers, told.anchors, told.done, told.shares, told.groups),
    ]
