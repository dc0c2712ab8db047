"""The lists of all sources joined, and where each item stood in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.compiled import compiled, room
from core.types import NO_ITEM, Int32s, Int64s


def union(lists: Int32s, extra: Sequence[Int32s] | None, n_items: int) -> Int32s:
    """Every row that the lists [sources, batch, count] or a query's `extra` rows hold, once and ascending, int32
    [batch, n], NO_ITEM behind.
    """
    sources, batch, count = lists.shape
    extra = [np.zeros(0, np.int32)] * batch if extra is None else extra
    found = np.full((batch, sources * count + max(map(len, extra), default=0)), NO_ITEM, np.int32)
    offsets = np.cumsum([0, *map(len, extra)], dtype=np.int64)
    joined = np.concatenate([np.zeros(0, np.int32), *extra])
    widest = _collect(lists, offsets, joined, room.int32s(n_items), found)
    found = found[:, :widest]
    found.view(np.uint32).sort(axis=1)  # as which NO_ITEM is the largest number there is
    return found


def places(lists: Int32s, items: Int32s, n_items: int) -> Int32s:
    """Where each item [batch, n] stands in its query's lists [sources, batch, count]: int32 [sources, batch, n], 1 for
    the first, 0 where it is not.
    """
    ranks = np.zeros((len(lists), *items.shape), np.int32)
    _places(lists, items, room.int32s(n_items), ranks)
    return ranks


@compiled
def _collect(lists: Int32s, offsets: Int64s, extra: Int32s, marks: Int32s, found: Int32s) -> int:
    """`marks` are zeros, and zeros again afterwards."""
    sources, batch, count = lists.shape
    widest = 0
    for i in range(batch):
        end = 0
        for s in range(sources):
            for k in range(count):
                item = lists[s, i, k]
                if item >= 0 and marks[item] == 0:
                    marks[item] = 1
                    found[i, end] = item
                    end += 1
        for k in range(offsets[i], offsets[i + 1]):
            if marks[extra[k]] == 0:
                marks[extra[k]] = 1
                found[i, end] = extra[k]
                end += 1
        for k in range(end):
            marks[found[i, k]] = 0
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
