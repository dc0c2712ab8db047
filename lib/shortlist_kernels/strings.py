"""Strings stored one after another as UTF-8: where each lies, and the way back from an id to its row."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Bytes, Int32s, Int64s, UInt64s
from shortlist_kernels.compiled import compiled


@compiled
def write_bounds(offsets: Int64s, rows: Int64s, begins: Int64s, ends: Int64s) -> bool:
    """Write where the strings at the rows begin and end; whether there are all of them."""
    for i in range(len(rows)):
        if not 0 <= rows[i] < len(offsets) - 1:
            return False
        begins[i], ends[i] = offsets[rows[i]], offsets[rows[i] + 1]
    return True


@compiled
def write_rows_of_ids(
    hashes: UInt64s,
    rows: Int32s,
    blob: Bytes,
    offsets: Int64s,
    wanted: UInt64s,
    ids: Bytes,
    bounds: Int64s,
    found: Int32s,
) -> None:
    """Write the row of each id into the front of `found`; of equal hashes each is looked at."""
    for i in range(len(wanted)):
        found[i] = NO_ITEM
        length = bounds[i + 1] - bounds[i]
        for at in range(np.searchsorted(hashes, wanted[i]), len(hashes)):
            if hashes[at] != wanted[i]:
                break
            begin = offsets[rows[at]]
            same = offsets[rows[at] + 1] - begin == length
            for k in range(length if same else 0):
                same &= blob[begin + k] == ids[bounds[i] + k]
            if same:
                found[i] = rows[at]
                break
