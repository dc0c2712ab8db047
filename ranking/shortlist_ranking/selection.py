"""The last choice: from scored candidates to the list that is shown."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int64s


def select(
    scores: Float32s, count: int, *, diversity: float = 0.0, vectors: Float32s | None = None, pool: int = 4
) -> Int64s:
    """Positions of the items shown, best first, int64 [<= count].

    `scores` [n] of one request; what is not finite sinks below everything that is, keeping its order. With `diversity`
    d above 0, each place goes to the candidate with the highest (1 - d) * score - d * (largest cosine with an item
    already chosen), scores scaled to 0..1 (MMR, Carbonell and Goldstein 1998); `vectors` float32 [n, dim] of unit
    length are needed for it. Candidates below the best `pool * count` are left out of that choice, so that variety is
    never bought with what nobody wants.
    """
    order = np.argsort(np.where(np.isfinite(scores), -scores, np.inf), kind="stable")
    if diversity <= 0 or vectors is None:
        return order[:count]
    order = order[: pool * count]
    finite = np.isfinite(scores[order])
    return np.concatenate([_mmr(scores, vectors, order[finite], count, diversity), order[~finite]])[:count]


def _mmr(scores: Float32s, vectors: Float32s, order: Int64s, count: int, diversity: float) -> Int64s:
    if not len(order):
        return order
    worth = scores[order].astype(np.float64)
    worth = (worth - worth.min()) / max(float(worth.max() - worth.min()), 1e-9)
    own = vectors[order]
    nearest = np.zeros(len(order))  # nothing chosen yet: the first place goes to the best
    chosen: list[int] = []
    for _ in range(min(count, len(order))):
        value = (1 - diversity) * worth - diversity * nearest
        value[chosen] = -np.inf
        chosen.append(int(value.argmax()))
        nearest = np.maximum(nearest, own @ own[chosen[-1]])
    return order[chosen]
