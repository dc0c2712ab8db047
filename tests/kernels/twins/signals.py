"""Signals, in numpy's float32."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from twins import draws

SPREADS = st.sampled_from([0.0, -1.0, 1e-12, 0.5, 3.0, 1e30])


def log(x):
    return np.float32(np.log(np.float64(x)))


def log_inputs():
    return st.tuples(st.floats(1, float(np.finfo(np.float32).max), width=32).map(np.float32))


def signed_distance(score, mean, spread):
    with np.errstate(all="ignore"):
        z = (score - mean) / np.maximum(spread, np.float32(1e-9))
        return np.where(np.isfinite(z), np.sign(z) * np.log1p(np.abs(z)), 0).astype(np.float32)


def signed_distance_inputs():
    return st.tuples(draws.ANY_FLOATS, draws.FLOATS, SPREADS.filter(lambda spread: spread > 0)).map(
        lambda numbers: tuple(map(np.float32, numbers))
    )


def placement(rank):
    return np.where(rank > 0, 10 / np.maximum(9.0 + rank, 1), 0).astype(np.float32)


def placement_inputs():
    return st.tuples(st.integers(0, 1000))


def fill_signals(scores, ranks, levels, output):
    batch, n, sources = scores.shape
    mean, spread = levels[:, None, :, 0], levels[:, None, :, 1]
    output[:batch, :n, :sources] = np.where(spread > 0, signed_distance(scores, mean, spread), 0)
    output[:batch, :n, sources : 2 * sources] = placement(ranks)


@st.composite
def levels_of(draw, *shape):
    levels = draws.array(draw, np.float32, (*shape, 2), draws.FLOATS)
    levels[..., 1] = draws.array(draw, np.float32, shape, SPREADS)
    return levels


@st.composite
def fill_signals_inputs(draw):
    batch, n, sources = shape = tuple(draw(st.integers(0, most)) for most in (2, 5, 3))
    scores, ranks = draws.array(draw, np.float32, shape, draws.ANY_FLOATS), st.integers(0, 300)
    wider = draw(st.integers(0, 2))
    output = np.full((batch + wider, n + wider, 2 * sources + wider), 9, np.float32)
    return scores, draws.array(draw, np.int32, shape, ranks), draw(levels_of(batch, sources)), output


def add_weighted(scores, ranks, levels, weights, sums):
    sources, batch, n = scores.shape
    signals = np.zeros((batch, n, 2 * sources), np.float32)
    fill_signals(scores.transpose(1, 2, 0), ranks.transpose(1, 2, 0), levels, signals)
    sums += (signals * weights[:, None]).sum(axis=2)


@st.composite
def add_weighted_inputs(draw):
    sources, batch, n = shape = tuple(draw(st.integers(0, most)) for most in (3, 2, 5))
    return (
        draws.array(draw, np.float32, shape, draws.ANY_FLOATS),
        draws.array(draw, np.int32, shape, st.integers(0, 300)),
        draw(levels_of(batch, sources)),
        draws.array(draw, np.float32, (batch, 2 * sources), st.floats(-2, 2, width=32)),
        draws.array(draw, np.float32, (batch, n), st.sampled_from([0, -np.inf])),
    )
