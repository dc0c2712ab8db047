"""Half floats, as numpy converts them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from twins import draws

HALVES = st.floats(width=16, allow_nan=False, allow_infinity=False)


def single(half):
    return np.float32(np.array(half, np.uint16).view(np.float16))


def single_inputs():
    return st.tuples(HALVES.map(lambda half: np.float16(half).view(np.uint16)))


def copy_singles(halves, starts, values):
    values[:] = halves.view(np.float16)[starts[:, None] + np.arange(values.shape[1])]


@st.composite
def copy_singles_inputs(draw):
    halves = draws.array(draw, np.float16, draw(st.integers(5, 30)), HALVES)
    n, dim = draw(st.integers(0, 4)), draw(st.integers(0, 5))
    starts = draws.array(draw, np.int64, n, st.integers(0, len(halves) - dim))
    return halves.view(np.uint16), starts, draws.zeros(np.float32, n, dim)


def copy_rows(halves, rows, output, start):
    (a, b), dim = rows.shape, halves.shape[1]
    output[:a, :b, start : start + dim] = halves.view(np.float16)[np.maximum(rows, 0)]


@st.composite
def copy_rows_inputs(draw):
    halves = draws.array(draw, np.float16, (draw(st.integers(1, 5)), draw(st.integers(0, 5))), HALVES)
    (a, b), start, wider = (draw(st.integers(0, 3)), draw(st.integers(0, 3))), draw(st.integers(0, 3)), 2
    rows = draws.array(draw, np.int32, (a, b), st.integers(-1, len(halves) - 1))
    output = np.full((a + wider, b + wider, start + halves.shape[1] + wider), 9, np.float32)
    return halves.view(np.uint16), rows, output, start
