"""Products of a few rows of large sparse matrices, as a request needs them, and the largest entries of the result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from core.compiled import compiled, room
from core.types import NO_ITEM, Bools, Float32s, Int16s, Int32s, Int64s
from retrieval.barred import Barred
from retrieval.top import smallest

_WORST = np.iinfo(np.int64).max
_INFINITE, _TOP = 0x7F800000, 0x7FFFFFFF
"""The bits of infinity, past which there is no number; and what orders larger numbers first, less their bits."""
SUSPECTS = 4096
"""Places of a table, by the last bits of a row, that says which rows need a closer look: small enough for the nearest
cache, a power of two.
"""


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

    def top(self, count: int, barred: Barred | None = None) -> tuple[Int32s, Float32s]:
        """The `count` largest positive entries of each row that are not barred, largest first, of equal ones the lower
        column first: columns int32 [batch, count], NO_ITEM where there are no more, and values float32.
        """
        passing, bounds = np.empty(len(self.columns), np.int64), np.zeros(len(self.offsets), np.int64)
        bits = self.values.view(np.int32)  # of positive numbers in the numbers' order
        bars = barred or Barred.of_all(len(self))
        _keys(self.offsets, self.columns, bits, bars.offsets, bars.joined, bars.filter, passing, bounds)
        keys = np.full((len(self), count), _WORST, np.int64)
        for i, (begin, end) in enumerate(pairwise(bounds.tolist())):  # rows are of very different lengths
            best = smallest(passing[None, begin:end], count)[0]
            keys[i, : len(best)] = best
        none = keys == _WORST
        columns = np.where(none, NO_ITEM, keys & 0xFFFFFFFF).astype(np.int32)
        values = np.where(none, 0, _TOP - (keys >> 32)).astype(np.int32).view(np.float32)
        return columns, values

    def at(self, columns: Int32s) -> Float32s:
        """The values in the given columns [batch, n], 0 where there is none, past the last and where NO_ITEM stands."""
        values = np.zeros(columns.shape, np.float32)
        _values_at(self.offsets, self.columns, self.values, columns, room.float32s(self.width), values)
        return values


def product(factors: SparseRows, matrix: sp.csr_matrix, unit: float = 1.0) -> SparseRows:
    """`factors` [batch, items] times the `matrix` [items, width], whose values, float32 or int16, are in units of
    `unit`; columns past the matrix's last row add nothing.
    """
    size = _entries(factors.columns, matrix.indptr)
    columns, values = np.empty(size, np.int32), np.empty(size, np.float32)
    found = np.zeros(len(factors.offsets), np.int64)
    _add_up(
        factors.offsets,
        factors.columns,
        factors.values if unit == 1 else factors.values * np.float32(unit),
        matrix.indptr,
        matrix.indices,
        matrix.data,
        room.float32s(matrix.shape[1]),
        found,
        columns,
        values,
    )
    return SparseRows(found, columns[: found[-1]], values[: found[-1]], matrix.shape[1])


@compiled
def _entries(rows: Int32s, indptr: Int32s) -> int:
    total = 0
    for row in rows:
        if row < len(indptr) - 1:
            total += indptr[row + 1] - indptr[row]
    return total


@compiled
def _add_up(
    offsets: Int64s,
    rows: Int32s,
    factors: Float32s,
    indptr: Int32s,
    indices: Int32s,
    data: Float32s | Int16s,
    sums: Float32s,
    found: Int64s,
    columns: Int32s,
    values: Float32s,
) -> None:
    """`sums` are zeros, and zeros again afterwards."""
    end = 0
    for i in range(len(offsets) - 1):
        begin = end
        for j in range(offsets[i], offsets[i + 1]):
            if rows[j] >= len(indptr) - 1:
                continue
            for entry in range(indptr[rows[j]], indptr[rows[j] + 1]):
                column = indices[entry]
                if sums[column] == 0:  # a sum that came back to zero is noted twice, and read out once
                    columns[end] = column
                    end += 1
                sums[column] += np.float32(data[entry]) * factors[j]
        noted, end = end, begin
        for k in range(begin, noted):
            column = columns[k]
            if sums[column] != 0:
                columns[end], values[end] = column, sums[column]
                sums[column] = 0
                end += 1
        found[i + 1] = end


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
def _keys(
    offsets: Int64s,
    columns: Int32s,
    bits: Int32s,
    barred_offsets: Int64s,
    barred: Int32s,
    allowed: Bools,
    keys: Int64s,
    bounds: Int64s,
) -> None:
    """A key for each entry that may be proposed, row after row; `allowed` is empty where everything is."""
    suspects = np.zeros(SUSPECTS, np.bool_)
    end = 0
    for i in range(len(offsets) - 1):
        own = barred[barred_offsets[i] : barred_offsets[i + 1]]
        for column in own:
            suspects[column & (SUSPECTS - 1)] = True
        for k in range(offsets[i], offsets[i + 1]):
            column = columns[k]
            if not 0 < bits[k] <= _INFINITE or (len(allowed) > 0 and not allowed[column]):
                continue
            if suspects[column & (SUSPECTS - 1)]:
                at = np.searchsorted(own, column)
                if at < len(own) and own[at] == column:
                    continue
            keys[end] = ((np.int64(_TOP) - bits[k]) << 32) | column
            end += 1
        bounds[i + 1] = end
        for column in own:
            suspects[column & (SUSPECTS - 1)] = False


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
