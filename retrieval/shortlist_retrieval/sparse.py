"""Sparse rows: products of a few rows with large sparse matrices, and the largest entries of the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import Bools, Float32s, Int32s, Int64s
from shortlist_kernels.scratch import scratch
from shortlist_kernels.sparse import multiply, write_moments, write_values_at
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.top import top_columns


@dataclass(frozen=True)
class SparseRows:
    """A batch of sparse rows (CSR). The entries of a row are in no order, and each column occurs once."""

    offsets: Int64s  # [batch + 1]
    columns: Int32s  # [entries]
    values: Float32s  # [entries] none of them zero
    width: int  # number of columns, most of them zero

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> SparseRows:
        """The rows of a scipy matrix, float32 and without duplicates."""
        return cls(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, matrix.shape[1])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def matrix(self) -> sp.csr_matrix:
        """The rows as a scipy matrix, float32 [batch, width], columns ascending within each row."""
        matrix = sp.csr_matrix((self.values, self.columns, self.offsets), (len(self), self.width))
        matrix.sort_indices()
        return matrix

    def without(self, columns: Bools) -> SparseRows:
        """The rows without the entries in these columns, bool [width]."""
        kept = ~columns[self.columns]
        offsets = np.concatenate([[0], np.cumsum(kept)])[self.offsets]
        return SparseRows(offsets, self.columns[kept], self.values[kept], self.width)

    def moments(self) -> Float32s:
        """Mean and standard deviation of each row, zeros included, float32 [batch, 2]."""
        moments = np.empty((len(self), 2), np.float32)
        write_moments(self.offsets, self.values, self.width, moments)
        return moments

    def top(self, count: int, excluded: Exclusions | None = None) -> Int32s:
        """The columns of the `count` largest positive entries of each row that are not excluded, largest first.

        Of equal entries the lower column comes first. Columns are int32 [batch, count], NO_ITEM behind.
        """
        return top_columns(self.offsets, self.columns, self.values, excluded or Exclusions.of_all(len(self)), count)

    def at(self, columns: Int32s) -> Float32s:
        """The values in the columns [batch, n], float32; 0 without an entry, past the last column and for NO_ITEM."""
        values = np.zeros(columns.shape, np.float32)
        write_values_at(self.offsets, self.columns, self.values, columns, scratch.float32s(self.width), values)
        return values


def product(factors: SparseRows, matrix: sp.csr_matrix, unit: float = 1.0) -> SparseRows:
    """The product of `factors` [batch, items] and `matrix` [items, width].

    The matrix's values, float32 or int16, are in units of `unit`. Columns of `factors` that are NO_ITEM, or past the
    last row of the matrix, add nothing.
    """
    factor = factors.offsets, factors.columns, factors.values, np.float32(unit)
    width = matrix.shape[1]
    return SparseRows(*multiply(*factor, matrix.indptr, matrix.indices, matrix.data, width), width)


def keep_largest(matrix: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """The matrix with only the `count` entries of largest magnitude in each row. Zeros are dropped."""
    matrix.eliminate_zeros()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((-np.abs(matrix.data), rows))
    rank = np.arange(len(order)) - matrix.indptr[:-1][rows[order]]
    kept = np.sort(order[rank < count])
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))])
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], starts), matrix.shape)
