"""Products of a few rows of large sparse matrices, as a request needs them: without what scipy checks each time."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from core.types import Float32s, Int32s, Int64s

COUNTED_UP_TO = 200_000
"""Columns; below this adding up into one slot for each is faster than sorting what there is."""


def row_entries(matrix: sp.csr_matrix, rows: Int32s) -> tuple[Int64s, Int64s]:
    """The stored entries of some rows: which of `rows` each belongs to, and where it lies, int64 [entries] both."""
    starts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[rows + 1] - starts
    owner = np.repeat(np.arange(len(rows)), lengths)
    return owner, np.arange(len(owner)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)


def weighted_sum(matrix: sp.csr_matrix, rows: Int32s, factors: Float32s) -> tuple[Int32s, Float32s]:
    """`factors @ matrix[rows]` as the columns that are not zero, int32 ascending, and their sums, float32."""
    owner, at = row_entries(matrix, rows)
    columns, parts = matrix.indices[at], matrix.data[at] * factors[owner]
    if matrix.shape[1] <= COUNTED_UP_TO:
        sums = np.bincount(columns, parts, 1)
        found = np.flatnonzero(sums)
        return found.astype(np.int32), sums[found].astype(np.float32)
    order = np.argsort(columns, kind="stable")
    columns, parts = columns[order], parts[order].astype(np.float64)
    first = np.flatnonzero(np.diff(columns, prepend=-1))
    added = np.add.reduceat(parts, first) if len(first) else parts
    some = added != 0
    return columns[first][some].astype(np.int32), added[some].astype(np.float32)
