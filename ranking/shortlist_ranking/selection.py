"""Selection: which of the scored candidates are shown, and in which order."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int64s


def select(
    scores: Float32s, count: int, *, diversity: float = 0.0, vectors: Float32s | None = None, pool: int = 4
) -> Int64s:
    """Positions of the selected items, best first, int64 [<= count].

    `scores` [n] are those of one request. Scores that are not finite come last, in their order. With `diversity` d
    above 0, each rank goes to the candidate with the highest (1 - d) * score - d * (largest cosine with an item already
    selected), scores scaled to 0..1 (MMR, Carbonell and Goldstein 1998). This needs `vectors`, float32 [n, dim] of unit
    length. Only the best `pool * count` candidates take part, so that diversity never brings in items with low scores.
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
    relevance = scores[order].astype(np.float64)
    relevance = (relevance - relevance.min()) / max(float(relevance.max() - relevance.min()), 1e-9)
    candidates = vectors[order]
    nearest = np.zeros(len(order))  # nothing is selected yet, so the first rank goes to the best score
    chosen: list[int] = []
    for _ in range(min(count, len(order))):
        value = (1 - diversity) * relevance - diversity * nearest
        value[chosen] = -np.inf
        chosen.append(int(value.argmax()))
        nearest = np.maximum(nearest, candidates @ candidates[chosen[-1]])
    return order[chosen]
