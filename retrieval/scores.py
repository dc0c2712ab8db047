"""What one source says about the catalogue for a batch of queries, in three shapes: static, sparse, vectors.

However a source keeps its scores, the retriever asks the same three questions: the best items, the scores of given
items, and the level (mean and spread over the catalogue) that makes scores of different sources comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from core.types import NO_ITEM, Float32s, Int32s, Int64s
from retrieval.barred import Barred
from retrieval.index import VectorIndex
from retrieval.sparse import weighted_sum


class SourceScores(Protocol):
    """A source's answer to one batch of queries."""

    def top(self, count: int, barred: Barred | None) -> tuple[Int32s, Float32s]:
        """The best `count` items per query of those that are not barred, best first.

        Rows int32 [batch, count], padded with NO_ITEM where the source has nothing more to say, and their scores.
        """
        ...

    def at(self, items: Int32s) -> Float32s:
        """The scores of the given items, float32 [batch, n]; what stands where `items` is NO_ITEM means nothing."""
        ...

    def levels(self) -> Float32s:
        """Mean and standard deviation of the scores over the whole catalogue, float32 [batch, 2]."""
        ...


@dataclass(frozen=True)
class StaticScores:
    """The same scores for every query."""

    values: Float32s  # [items]
    order: Int32s  # rows, best first
    level: Float32s  # [2]
    batch: int

    def top(self, count: int, barred: Barred | None) -> tuple[Int32s, Float32s]:
        """As SourceScores says."""
        items = np.full((self.batch, count), NO_ITEM, np.int32)
        for query in range(self.batch):
            best = self.order[:count] if barred is None else self._first_passing(count, barred, query)
            items[query, : len(best)] = best
        return items, self.at(items)

    def at(self, items: Int32s) -> Float32s:
        """As SourceScores says."""
        return self.values[items]

    def levels(self) -> Float32s:
        """As SourceScores says."""
        return np.broadcast_to(self.level, (self.batch, 2))

    def _first_passing(self, count: int, barred: Barred, query: int) -> Int32s:
        reach = 2 * count  # a few places are barred as a rule: look at a short prefix first
        while True:
            prefix = self.order[:reach]
            best = prefix[barred.passing(query, prefix)]
            if len(best) >= count or reach >= len(self.order):
                return best[:count]
            reach *= 4


@dataclass(frozen=True)
class SparseScores:
    """Scores that are zero for most items: what the neighbours of a history add up to."""

    entries: Sequence[tuple[Int32s, Float32s]]  # per query the rows that are not zero, ascending, and their scores
    n_items: int

    @classmethod
    def product(cls, profiles: sp.csr_matrix, weights: sp.csr_matrix) -> SparseScores:
        """What the rows of `profiles` [batch, items] make of the `weights` [items, items] of their items."""
        bounds = pairwise(profiles.indptr.tolist())
        rows = [(profiles.indices[a:b], profiles.data[a:b]) for a, b in bounds]
        return cls([weighted_sum(weights, items, counts) for items, counts in rows], weights.shape[1])

    def top(self, count: int, barred: Barred | None) -> tuple[Int32s, Float32s]:
        """As SourceScores says; only items with a positive score are proposed."""
        batch = len(self.entries)
        items, scores = np.full((batch, count), NO_ITEM, np.int32), np.zeros((batch, count), np.float32)
        for query, (rows, values) in enumerate(self.entries):
            keep = values > 0
            if barred is not None:
                keep &= barred.passing(query, rows)
            rows, values = rows[keep], values[keep]
            best = top_positions(values, count)
            items[query, : len(best)], scores[query, : len(best)] = rows[best], values[best]
        return items, scores

    def at(self, items: Int32s) -> Float32s:
        """As SourceScores says."""
        scores = np.empty(items.shape, np.float32)
        dense = np.zeros(self.n_items, np.float32)
        for query, (rows, values) in enumerate(self.entries):
            dense[rows] = values
            scores[query] = dense[items[query]]
            dense[rows] = 0
        return scores

    def levels(self) -> Float32s:
        """As SourceScores says."""
        moments = [(own.sum(dtype=np.float64), np.dot(own, own)) for _, own in self.entries]
        mean, square = np.array(moments, np.float64).reshape(-1, 2).T / self.n_items
        return np.stack([mean, np.sqrt(np.maximum(square - mean**2, 0))], axis=1).astype(np.float32)


@dataclass(frozen=True)
class VectorScores:
    """Inner products of a query's vector with every item's."""

    vectors: Float32s  # [batch, d]; all zeros for a query that the source knows nothing of
    index: VectorIndex

    def top(self, count: int, barred: Barred | None) -> tuple[Int32s, Float32s]:
        """As SourceScores says."""
        items, scores = self.index.search(self.vectors, count, barred)
        items[~self.vectors.any(axis=1)] = NO_ITEM
        return items, scores

    def at(self, items: Int32s) -> Float32s:
        """As SourceScores says."""
        products: Float32s = np.matmul(self.index.take(items), self.vectors[:, :, None])[..., 0]
        return products

    def levels(self) -> Float32s:
        """As SourceScores says: the moments of an inner product follow from those of the item vectors."""
        mean = self.vectors @ self.index.mean
        spread = (self.vectors @ self.index.covariance * self.vectors).sum(axis=1)
        return np.stack([mean, np.sqrt(np.maximum(spread, 0))], axis=1).astype(np.float32)


def top_positions(values: Float32s, count: int) -> Int64s:
    """Positions of the `count` largest values, largest first, equal ones in order of position, int64 [<= count]."""
    if len(values) > count:
        threshold = np.partition(values, len(values) - count)[len(values) - count]
        kept = np.flatnonzero(values >= threshold)
        return kept[np.argsort(-values[kept], kind="stable")][:count]
    return np.argsort(-values, kind="stable")
