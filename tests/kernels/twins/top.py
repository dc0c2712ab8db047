"""Top k, by sorting everything."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from twins import draws

COLUMNS = st.sampled_from([0, 1, 2, 3, 4, 4096, 4097, 8192])  # some of which have their last bits in common
WIDTH = 8193


def smallest_first(keys, n, count, spare):
    keys[:n] = np.sort(keys[:n])
    return min(n, count)


@st.composite
def smallest_first_inputs(draw):
    n, more = draw(st.integers(0, 60)), draw(st.integers(0, 3))
    keys = draws.array(draw, np.int64, n + more, st.integers(0, 2**63 - 1) | st.integers(0, 5) | st.just(1 << 52))
    return keys, n, draw(st.integers(0, n + 3)), np.zeros(n, np.int64)


def smallest_first_outcome(returned, keys, n, count, spare):
    return returned, keys[:returned], keys[n:]


def write_top_positions(bits, positions):
    values = bits.view(np.float32)
    order = np.lexsort((np.broadcast_to(np.arange(values.shape[1]), values.shape), np.signbit(values), -values), axis=1)
    positions[:] = order[:, : positions.shape[1]]


@st.composite
def write_top_positions_inputs(draw):
    shape = draw(st.integers(0, 3)), draw(st.integers(0, 12))
    numbers = draws.FEW_FLOATS | st.floats(allow_nan=False, width=32) | st.just(-0.0)
    values = draws.array(draw, np.float32, shape, numbers)
    return values.view(np.int32), draws.zeros(np.int64, shape[0], draw(st.integers(0, shape[1])))


def write_top_columns(offsets, columns, bits, excluded_offsets, excluded, allowed, top):
    for i in range(len(top)):
        row = slice(offsets[i], offsets[i + 1])
        barred = set(excluded[excluded_offsets[i] : excluded_offsets[i + 1]].tolist())
        entries = [
            (-value, column)
            for value, column in zip(bits[row].view(np.float32).tolist(), columns[row].tolist(), strict=True)
            if value > 0 and column not in barred and (len(allowed) == 0 or allowed[column])
        ]
        best = sorted(entries)[: top.shape[1]]
        top[i, : len(best)] = [column for _, column in best]


@st.composite
def write_top_columns_inputs(draw):
    batch = draw(st.integers(0, 3))
    offsets, excluded_offsets = draws.offsets(draw, batch, 8), draws.offsets(draw, batch, 4)
    columns, excluded = draws.distinct(draw, offsets, COLUMNS), draws.distinct(draw, excluded_offsets, COLUMNS, True)
    values = draws.array(draw, np.float32, len(columns), draws.FEW_FLOATS | draws.ANY_FLOATS)
    allowed = draws.array(draw, np.bool_, draw(st.sampled_from([0, WIDTH])), st.booleans())
    top = np.full((batch, draw(st.integers(0, 9))), -1, np.int32)
    return offsets, columns, values.view(np.int32), excluded_offsets, excluded, allowed, top
