"""Exclusion: the first rows of a list that a query may get."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def write_first_passing(
    lists: Int32s | Int64s, offsets: Int64s, barred: Int32s, allowed: Bools, passing: Int32s, places: Int64s
) -> None:
    for i in range(len(passing)):
        own, rows = barred[offsets[i] : offsets[i + 1]], lists[min(i, len(lists) - 1)]
        found = 0
        for j in range(len(rows)):
            if found == passing.shape[1]:
                break
            row = rows[j]
            if row < 0 or (len(allowed) > 0 and not allowed[row]):
                continue
            at = np.searchsorted(own, row)
            if at == len(own) or own[at] != row:
                passing[i, found], places[i, found] = row, j
                found += 1
        passing[i, found:] = NO_ITEM
