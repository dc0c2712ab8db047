"""Sparse rows (CSR): products with a large matrix, moments, and values in given columns."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.types import Float32s, Int16s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def multiply(
    offsets: Int64s,
    rows: Int32s,
    factors: Float32s,
    unit: np.float32,
    indptr: Int32s,
    indices: Int32s,
    data: Float32s | Int16s,
    width: int,
) -> tuple[Int64s, Int32s, Float32s]:
    """Return sparse `rows` times a CSR matrix [items, width]: offsets int64 [batch + 1], columns int32 and values
    float32.

    Row i holds the `factors` at `offsets[i]:offsets[i + 1]` for the matrix's `rows`; those outside of the matrix
    add nothing. The matrix's `data`, float32 or int16, are in units of `unit`. Columns come in no order, each once;
    sums that are 0 are left out.

    Where a column's sum stands is looked up in a hash table with open addressing, which stays in a near cache: sums
    by column, one for each of a large catalogue, take three times as long.
    """
    most = 0
    for row in rows:
        if 0 <= row < len(indptr) - 1:
            most += indptr[row + 1] - indptr[row]
    product_offsets = np.zeros(len(offsets), np.int64)
    columns, values = np.empty(most, np.int32), np.empty(most, np.float32)
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
        slots = np.zeros(last + 1, np.int32)  # of each column's sum, counted from 1; 0 where there is none
        for j in range(offsets[i], offsets[i + 1]):
            if not 0 <= rows[j] < len(indptr) - 1:
                continue
            factor = factors[j] * unit
            for entry in range(indptr[rows[j]], indptr[rows[j] + 1]):
                column = indices[entry]
                at = np.int64(column)
                if scattered:  # Fibonacci hashing (Knuth 1998, The Art of Computer Programming 3, 6.4)
                    at = ((at * 2654435769) & 0xFFFFFFFF) >> (32 - bits)
                while slots[at] != 0 and columns[slots[at] - 1] != column:
                    at = (at + 1) & last
                if slots[at] == 0:
                    columns[end], values[end] = column, 0
                    end += 1
                    slots[at] = end
                values[slots[at] - 1] += np.float32(data[entry]) * factor
        noted, end = end, begin
        for k in range(begin, noted):
            if values[k] != 0:
                columns[end], values[end] = columns[k], values[k]
                end += 1
        product_offsets[i + 1] = end
    return product_offsets, columns[:end], values[:end]


@compiled
def write_moments(offsets: Int64s, values: Float32s, width: int, moments: Float32s) -> None:
    """Write mean and standard deviation of each row, with its zeros, into `moments`, float32 [batch, 2].

    Row i has `values[offsets[i]:offsets[i + 1]]` in `width` columns.
    """
    for i in range(len(offsets) - 1):
        total = squares = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            total += values[k]
            squares += values[k] * values[k]
        mean = total / width
        moments[i, 0], moments[i, 1] = mean, math.sqrt(max(squares / width - mean * mean, 0.0))


@compiled
def write_values_at(
    offsets: Int64s, columns: Int32s, values: Float32s, wanted: Int32s, dense: Float32s, output: Float32s
) -> None:
    """Write the values in the `wanted` columns, int32 [batch, n], into `output`, float32 [batch, n] of zeros.

    Columns outside of the matrix are left at 0. `dense` float32 [width] are zeros, and zeros again afterwards.
    """
    for i in range(len(offsets) - 1):
        for k in range(offsets[i], offsets[i + 1]):
            dense[columns[k]] = values[k]
        for n in range(wanted.shape[1]):
            if 0 <= wanted[i, n] < len(dense):
                output[i, n] = dense[wanted[i, n]]
        for k in range(offsets[i], offsets[i + 1]):
            dense[columns[k]] = 0


@compiled
def shrink_cosines(
    histories: Int64s, offsets: Int64s, users: Int32s, sizes: Float32s, shrinkage: np.float32, common: Float32s
) -> None:
    """Turn the numbers of items that queries have in common with users into shrunk cosines, in place.

    `common` float32 and `users` int32 [entries] are sparse rows, those of query i at `offsets[i]:offsets[i + 1]`;
    its history has `histories[i + 1] - histories[i]` items, a user's has `sizes[user]`.
    """
    for i in range(len(offsets) - 1):
        length = np.float32(histories[i + 1] - histories[i])
        for k in range(offsets[i], offsets[i + 1]):
            common[k] /= np.sqrt(length * sizes[users[k]]) + shrinkage
