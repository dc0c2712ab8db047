"""Scores of one source for a batch of queries, in three forms: static scores, vectors, and `SparseRows`.

Every form answers the retriever's three questions: the best items, the scores of given items, and the score mean and
deviation over the catalogue, which make scores of different sources comparable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shortlist_core.types import NO_ITEM, Float32s, Int32s, Queries
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.index.vector_index import VectorIndex

SORTING = 32
"""How many rows of an order are passed over in the time in which one row is sorted."""


class SourceScores(Protocol):
    """The scores of one source for a batch of queries."""

    def top(self, count: int, excluded: Exclusions | None) -> Int32s:
        """The best `count` items of each query that are not excluded, best first.

        Rows are int32 [batch, count], padded with NO_ITEM where the source has no more items.
        """
        ...

    def at(self, items: Int32s) -> Float32s:
        """The scores of the given items, float32 [batch, n]. The score of NO_ITEM means nothing."""
        ...

    def moments(self) -> Float32s:
        """Mean and standard deviation of the scores over the whole catalogue, float32 [batch, 2]."""
        ...


class Scoring(Protocol):
    """Anything that has scores for queries, such as a source."""

    def scores(self, queries: Queries) -> SourceScores:
        """The scores over the catalogue for these queries."""
        ...


@dataclass(frozen=True)
class StaticScores:
    """The same scores for every query."""

    values: Float32s  # [items]
    order: Int32s  # rows, best first
    level: Float32s  # [2]
    batch: int

    def top(self, count: int, excluded: Exclusions | None) -> Int32s:
        """As `SourceScores` says."""
        excluded = excluded or Exclusions.of_all(self.batch)
        few = excluded.few
        order = self.order if few is None or SORTING * len(few) > len(self.order) else self._ordered(few)
        return excluded.first_passing(order[None], count)[0]

    def _ordered(self, rows: Int32s) -> Int32s:
        """Those of the rows that `order` holds, best first. To find few of many there would take a pass over it."""
        values = self.values[rows]
        ordered = np.argsort(-values, kind="stable")
        return rows[ordered[values[ordered] > 0]]

    def at(self, items: Int32s) -> Float32s:
        """As `SourceScores` says."""
        return self.values[items]

    def moments(self) -> Float32s:
        """As `SourceScores` says."""
        return np.repeat(self.level[None], self.batch, axis=0)


@dataclass(frozen=True)
class VectorScores:
    """Inner products of each query's vector with the vectors of all items."""

    vectors: Float32s  # [batch, d]; zeros for a query without a vector, which gets no items
    index: VectorIndex

    def top(self, count: int, excluded: Exclusions | None) -> Int32s:
        """As `SourceScores` says."""
        has_vector = self.vectors.any(axis=1)
        if has_vector.all():
            return self.index.search(self.vectors, count, excluded)[0]
        items = np.full((len(self.vectors), count), NO_ITEM, np.int32)
        if has_vector.any():
            of_those = excluded and excluded.select(np.flatnonzero(has_vector))
            items[has_vector] = self.index.search(self.vectors[has_vector], count, of_those)[0]
        return items

    def at(self, items: Int32s) -> Float32s:
        """As `SourceScores` says."""
        return self.index.at(self.vectors, items)

    def moments(self) -> Float32s:
        """As `SourceScores` says. The moments of inner products follow from those of the item vectors."""
        moments = np.empty((len(self.vectors), 2), np.float32)
        moments[:, 0] = self.vectors @ self.index.mean
        variances = np.einsum("ij,ij->i", self.vectors @ self.index.covariance, self.vectors)
        moments[:, 1] = np.sqrt(np.maximum(variances, 0))
        return moments
