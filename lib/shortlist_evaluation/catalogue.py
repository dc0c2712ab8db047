"""Catalogue metrics of ranked lists: coverage, novelty, diversity, popularity bias.

Lists are int32 [users, length] of item rows, `NO_ITEM` where a list is short. A user with an empty list has the value
NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from shortlist_core.types import NO_ITEM, Bools, Float32s, Float64s, Int32s, Int64s

HEAD_SHARE = 0.2
"""The most popular fifth of the catalogue is its head, the rest is its tail."""


@dataclass(frozen=True, slots=True)
class ItemStats:
    """Statistics of the items that the metrics of this module need, by row."""

    users: Int64s  # [items] users of the training period with an event on the item
    n_users: int  # of the training period
    vectors: Float32s | sp.csr_matrix | None = None  # [items, dims] rows of length 1 (or 0), for diversity

    @property
    def head(self) -> Bools:
        """Which items are in the head, bool [items]; of equally popular items, the lower row goes first."""
        head = np.zeros(len(self.users), bool)
        head[np.argsort(-self.users, kind="stable")[: round(HEAD_SHARE * len(self.users))]] = True
        return head


def coverage(ranked: Int32s, n_items: int) -> float:
    """The share of the catalogue that is on at least one list."""
    return len(np.unique(ranked[ranked != NO_ITEM])) / n_items


def novelty(ranked: Int32s, stats: ItemStats) -> Float64s:
    """Mean self-information of the listed items, -log2(share of users who have the item), in bits, [users].

    Zhou et al. 2010, Solving the apparent diversity-accuracy dilemma. An item without users counts as having one.
    """
    bits = np.log2(stats.n_users) - np.log2(np.maximum(stats.users, 1))
    return _list_means(ranked, bits)


def average_popularity(ranked: Int32s, stats: ItemStats) -> Float64s:
    """Average popularity (ARP): training users of a listed item, averaged over the list, [users] (Yin et al. 2012)."""
    return _list_means(ranked, stats.users)


def head_share(ranked: Int32s, stats: ItemStats) -> Float64s:
    """The share of listed items that belong to the head of the catalogue, [users]."""
    return _list_means(ranked, stats.head)


def intra_list_diversity(ranked: Int32s, vectors: Float32s | sp.csr_matrix) -> Float64s:
    """1 - the mean cosine over all pairs of one list (Ziegler et al. 2005), [users]; NaN below two items.

    `vectors` [items, dims] have length 1, or 0 for an item without content, which counts as unlike all others.
    """
    rows, ranks = np.nonzero(ranked != NO_ITEM)
    ones = np.ones(len(rows), np.float32)
    listed = sp.csr_matrix((ones, (rows, ranked[rows, ranks])), (len(ranked), vectors.shape[0]))
    # All pairs at once: the squared length of the sum is the sum of squares plus twice the sum of all pairs' products.
    sums = listed @ vectors
    lengths = _squared_lengths(vectors)
    pairs = (_squared_lengths(sums) - listed @ lengths) / 2
    n = np.bincount(rows, minlength=len(ranked))
    return np.asarray(1 - pairs / np.where(n > 1, n * (n - 1) / 2, np.nan), np.float64)


def _squared_lengths(vectors: Any) -> Float64s:
    """The squared length of each row of a dense or sparse matrix, float64 [rows]."""
    squares = vectors.multiply(vectors) if sp.issparse(vectors) else np.square(vectors)
    return np.asarray(squares.sum(axis=1), np.float64).ravel()


def _list_means(ranked: Int32s, value: npt.NDArray[Any]) -> Float64s:
    """The mean of `value` [items] over each list, NaN for an empty one, float64 [users]."""
    valid = ranked != NO_ITEM
    lengths = valid.sum(axis=1)
    sums = np.where(valid, value[np.where(valid, ranked, 0)].astype(np.float64), 0.0).sum(axis=1)
    return np.asarray(sums / np.where(lengths > 0, lengths, np.nan), np.float64)
