"""Strings, as a dictionary finds them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from twins import draws

IDS = st.binary(max_size=3)


def write_bounds(offsets, rows, begins, ends):
    outside = np.flatnonzero((rows < 0) | (rows >= len(offsets) - 1))
    n = outside[0] if len(outside) else len(rows)
    begins[:n], ends[:n] = offsets[rows[:n]], offsets[rows[:n] + 1]
    return n == len(rows)


@st.composite
def write_bounds_inputs(draw):
    strings, n = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    rows = st.integers(0, strings - 1) if strings and draw(st.booleans()) else st.integers(-2, strings + 1)
    written = draws.zeros(np.int64, n), draws.zeros(np.int64, n)
    return draws.offsets(draw, strings), draws.array(draw, np.int64, n, rows), *written


def write_rows_of_ids(hashes, rows, blob, offsets, wanted, ids, bounds, found_rows):
    row_of = {blob[offsets[row] : offsets[row + 1]].tobytes(): row for row in rows.tolist()}
    for i in range(len(wanted)):
        found_rows[i] = row_of.get(ids[bounds[i] : bounds[i + 1]].tobytes(), NO_ITEM)


def joined(parts):
    return np.frombuffer(b"".join(parts), np.uint8).copy(), np.cumsum([0, *map(len, parts)], dtype=np.int64)


def poor_hashes(ids):
    """Of which many are equal; the largest that there is among them."""
    return np.array([(len(id) + sum(id)) % 3 * (2**63 - 1) for id in ids], np.uint64)


@st.composite
def write_rows_of_ids_inputs(draw):
    known = draw(st.lists(IDS, unique=True, max_size=12))
    wanted = draw(st.lists(st.sampled_from(known) | IDS if known else IDS, max_size=6))
    hashes = poor_hashes(known)
    rows = np.argsort(hashes, kind="stable").astype(np.int32)
    found_rows = np.full(len(wanted) + 2, 7, np.int32)
    return hashes[rows], rows, *joined(known), poor_hashes(wanted), *joined(wanted), found_rows
