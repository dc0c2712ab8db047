"""Features, scaling and calibration, as numpy has them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import DAY, NO_ITEM
from twins import draws

ITEMS = 6
AS_OF = 100 * DAY
ROWS = st.integers(0, ITEMS - 1)


def any_marked(items, marked):
    return bool(marked[items[items != NO_ITEM]].any())


@st.composite
def any_marked_inputs(draw):
    shape = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    marked = draws.array(draw, np.bool_, ITEMS, st.sampled_from([False, False, False, True]))
    return draws.array(draw, np.int32, shape, ROWS | st.just(NO_ITEM)), marked


def mean_price(items, prices):
    known = prices[items][prices[items, 1] > 0, 0]
    return np.float32(known.mean(dtype=np.float64)) if len(known) else np.float32(np.nan)


@st.composite
def prices(draw):
    known = draws.array(draw, np.float32, ITEMS, st.sampled_from([0, 1]))
    return np.stack([known * draws.array(draw, np.float32, ITEMS, st.floats(0, 5, width=32)), known], axis=1)


@st.composite
def mean_price_inputs(draw):
    return draws.array(draw, np.int32, draw(st.integers(0, 5)), ROWS), draw(prices())


def write_context(items, offsets, histories, first, last, prices, as_of, output, at):
    for i, rows in enumerate(np.maximum(items, 0)):
        history = histories[offsets[i] : offsets[i + 1]]
        distance = np.abs(prices[rows, 0] - mean_price(history, prices)) * prices[rows, 1]
        columns = (
            np.log1p(np.maximum(as_of - first[rows], 0) / DAY),
            np.log1p(np.maximum(as_of - last[rows], 0) / DAY),
            prices[rows, 0],
            prices[rows, 1],
            np.nan_to_num(distance),
            np.full(len(rows), np.log1p(len(history))),
        )
        output[i, : len(rows), at : at + 6] = np.stack(columns, axis=1)


@st.composite
def write_context_inputs(draw):
    batch, n, at, wider = (draw(st.integers(0, most)) for most in (3, 4, 3, 2))
    offsets, moments = draws.offsets(draw, batch), st.integers(0, AS_OF + DAY)
    return (
        draws.array(draw, np.int32, (batch, n), ROWS | st.just(NO_ITEM)),
        offsets,
        draws.array(draw, np.int32, offsets[-1], ROWS),
        draws.array(draw, np.int64, ITEMS, moments),
        draws.array(draw, np.int64, ITEMS, moments),
        draw(prices()),
        AS_OF,
        np.full((batch + wider, n + wider, at + 6 + wider), 9, np.float32),
        at,
    )


def scale(output, mean, spread, low, high):
    inside = np.clip(output[:, : len(mean)], low, high)
    output[:, : len(mean)] = (inside - mean) / np.where(spread > np.float32(1e-6), spread, 1)


@st.composite
def scale_inputs(draw):
    rows, features, wider = (draw(st.integers(0, most)) for most in (4, 4, 2))
    output = draws.array(draw, np.float32, (rows, features + wider), draws.ANY_FLOATS)
    low, mean, high = np.sort(draws.array(draw, np.float32, (3, features), draws.FLOATS), axis=0)
    spreads = st.sampled_from([0.0, 1e-7, 0.5, 20.0, np.inf])
    return output, mean, draws.array(draw, np.float32, features, spreads), low, high


def calibrate(scores, items, slope, offset):
    logits = np.clip(slope * scores + offset, -60, 60).astype(np.float64)
    scores[:] = np.where(items == NO_ITEM, -np.inf, 1 / (1 + np.exp(-logits)))


@st.composite
def calibrate_inputs(draw):
    shape = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    scores = draws.array(draw, np.float32, shape, draws.FLOATS | st.sampled_from([-np.inf, np.inf]))
    slope, offset = st.sampled_from([0.1, 0.8, 2]), st.sampled_from([-3, 0, 0.5])
    items = draws.array(draw, np.int32, shape, ROWS | st.just(NO_ITEM))
    return scores, items, np.float32(draw(slope)), np.float32(draw(offset))
