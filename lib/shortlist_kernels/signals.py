"""Source scores as comparable numbers: what fusion weighs and the ranker reads.

A signal depends on the query, the item and the source alone, never on which other candidates stand beside it, so a
score is the same in any company.
"""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Candidates, Float32s, Int32s
from shortlist_kernels.compiled import compiled

RANK_SCALE = 10.0


def signals(candidates: Candidates) -> Float32s:
    """Two numbers per source: how far its score lies above its level, and how high it placed the item.

    float32 [batch, n, 2 * sources]: first all the levels' distances in standard deviations, as sign(z) log(1 + |z|) so
    that heavy tails stay in sight without ruling; then 1 / (1 + (rank - 1) / 10), 0 where the source did not propose.
    What is no number says nothing: infinity must not win.
    """
    batch, n, sources = candidates.scores.shape
    output = np.empty((batch, n, 2 * sources), np.float32)
    write_signals(candidates, output)
    return output


def write_signals(candidates: Candidates, output: Float32s) -> None:
    """Write the signals into the front of `output`, float32 [batch or more, n or more, 2 * sources or more]."""
    scores, ranks = np.ascontiguousarray(candidates.scores), np.ascontiguousarray(candidates.ranks)
    fill_signals(scores, ranks, candidates.moments, output)


def weighted_signals(candidates: Candidates, weights: Float32s) -> Float32s:
    """The sums of every candidate's signals times its query's `weights` [batch, 2 * sources], float32 [batch, n], -inf
    where padded.
    """
    sums = np.where(candidates.items == NO_ITEM, -np.inf, 0).astype(np.float32)
    scores = np.ascontiguousarray(candidates.scores.transpose(2, 0, 1))
    ranks = np.ascontiguousarray(candidates.ranks.transpose(2, 0, 1))
    add_weighted(scores, ranks, candidates.moments, weights, sums)
    return sums


@compiled
def log(x: np.float32) -> np.float32:
    """Return the natural logarithm of x >= 1, to the last bit or two (Cephes' logf; Moshier 1989).

    Without a call or a branch, so that a loop of it becomes one over vectors, which takes a fifth of the time.
    """
    bits = np.float32(x).view(np.int32)
    exponent = np.float32((bits >> np.int32(23)) - np.int32(126))
    mantissa = np.int32((bits & np.int32(0x007FFFFF)) | np.int32(0x3F000000)).view(np.float32)
    small = mantissa < np.float32(0.70710678)
    exponent = exponent - np.float32(1) if small else exponent
    m = (mantissa + mantissa if small else mantissa) - np.float32(1)
    square = m * m
    y = np.float32(7.0376836292e-2)
    y = y * m - np.float32(1.1514610310e-1)
    y = y * m + np.float32(1.1676998740e-1)
    y = y * m - np.float32(1.2420140846e-1)
    y = y * m + np.float32(1.4249322787e-1)
    y = y * m - np.float32(1.6668057665e-1)
    y = y * m + np.float32(2.0000714765e-1)
    y = y * m - np.float32(2.4999993993e-1)
    y = y * m + np.float32(3.3333331174e-1)
    y = y * m * square - exponent * np.float32(2.12194440e-4) - np.float32(0.5) * square
    return m + y + exponent * np.float32(0.693359375)


@compiled
def signed_distance(score: np.float32, mean: np.float32, spread: np.float32) -> np.float32:
    """Return sign(z) log(1 + |z|) of the score's distance z from the mean in units of `spread`, which is above 0; 0
    where z is not finite.
    """
    z = (score - mean) / max(spread, np.float32(1e-9))
    size = log(np.float32(1) + abs(z))
    distance = size if z > 0 else -size
    return distance if abs(z) < np.float32(np.inf) else np.float32(0)


@compiled
def placement(rank: int) -> np.float32:
    """Return 1 / (1 + (rank - 1) / 10), 0 where the rank is 0."""
    return np.float32(RANK_SCALE) / np.float32(RANK_SCALE - 1 + rank) if rank > 0 else np.float32(0)


@compiled
def fill_signals(scores: Float32s, ranks: Int32s, levels: Float32s, output: Float32s) -> None:
    """Write the signals into the front of `output`, float32 [batch or more, n or more, 2 * sources or more].

    `scores` float32 and `ranks` int32 [batch, n, sources]; `levels` float32 [batch, sources, 2] are the mean and
    the spread of each source's scores, whose distance is 0 where the spread is not above 0.
    """
    batch, n, sources = scores.shape
    mean, spread = np.empty(sources, np.float32), np.empty(sources, np.float32)
    for i in range(batch):
        mean[:], spread[:] = levels[i, :, 0], levels[i, :, 1]
        for j in range(n):
            row_scores, row_ranks, distances = scores[i, j], ranks[i, j], output[i, j]
            for s in range(sources):
                distances[s] = signed_distance(row_scores[s], mean[s], spread[s]) if spread[s] > 0 else np.float32(0)
                distances[sources + s] = placement(row_ranks[s])


@compiled
def add_weighted(scores: Float32s, ranks: Int32s, levels: Float32s, weights: Float32s, sums: Float32s) -> None:
    """Add the signals times their query's weights to `sums`, float32 [batch, n].

    `scores` and `ranks` are [sources, batch, n]: what one source says lies together. `weights` float32 [batch, 2 *
    sources]: of distances, then of placements.
    """
    sources, batch, n = scores.shape
    for s in range(sources):
        for i in range(batch):
            mean, spread = levels[i, s]
            of_distance, of_place = weights[i, s] if spread > 0 else np.float32(0), weights[i, sources + s]
            row_scores, row_ranks, totals = scores[s, i], ranks[s, i], sums[i]
            for j in range(n):
                distance, place = signed_distance(row_scores[j], mean, spread), placement(row_ranks[j])
                totals[j] += distance * of_distance + place * of_place
