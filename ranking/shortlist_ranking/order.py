"""Order scores: scores of any sign, scaled by factors for the order of a list alone."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int64s


def best_first(scores: Float32s) -> Int64s:
    """The positions of scores [n], best first, int64 [n]. Scores that are not finite come last, in their order."""
    return np.argsort(np.where(np.isfinite(scores), -scores, np.inf), kind="stable")


def scaled(scores: Float32s, factors: Float32s) -> Float32s:
    """Scores [n] whose distance from the lowest finite one is multiplied by `factors` [n], which are 0 or more.

    Probabilities so become that much larger or smaller, and scores of other kinds, which may be negative, move the same
    way. Scores that are not finite stay what they are. float32 [n].
    """
    finite = np.isfinite(scores)
    if not finite.any():
        return scores
    lowest = min(float(scores[finite].min()), 0.0)
    return np.where(finite, lowest + (scores - lowest) * factors, scores).astype(np.float32)
