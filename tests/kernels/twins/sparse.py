"""Sparse rows, entry by entry and as dense arrays."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from twins import draws

WIDTH = 40


def multiply(offsets, rows, factors, unit, indptr, indices, data, width):
    ends, columns, values = [0], [], []
    for begin, end in pairwise(offsets):
        sums = {}  # in the order in which columns are met, as sums of float32 depend on the order
        for row, factor in zip(rows[begin:end], factors[begin:end], strict=True):
            if 0 <= row < len(indptr) - 1:
                for entry in range(indptr[row], indptr[row + 1]):
                    column = int(indices[entry])
                    sums[column] = sums.get(column, np.float32(0)) + np.float32(data[entry]) * (factor * unit)
        kept = {column: value for column, value in sums.items() if value != 0}
        columns += kept.keys()
        values += kept.values()
        ends.append(len(columns))
    return np.array(ends, np.int64), np.array(columns, np.int32), np.array(values, np.float32)


@st.composite
def multiply_inputs(draw):
    items, width = draw(st.integers(0, 6)), draw(st.sampled_from([1, 5, WIDTH, 10_000]))
    indptr = draws.offsets(draw, items, min(width, 12))
    indices = draws.distinct(draw, indptr, st.integers(0, width - 1))
    data = draws.array(draw, draw(st.sampled_from([np.float32, np.int16])), len(indices), st.integers(-3, 3))
    offsets = draws.offsets(draw, draw(st.integers(0, 3)))
    rows = draws.array(draw, np.int32, offsets[-1], st.integers(NO_ITEM, items + 2))
    factors = draws.array(draw, np.float32, offsets[-1], draws.FEW_FLOATS | draws.FLOATS)
    return offsets, rows, factors, np.float32(draw(st.sampled_from([1, 0.5, 0.1]))), indptr, indices, data, width


def write_moments(offsets, values, width, moments):
    for i in range(len(moments)):
        row = values[offsets[i] : offsets[i + 1]]
        mean = row.sum(dtype=np.float64) / width
        variance = (row * row).sum(dtype=np.float64) / width - mean * mean
        moments[i] = mean, np.sqrt(max(variance, 0))


@st.composite
def write_moments_inputs(draw):
    offsets = draws.offsets(draw, draw(st.integers(0, 3)))
    values = draws.array(draw, np.float32, offsets[-1], draws.FEW_FLOATS | st.floats(-10, 10, width=32))
    return offsets, values, draw(st.integers(6, 20)), draws.zeros(np.float32, len(offsets) - 1, 2)


def write_values_at(offsets, columns, values, wanted, dense, output):
    for i in range(len(output)):
        row = slice(offsets[i], offsets[i + 1])
        stored = dict(zip(columns[row].tolist(), values[row].tolist(), strict=True))
        output[i] = [stored.get(column, 0) for column in wanted[i].tolist()]


@st.composite
def write_values_at_inputs(draw):
    batch, n = draw(st.integers(0, 3)), draw(st.integers(0, 6))
    offsets = draws.offsets(draw, batch)
    columns = draws.distinct(draw, offsets, st.integers(0, WIDTH - 1))
    values = draws.array(draw, np.float32, len(columns), draws.FLOATS)
    near = st.sampled_from(columns.tolist()) if len(columns) else st.nothing()
    wanted = draws.array(draw, np.int32, (batch, n), near | st.integers(NO_ITEM, WIDTH + 3))
    return offsets, columns, values, wanted, draws.zeros(np.float32, WIDTH), draws.zeros(np.float32, batch, n)


def shrink_cosines(histories, offsets, users, sizes, shrinkage, common):
    lengths = np.repeat(np.diff(histories), np.diff(offsets)).astype(np.float32)
    common /= np.sqrt(lengths * sizes[users]) + shrinkage


@st.composite
def shrink_cosines_inputs(draw):
    batch = draw(st.integers(0, 3))
    histories, offsets = draws.offsets(draw, batch), draws.offsets(draw, batch)
    users = draws.distinct(draw, offsets, st.integers(0, 8))
    sizes = draws.array(draw, np.float32, 9, st.integers(1, 500))
    common = draws.array(draw, np.float32, len(users), st.integers(1, 300))
    return histories, offsets, users, sizes, np.float32(draw(st.sampled_from([1, 5]))), common
