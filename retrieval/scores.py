"""What one source says about the catalogue for a batch of queries, in three shapes: static, vectors, and `SparseRows`.

However a source keeps its scores, the retriever asks the same three questions: the best items, the scores of given
items, and the level (mean and spread over the catalogue) that makes scores of different sources comparable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.types import NO_ITEM, Float32s, Int32s
from retrieval.barred import Barred
from retrieval.index import VectorIndex


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
        places = (barred or Barred.of_all(self.batch)).first_passing(self.order[None], count)
        items = np.where(places < 0, NO_ITEM, self.order[places] if len(self.order) else NO_ITEM).astype(np.int32)
        return items, self.at(items)

    def at(self, items: Int32s) -> Float32s:
        """As SourceScores says."""
        return self.values[items]

    def levels(self) -> Float32s:
        """As SourceScores says."""
        return np.broadcast_to(self.level, (self.batch, 2))


@dataclass(frozen=True)
class VectorScores:
    """Inner products of a query's vector with every item's."""

    vectors: Float32s  # [batch, d]; all zeros for a query that the source knows nothing of
    index: VectorIndex

    def top(self, count: int, barred: Barred | None) -> tuple[Int32s, Float32s]:
        """As SourceScores says."""
        items, scores = (
            np.full((len(self.vectors), count), NO_ITEM, np.int32),
            np.zeros((len(self.vectors), count), np.float32),
        )
        known = np.flatnonzero(self.vectors.any(axis=1))
        if len(known):
            some = barred and barred.select(known)
            items[known], scores[known] = self.index.search(self.vectors[known], count, some)
        return items, scores

    def at(self, items: Int32s) -> Float32s:
        """As SourceScores says."""
        return self.index.at(self.vectors, items)

    def levels(self) -> Float32s:
        """As SourceScores says: the moments of an inner product follow from those of the item vectors."""
        mean = self.vectors @ self.index.mean
        spread = (self.vectors @ self.index.covariance * self.vectors).sum(axis=1)
        return np.stack([mean, np.sqrt(np.maximum(spread, 0))], axis=1).astype(np.float32)
