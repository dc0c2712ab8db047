"""Products of a few rows of large sparse matrices, as a request needs them, and the largest entries of the result."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shortlist_core.compiled import compiled, room
from shortlist_core.types import Float32s, Int16s, Int32s, Int64s
from shortlist_retrieval.exclusions import Barred
from shortlist_retrieval.top import top_columns


@dataclass(frozen=True)
class SparseRows:
    """A batch of rows of which most is zero (CSR); the entries of a row in no order, each column once."""

    offsets: Int64s  # [batch + 1]
    columns: Int32s  # [entries]
    values: Float32s  # [entries] not zero
    width: int  # columns that there are, most of them zero

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> SparseRows:
        """The rows of scipy's matrix, float32 without duplicates."""
        return cls(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, matrix.shape[1])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def matrix(self) -> sp.csr_matrix:
        """The same as scipy has it, float32 [batch, width], columns ascending within each row."""
        matrix = sp.csr_matrix((self.values, self.columns, self.offsets), (len(self), self.width))
        matrix.sort_indices()
        return matrix

    def levels(self) -> Float32s:
        """Mean and standard deviation of each row, its zeros counting, float32 [batch, 2]."""
        levels = np.empty((len(self), 2), np.float32)
        _levels(self.offsets, self.values, self.width, levels)
        return levels

    def top(self, count: int, barred: Barred | None = None) -> Int32s:
        """The columns of the `count` largest positive entries of each row that are not barred, largest first, of equal
        ones the lower column first: int32 [batch, count], NO_ITEM where there are no more.
        """
        return top_columns(self.offsets, self.columns, self.values, barred or Barred.of_all(len(self)), count)

    def at(self, columns: Int32s) -> Float32s:
        """The values in the given columns [batch, n], 0 where there is none, past the last and where NO_ITEM stands."""
        values = np.zeros(columns.shape, np.float32)
        _values_at(self.offsets, self.columns, self.values, columns, room.float32s(self.width), values)
        return values


def product(factors: SparseRows, matrix: sp.csr_matrix, unit: float = 1.0) -> SparseRows:
    """`factors` [batch, items] times the `matrix` [items, width], whose values, float32 or int16, are in units of
    `unit`; columns that are NO_ITEM or past the matrix's last row add nothing.
    """
    factor = factors.offsets, factors.columns, factors.values, np.float32(unit)
    width = matrix.shape[1]
    return SparseRows(*_product(*factor, matrix.indptr, matrix.indices, matrix.data, width), width)


@compiled
def _product(
    offsets: Int64s,
    rows: Int32s,
    factors: Float32s,
    unit: np.float32,
    indptr: Int32s,
    indices: Int32s,
    data: Float32s | Int16s,
    width: int,
) -> tuple[Int64s, Int32s, Float32s]:
    """Where a column's sum stands is looked up in a hash table with open addressing, which stays in a near cache: sums
    by column, one for each of a large catalogue, take three times as long.
    """
    most = 0
    for row in rows:
        if 0 <= row < len(indptr) - 1:
            most += indptr[row + 1] - indptr[row]
    found, columns, values = np.zeros(len(offsets), np.int64), np.empty(most, np.int32), np.empty(most, np.float32)
    end = 0
    for i in range(len(offsets) - 1):
        begin, most = end, 0
        for j in range(offsets[i], offsets[i + 1]):
            if 0 <= rows[j] < len(indptr) - 1:
                most += indptr[rows[j] + 1] - indptr[rows[j]]
        bits = 4
        while (1 << bits) < min(2 * most, width):
            bits += 1
        last = (1 << bits) - 1
        scattered = last + 1 < width
        places = np.zeros(last + 1, np.int32)  # of each column's sum, counted from 1; 0 where there is none
        for j in range(offsets[i], offsets[i + 1]):
            if not 0 <= rows[j] < len(indptr) - 1:
                continue
            factor = factors[j] * unit
            for entry in range(indptr[rows[j]], indptr[rows[j] + 1]):
                column = indices[entry]
                at = np.int64(column)
                if scattered:  # Fibonacci hashing (Knuth 1998, The Art of Computer Programming 3, 6.4)
                    at = ((at * 2654435769) & 0xFFFFFFFF) >> (32 - bits)
                while places[at] != 0 and columns[places[at] - 1] != column:
                    at = (at + 1) & last
                if places[at] == 0:
                    columns[end], values[end] = column, 0
                    end += 1
                    places[at] = end
                values[places[at] - 1] += np.float32(data[entry]) * factor
        noted, end = end, begin
        for k in range(begin, noted):
            if values[k] != 0:
                columns[end], values[end] = columns[k], values[k]
                end += 1
        found[i + 1] = end
    return found, columns[:end], values[:end]


@compiled
def _levels(offsets: Int64s, values: Float32s, width: int, levels: Float32s) -> None:
    for i in range(len(offsets) - 1):
        total = squares = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            total += values[k]
            squares += values[k] * values[k]
        mean = total / width
        levels[i, 0], levels[i, 1] = mean, math.sqrt(max(squares / width - mean * mean, 0.0))


@compiled
def _values_at(
    offsets: Int64s, columns: Int32s, values: Float32s, wanted: Int32s, dense: Float32s, found: Float32s
) -> None:
    """`dense` are zeros, and zeros again afterwards."""
    for i in range(len(offsets) - 1):
        for k in range(offsets[i], offsets[i + 1]):
            dense[columns[k]] = values[k]
        for n in range(wanted.shape[1]):
            if 0 <= wanted[i, n] < len(dense):
                found[i, n] = dense[wanted[i, n]]
        for k in range(offsets[i], offsets[i + 1]):
            dense[columns[k]] = 0
