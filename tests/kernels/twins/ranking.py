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


def write_clocks(items, first, last, as_of, matrix, at):
    for i, rows in enumerate(np.maximum(items, 0)):
        ages = [np.log1p(np.maximum(as_of - times[rows], 0) / DAY) for times in (first, last)]
        matrix[i, : len(rows), at : at + 2] = np.stack(ages, axis=1)


@st.composite
def write_clocks_inputs(draw):
    items, at, matrix, _ = draw(_candidates(columns=2))
    moments = st.integers(0, AS_OF + DAY)
    first, last = (draws.array(draw, np.int64, ITEMS, moments) for _ in range(2))
    return items, first, last, AS_OF, matrix, at


def write_prices(items, offsets, histories, prices, matrix, at):
    for i, rows in enumerate(np.maximum(items, 0)):
        distance = np.abs(prices[rows, 0] - mean_price(histories[offsets[i] : offsets[i + 1]], prices))
        columns = prices[rows, 0], prices[rows, 1], np.nan_to_num(distance * prices[rows, 1])
        matrix[i, : len(rows), at : at + 3] = np.stack(columns, axis=1)


@st.composite
def write_prices_inputs(draw):
    items, at, matrix, offsets = draw(_candidates(columns=3))
    return items, offsets, draws.array(draw, np.int32, offsets[-1], ROWS), draw(prices()), matrix, at


def write_history_lengths(offsets, n, matrix, at):
    matrix[: len(offsets) - 1, :n, at] = np.log1p(np.diff(offsets))[:, None]


@st.composite
def write_history_lengths_inputs(draw):
    items, at, matrix, offsets = draw(_candidates(columns=1))
    return offsets, items.shape[1], matrix, at


@st.composite
def _candidates(draw, columns):
    """Items [batch, n], a column to begin at, a matrix that is larger than what is written, and histories' offsets."""
    batch, n, at, wider = (draw(st.integers(0, most)) for most in (3, 4, 3, 2))
    items = draws.array(draw, np.int32, (batch, n), ROWS | st.just(NO_ITEM))
    return (
        items,
        at,
        np.full((batch + wider, n + wider, at + columns + wider), 9, np.float32),
        draws.offsets(draw, batch),
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
