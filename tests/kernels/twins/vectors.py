"""Vectors, as numpy multiplies them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_kernels.vectors import HALVES_PER_UNIT
from twins import draws


def write_listed_products(region, places, rows, queries, products):
    starts = places[np.clip(rows, 0, len(places) - 1)].astype(np.int64) * HALVES_PER_UNIT
    vectors = region.view(np.float16)[starts[..., None] + np.arange(queries.shape[1])]
    products[:] = (vectors.astype(np.float64) * queries[:, None]).sum(axis=2)


@st.composite
def write_listed_products_inputs(draw):
    dim, units = draw(st.integers(1, 9)), draw(st.integers(3, 12))
    step = draw(st.sampled_from([2.0**-3, 2.0**-24]))  # the smallest halves among them, and all sums exact
    region = draws.array(draw, np.float16, units * HALVES_PER_UNIT, st.integers(-32, 32).map(lambda n: n * step))
    last = (len(region) - dim) // HALVES_PER_UNIT
    places = draws.array(draw, np.uint32, draw(st.integers(1, 6)), st.integers(0, last))
    batch, n = draw(st.integers(0, 3)), draw(st.sampled_from([0, 1, 5, 64, 70]))
    rows = draws.array(draw, np.int32, (batch, n), st.integers(-1, len(places)))
    queries = draws.array(draw, np.float32, (batch, dim), st.integers(-16, 16).map(lambda n: n / 8))
    return region.view(np.uint16), places, rows, queries, draws.zeros(np.float32, batch, n)


def write_listed_products_outcome(returned, region, places, rows, queries, products):
    return (products,)


def add_pooled(vectors, present, types, gaps, of_places, of_types, of_gaps, pooled):
    for i in range(len(present)):
        length = next((step for step, there in enumerate(present[i]) if not there > 0), present.shape[1])
        if length:
            logits = of_places[:length] + of_types[types[i, :length]] + of_gaps[gaps[i, :length]]
            odds = np.exp(logits - logits.max(axis=0))
            pooled[i] += (odds / odds.sum(axis=0)).T @ vectors[i, :length]


@st.composite
def add_pooled_inputs(draw):
    batch, steps, heads, dim = (draw(st.integers(0, most)) for most in (3, 5, 2, 4))
    shape, kinds = (batch, steps), 4
    tables = [draws.array(draw, np.float32, (n, heads), st.floats(-4, 4, width=32)) for n in (steps, kinds, kinds)]
    return (
        draws.array(draw, np.float32, (*shape, dim), st.floats(-2, 2, width=32)),
        draws.array(draw, np.float32, shape, st.sampled_from([0, 1, 1, 1])),
        draws.array(draw, np.int32, shape, st.integers(0, kinds - 1)),
        draws.array(draw, np.int32, shape, st.integers(0, kinds - 1)),
        *tables,
        draws.zeros(np.float32, batch, heads, dim),
    )
