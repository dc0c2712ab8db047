"""The lists of all sources joined, and where each item stood in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.compiled import compiled, room
from shortlist_core.types import NO_ITEM, Int32s


def union(lists: Int32s, extra: Sequence[Int32s] | None) -> Int32s:
    """Every row that the lists [sources, batch, count] or a query's `extra` rows hold, once and ascending, int32
    [batch, n], NO_ITEM behind.
    """
    sources, batch, count = lists.shape
    listed = sources * count
    found = np.full((batch, listed + max(map(len, extra or ()), default=0)), NO_ITEM, np.int32)
    found[:, :listed].reshape(batch, sources, count)[:] = lists.transpose(1, 0, 2)
    for query, rows in enumerate(extra or ()):
        found[query, listed : listed + len(rows)] = rows
    found.view(np.uint32).sort(axis=1)  # as which NO_ITEM is the largest number there is
    return found[:, : _keep_distinct(found)]


def places(lists: Int32s, items: Int32s, n_items: int) -> Int32s:
    """Where each item [batch, n] stands in its query's lists [sources, batch, count]: int32 [sources, batch, n], 1 for
    the first, 0 where it is not.
    """
    ranks = np.zeros((len(lists), *items.shape), np.int32)
    _places(lists, items, room.int32s(n_items), ranks)
    return ranks


@compiled
def _keep_distinct(found: Int32s) -> int:
    """Close each sorted row up where a number comes again; returns how many the longest row has."""
    widest = 0
    for i in range(len(found)):
        row, end = found[i], 0
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
def _places(lists: Int32s, items: Int32s, marks: Int32s, ranks: Int32s) -> None:
    """`marks` are zeros, and zeros again afterwards."""
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
