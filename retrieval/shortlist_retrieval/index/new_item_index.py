"""The index of new items: a published index, with the vectors of new and changed items searched exactly beside it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.types import NO_ITEM, Float32s, Int32s, distinct
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.top import top_positions

log = logging.getLogger(__name__)


class NewVectors:
    """The vectors of new and changed items: rows that a published index does not have, or has with an old vector."""

    def __init__(self, published: int, capacity: int, dim: int) -> None:
        self.published, self.capacity = published, capacity
        self.count = 0
        self.changed: Int32s = np.zeros(0, np.int32)  # published rows whose vectors are here, ascending
        # Zeros that were never written take no memory, and reading them takes none either.
        self.slots: Int32s = np.zeros(published + capacity, np.int32)  # [rows] 1 for the first vector here, 0 for none
        self._rows: Int32s = np.zeros(2 * capacity, np.int32)
        self._vectors: Float32s = np.zeros((2 * capacity, dim), np.float32)

    @property
    def rows(self) -> Int32s:
        """The rows whose vectors are here, int32 [count], in the order in which they were first written."""
        return self._rows[: self.count]

    @property
    def vectors(self) -> Float32s:
        """The vectors of `rows`, float32 [count, d]."""
        return self._vectors[: self.count]

    def put(self, rows: Int32s, vectors: Float32s) -> None:
        """Write the vectors of rows. At most `capacity` published rows can change; others keep their vector."""
        new = self.slots[rows] == 0
        too_many = new & (rows < self.published)
        too_many &= np.cumsum(too_many) > self.capacity - len(self.changed)
        if too_many.any():
            log.warning("no capacity: %d changed items keep their published vectors", np.count_nonzero(too_many))
            rows, vectors, new = rows[~too_many], vectors[~too_many], new[~too_many]
        positions = self.slots[rows] - 1
        positions[new] = self.count + np.arange(np.count_nonzero(new))
        self._vectors[positions], self._rows[positions] = vectors, rows
        self.slots[rows] = positions + 1
        self.count += int(np.count_nonzero(new))
        self.changed = distinct(np.concatenate([self.changed, rows[rows < self.published]]))


@dataclass(frozen=True)
class NewItemIndex(VectorIndex):
    """A published index with spare rows behind it, and with vectors of new and changed items.

    Its `len` is the number of published rows, to which mean and covariance belong too. A spare row without a vector
    reads as zeros, and no search returns it.
    """

    beside: NewVectors

    @classmethod
    def over(cls, index: VectorIndex, capacity: int) -> NewItemIndex:
        """The index with `capacity` spare rows behind its own. Of its own rows as many may change."""
        return cls(**vars(index), beside=NewVectors(len(index), capacity, index.dim))

    def put(self, rows: Int32s, vectors: Float32s) -> None:
        """Write the vectors, float32 [n, d], of distinct rows, published or spare, for all later searches."""
        self.beside.put(rows, vectors)

    def published(self, rows: Int32s) -> Float32s:
        """The published vectors of these rows, float32 [n, d], whatever was written since."""
        return super().take(rows)

    def products(self, queries: Float32s, rows: Int32s) -> Float32s:
        """As `VectorIndex` says, for rows of new and changed items alone.

        All vectors beside the index are multiplied, as gathering those of `rows` would take longer.
        """
        return np.asarray((queries @ self.beside.vectors.T)[:, self.beside.slots[rows] - 1])

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        """As `VectorIndex` says."""
        is_spare = rows >= len(self)
        if not self.beside.count and not is_spare.any():
            return super().take(rows)
        slots = self.beside.slots[rows]
        is_beside = slots > 0
        vectors = super().take(np.where(is_spare, 0, rows))
        vectors[is_spare] = 0
        vectors[is_beside] = self.beside.vectors[slots[is_beside] - 1]
        return vectors

    def at(self, queries: Float32s, rows: Int32s) -> Float32s:
        """As `VectorIndex` says."""
        is_spare = rows >= len(self)
        if not self.beside.count and not is_spare.any():
            return super().at(queries, rows)
        products = super().at(queries, np.where(is_spare, 0, rows))
        slots = self.beside.slots[rows]
        is_beside = slots > 0
        vectors = self.beside.vectors[slots[is_beside] - 1]
        products[is_spare] = 0
        products[is_beside] = np.einsum("ij,ij->i", vectors, queries[np.nonzero(is_beside)[0]])
        return products

    def search(self, queries: Float32s, count: int, excluded: Exclusions | None = None) -> tuple[Int32s, Float32s]:
        """As `VectorIndex` says."""
        rows, products = super().search(queries, count, self._published(excluded, len(queries)))
        if not self.beside.count:
            return rows, products
        products_beside = queries @ self.beside.vectors.T
        if excluded is not None:
            for query in range(len(queries)):
                products_beside[query, ~excluded.passing(query, self.beside.rows)] = -np.inf
        all_products = np.concatenate([np.where(rows == NO_ITEM, -np.inf, products), products_beside], axis=1)
        all_rows = np.concatenate([rows, np.broadcast_to(self.beside.rows, products_beside.shape)], axis=1)
        best = top_positions(all_products, count)
        products = np.take_along_axis(all_products, best, axis=1)
        missing = np.isneginf(products)
        return np.where(missing, NO_ITEM, np.take_along_axis(all_rows, best, axis=1)), np.where(missing, 0, products)

    def _published(self, excluded: Exclusions | None, batch: int) -> Exclusions | None:
        """The exclusions for the published rows. Changed rows are excluded too: their vectors are beside the index."""
        changed = self.beside.changed
        if excluded is None:
            return Exclusions([changed] * batch) if len(changed) else None
        has_spare = any(len(rows) and rows[-1] >= len(self) for rows in excluded.rows)
        if not len(changed) and not has_spare and excluded.allowed is None:
            return excluded
        published: Sequence[Int32s] = [rows[: np.searchsorted(rows, len(self))] for rows in excluded.rows]
        if len(changed):
            published = [distinct(np.concatenate([rows, changed])) for rows in published]
        allowed = None if excluded.allowed is None else excluded.allowed[: len(self)]
        few = None if excluded.few is None else excluded.few[: np.searchsorted(excluded.few, len(self))]
        return replace(excluded, rows=published, allowed=allowed, few=few)
