"""Exclusion: the first rows of a list that a query may get."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def write_first_passing(
    lists: Int32s | Int64s, offsets: Int64s, excluded: Int32s, allowed: Bools, passing: Int32s, places: Int64s
) -> None:
    """Write, for each query, the first rows of its list that are neither excluded nor filtered out.

    `lists` [batch, n], or [1, n] for all queries, hold rows, below 0 where padded. The excluded rows of query i are
    `excluded[offsets[i]:offsets[i + 1]]`, ascending. `allowed` [items] is empty where there is no filter, otherwise
    every row of `lists` lies in it. `passing` int32 [batch, count] gets the rows, NO_ITEM behind the last; `places`
    int64 [batch, count] their positions in the list, and nothing behind the last.
    """
    for i in range(len(passing)):
        excluded_here, listed = excluded[offsets[i] : offsets[i + 1]], lists[min(i, len(lists) - 1)]
        end = 0
        for j in range(len(listed)):
            if end == passing.shape[1]:
                break
            row = listed[j]
            if row < 0 or (len(allowed) > 0 and not allowed[row]):
                continue
            at = np.searchsorted(excluded_here, row)
            if at == len(excluded_here) or excluded_here[at] != row:
                passing[i, end], places[i, end] = row, j
                end += 1
        passing[i, end:] = NO_ITEM
