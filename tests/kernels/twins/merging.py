"""Merging, by numpy's sets and indices."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from twins import draws

ITEMS = 12
ROWS = st.integers(0, ITEMS - 1)


def keep_distinct(rows):
    widest = 0
    for row in rows:
        numbers = np.unique(row[row != NO_ITEM])
        row[:] = NO_ITEM
        row[: len(numbers)] = numbers
        widest = max(widest, len(numbers))
    return widest


@st.composite
def keep_distinct_inputs(draw):
    shape = draw(st.integers(0, 3)), draw(st.integers(0, 12))
    rows = draws.array(draw, np.int32, shape, ROWS | st.just(NO_ITEM))
    rows.view(np.uint32).sort(axis=1)
    return (rows,)


def write_ranks(lists, items, marks, ranks):
    for s, i, j in np.ndindex(ranks.shape):
        if items[i, j] != NO_ITEM and items[i, j] in lists[s, i]:
            ranks[s, i, j] = 1 + lists[s, i].tolist().index(items[i, j])


@st.composite
def write_ranks_inputs(draw):
    sources, batch, count, n = (draw(st.integers(0, most)) for most in (3, 3, 5, 6))
    rows_of_lists, rows_of_items = np.full(sources * batch, count).cumsum(), np.full(batch, n).cumsum()
    lists = draws.distinct(draw, np.concatenate([[0], rows_of_lists]), ROWS).reshape(sources, batch, count)
    items = draws.distinct(draw, np.concatenate([[0], rows_of_items]), ROWS).reshape(batch, n)
    for padded in (lists, items):
        padded[draws.array(draw, np.bool_, padded.shape, st.booleans())] = NO_ITEM
    return lists, items, draws.zeros(np.int32, ITEMS), draws.zeros(np.int32, sources, batch, n)


def gather(by_source, positions, by_item):
    by_item[:] = np.take_along_axis(by_source, positions[None], axis=2).transpose(1, 2, 0)


@st.composite
def gather_inputs(draw):
    sources, batch, n, k = (draw(st.integers(low, 4)) for low in (0, 0, 1, 0))
    kind = draw(st.sampled_from([np.float32, np.int32]))
    by_source = draws.array(draw, kind, (sources, batch, n), st.integers(-9, 9))
    positions = draws.array(draw, np.int64, (batch, k), st.integers(0, n - 1))
    return by_source, positions, draws.zeros(kind, batch, k, sources)
