"""Normalised discounted cumulative gain (NDCG): how much of the best possible list's gain a list has.

Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques. An item at rank r (1 is best) counts
1 / log2(r + 1) of its gain. Training weighs what a user took by its gain; evaluation has gains of 0
and 1, unless events have weights of their own.
"""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.arrays import Bools, Float32s, Float64s, Int64s


def discounts(k: int) -> Float64s:
    """What each of the first k ranks counts, float64 [k]: 1 for the first, less for every one after it."""
    return np.asarray(1 / np.log2(np.arange(k) + 2))


def dcg_at(gains: Float32s, k: int) -> Float64s:
    """The DCG@k of lists given by their items' gains [lists, length], best rank first, float64 [lists]."""
    top = gains[:, :k]
    return np.asarray((top * discounts(k)[: top.shape[1]]).sum(axis=1))


def ideal_dcg_at(gains: Float32s, offsets: Int64s, k: int) -> Float32s:
    """The DCG@k of the best list for each query, float32 [queries].

    `gains` [relevant items], in any order within a query, lie one query after another (CSR): query i has
    `gains[offsets[i]:offsets[i + 1]]`. A query without a relevant item has 0.
    """
    n_queries = len(offsets) - 1
    rows = np.repeat(np.arange(n_queries), np.diff(offsets))
    order = np.lexsort((-gains, rows))
    rank = np.arange(len(order)) - offsets[rows]  # from 0
    inside = rank < k
    parts = gains[order][inside] * discounts(k)[rank[inside]]
    return np.bincount(rows[inside], parts, n_queries).astype(np.float32)


def ndcgs_at_10(scores: Float32s, gains: Float32s, ideal: Float32s | Float64s) -> Float64s:
    """NDCG@10 of lists ordered by score, float64 [lists]; `ideal` [lists] is the DCG@10 of the best list of each.

    `scores` and `gains` are [lists, length]. Of equal scores the first comes first; -inf comes last.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return dcg_at(np.take_along_axis(gains, best, axis=1), 10) / np.maximum(ideal, 1e-9)


def beats(ones: Float64s, others: Float64s, errors: float) -> bool:
    """Whether the one quality is better than the other on average, by so many standard errors of their differences.

    Both are measured on the same queries, float64 [queries].
    """
    gains = ones - others
    return float(gains.mean()) > errors * float(gains.std()) / math.sqrt(len(gains))


def binary_ndcg_at(hits: Bools, relevant: Int64s, k: int) -> Float64s:
    """NDCG@k where every relevant item has the gain 1, float64 [lists]; NaN for a list without relevant items.

    `hits` [lists, length] marks the ranks that hold a relevant item, `relevant` [lists] is how many there are. The best
    list has min(k, relevant) of them on top.
    """
    weights, top = discounts(k), hits[:, :k]
    ideal = np.concatenate([[np.nan], np.cumsum(weights)])[np.minimum(relevant, k)]
    return np.asarray((top @ weights[: top.shape[1]]) / ideal)
