"""Exclusion, row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from twins import draws

ITEMS = 9
ROWS = st.integers(0, ITEMS - 1)


def write_first_passing(lists, offsets, excluded, allowed, passing, places):
    count = passing.shape[1]
    for i in range(len(passing)):
        listed = lists[0] if len(lists) == 1 else lists[i]
        may = (listed >= 0) & ~np.isin(listed, excluded[offsets[i] : offsets[i + 1]])
        if len(allowed):
            may &= allowed[np.maximum(listed, 0)]
        at = np.flatnonzero(may)[:count]
        passing[i] = NO_ITEM
        passing[i, : len(at)], places[i, : len(at)] = listed[at], at


@st.composite
def write_first_passing_inputs(draw):
    batch, n, kind = draw(st.integers(1, 3)), draw(st.integers(0, 9)), draw(st.sampled_from([np.int32, np.int64]))
    lists = draws.array(draw, kind, (draw(st.sampled_from([1, batch])), n), ROWS | st.just(NO_ITEM))
    offsets = draws.offsets(draw, batch, 5)
    allowed = draws.array(draw, np.bool_, draw(st.sampled_from([0, ITEMS])), st.booleans())
    count = draw(st.integers(0, 6))
    written = draws.zeros(np.int32, batch, count), draws.zeros(np.int64, batch, count)
    return lists, offsets, draws.distinct(draw, offsets, ROWS, True), allowed, *written
