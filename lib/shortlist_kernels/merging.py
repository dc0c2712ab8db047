"""Merging: the lists of all sources joined, and the ranks of each candidate in them."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Float32s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def keep_distinct(rows: Int32s) -> int:
    """Close each sorted row of `rows`, int32 [batch, n], up where a number comes again, NO_ITEM behind the last.

    NO_ITEM stands behind all other numbers, as in a sort of uint32. Returns how many numbers the longest row has.
    """
    widest = 0
    for i in range(len(rows)):
        row, end = rows[i], 0
        last = np.int32(NO_ITEM)
        for k in range(len(row)):  # without a branch: half of them would be guessed wrong
            number = row[k]
            row[end] = number
            end += number != last
            last = number
        end -= last == NO_ITEM and end > 0
        row[end:] = NO_ITEM
        widest = max(widest, end)
    return widest


@compiled
def write_ranks(lists: Int32s, items: Int32s, marks: Int32s, ranks: Int32s) -> None:
    """Write where each item stands in its query's lists into `ranks`, int32 [sources, batch, n] of zeros, from 1.

    `lists` int32 [sources, batch, count] and `items` int32 [batch, n] hold rows, each once, NO_ITEM as padding.
    `marks` int32 [catalogue] are zeros, and zeros again afterwards.
    """
    sources, batch, count = lists.shape
    for i in range(batch):
        for j in range(items.shape[1]):
            if items[i, j] >= 0:
                marks[items[i, j]] = j + 1
        for s in range(sources):
            for k in range(count):
                if lists[s, i, k] >= 0 and marks[lists[s, i, k]] > 0:
                    ranks[s, i, marks[lists[s, i, k]] - 1] = k + 1
        for j in range(items.shape[1]):
            if items[i, j] >= 0:
                marks[items[i, j]] = 0


@compiled
def gather(by_source: Float32s | Int32s, positions: Int64s, by_item: Float32s | Int32s) -> None:
    """Copy out of `by_source` [sources, batch, n] what stands at the positions, int64 [batch, k], into `by_item`
    [batch, k, sources].
    """
    for s in range(len(by_source)):
        for i in range(len(positions)):
            row = by_source[s, i]
            for k in range(positions.shape[1]):
                by_item[i, k, s] = row[positions[i, k]]
