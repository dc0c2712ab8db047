"""Strings stored one after another as UTF-8: where each lies, and the way back from an id to its row."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Bytes, Int32s, Int64s, UInt64s
from shortlist_kernels.compiled import compiled


@compiled
def write_bounds(offsets: Int64s, rows: Int64s, begins: Int64s, ends: Int64s) -> bool:
    """Write where the strings at `rows`, int64 [n], begin and end, int64 [n] each; returns whether all rows are
    there.

    String i lies at `offsets[i]:offsets[i + 1]`. At the first row that is outside it stops.
    """
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
    found_rows: Int32s,
) -> None:
    """Write the row of each id into the front of `found_rows`, int32, NO_ITEM where it is not known.

    `hashes` uint64 are ascending, `rows` int32 beside them; string r is `blob[offsets[r]:offsets[r + 1]]`. The ids
    have the hashes `wanted` [n] and are `ids[bounds[i]:bounds[i + 1]]`. Of equal hashes each is looked at.
    """
    for i in range(len(wanted)):
        found_rows[i] = NO_ITEM
        length = bounds[i + 1] - bounds[i]
        for at in range(np.searchsorted(hashes, wanted[i]), len(hashes)):
            if hashes[at] != wanted[i]:
                break
            begin = offsets[rows[at]]
            same = offsets[rows[at] + 1] - begin == length
            for k in range(length if same else 0):
                same &= blob[begin + k] == ids[bounds[i] + k]
            if same:
                found_rows[i] = rows[at]
                break
