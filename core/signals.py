"""Source scores as comparable numbers: what fusion weighs and the ranker reads.

A signal depends on the query, the item and the source alone, never on which other candidates stand beside it, so a
score is the same in any company.
"""

from __future__ import annotations

import math

import numpy as np

from core.compiled import compiled
from core.types import NO_ITEM, Candidates, Float32s, Int32s

RANK_SCALE = 10.0


def signals(candidates: Candidates) -> Float32s:
    """Two numbers per source: how far its score lies above its level, and how high it placed the item.

    float32 [batch, n, 2 * sources]: first all the levels' distances in standard deviations, as sign(z) log(1 + |z|) so
    that heavy tails stay in sight without ruling; then 1 / (1 + (rank - 1) / 10), 0 where the source did not propose.
    What is no number says nothing: infinity must not win.
    """
    batch, n, sources = candidates.scores.shape
    found = np.empty((batch, n, 2 * sources), np.float32)
    _signals(candidates.scores, candidates.ranks, candidates.levels, found)
    return found


def weighted_signals(candidates: Candidates, weights: Float32s) -> Float32s:
    """The sums of every candidate's signals times `weights` [2 * sources], float32 [batch, n], -inf where padded."""
    sums = np.full(candidates.items.shape, -np.inf, np.float32)
    _weighted(candidates.items, candidates.scores, candidates.ranks, candidates.levels, weights, sums)
    return sums


@compiled
def _distance(score: np.float32, mean: np.float32, spread: np.float32) -> np.float32:
    if not spread > 0:
        return np.float32(0)
    z = (score - mean) / max(spread, np.float32(1e-9))
    if not math.isfinite(z):
        return np.float32(0)
    size = np.float32(math.log(np.float32(1) + abs(z)))  # log1p takes five times as long; they differ by 6e-8
    return size if z > 0 else -size


@compiled
def _place(rank: int) -> np.float32:
    return np.float32(RANK_SCALE) / np.float32(RANK_SCALE - 1 + rank) if rank > 0 else np.float32(0)


@compiled
def _signals(scores: Float32s, ranks: Int32s, levels: Float32s, found: Float32s) -> None:
    batch, n, sources = scores.shape
    for i in range(batch):
        for s in range(sources):
            mean, spread = levels[i, s]
            nothing = _distance(np.float32(0), mean, spread)  # most sources say nothing of most items
            for j in range(n):
                score = scores[i, j, s]
                found[i, j, s] = nothing if score == 0 else _distance(score, mean, spread)
                found[i, j, sources + s] = _place(ranks[i, j, s])


@compiled
def _weighted(
    items: Int32s, scores: Float32s, ranks: Int32s, levels: Float32s, weights: Float32s, sums: Float32s
) -> None:
    batch, n, sources = scores.shape
    nothing = np.zeros(sources, np.float32)
    for i in range(batch):
        for s in range(sources):
            nothing[s] = _distance(np.float32(0), levels[i, s, 0], levels[i, s, 1])
        for j in range(n):
            if items[i, j] == NO_ITEM:
                continue
            total = np.float32(0)
            for s in range(sources):
                score = scores[i, j, s]
                distance = nothing[s] if score == 0 else _distance(score, levels[i, s, 0], levels[i, s, 1])
                total += distance * weights[s]
                if ranks[i, j, s] > 0:
                    total += _place(ranks[i, j, s]) * weights[sources + s]
            sums[i, j] = total
