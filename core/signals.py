"""Source scores as comparable numbers: what fusion weighs and the ranker reads.

A signal depends on the query, the item and the source alone, never on which other candidates stand beside it, so a
score is the same in any company.
"""

from __future__ import annotations

import numpy as np

from core.types import Candidates, Float32s

RANK_SCALE = 10.0


def signals(candidates: Candidates) -> Float32s:
    """Two numbers per source: how far its score lies above its level, and how high it placed the item.

    float32 [batch, n, 2 * sources]: first all the levels' distances in standard deviations, as sign(z) log(1 + |z|) so
    that heavy tails stay in sight without ruling; then 1 / (1 + (rank - 1) / 10), 0 where the source did not propose.
    """
    mean, spread = candidates.levels[:, None, :, 0], candidates.levels[:, None, :, 1]
    z = np.where(spread > 0, (candidates.scores - mean) / np.maximum(spread, 1e-9), 0)
    distance = np.sign(z) * np.log1p(np.abs(z))
    place = np.where(candidates.ranks > 0, 1 / (1 + (candidates.ranks - 1) / RANK_SCALE), 0)
    joined: Float32s = np.concatenate([distance, place], axis=-1).astype(np.float32)
    return np.nan_to_num(joined, posinf=0, neginf=0)  # what is no number says nothing: infinity must not win
