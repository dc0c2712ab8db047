"""The lists of all sources joined, and where each item stood in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.compiled import compiled, room
from core.types import NO_ITEM, Int32s, Int64s

_LAST = np.iinfo(np.int32).max


def union(lists: Int32s, extra: Sequence[Int32s] | None, n_items: int) -> Int32s:
    """Every row that the lists [sources, batch, count] or a query's `extra` rows hold, once and ascending, int32
    [batch, n], NO_ITEM behind.
    """
    sources, batch, count = lists.shape
    extra = [np.zeros(0, np.int32)] * batch if extra is None else extra
    found = np.full((batch, sources * count + max(map(len, extra), default=0)), _LAST, np.int32)
    offsets = np.cumsum([0, *map(len, extra)], dtype=np.int64)
    joined = np.concatenate([np.zeros(0, np.int32), *extra])
    widest = _collect(lists, offsets, joined, room.int32s(n_items), found)
    found = found[:, :widest]
    found.sort(axis=1)
    return np.where(found == _LAST, NO_ITEM, found)


def places(lists: Int32s, items: Int32s, n_items: int, ranks: Int32s) -> None:
    """Write into `ranks`, int32 [batch, n] of zeros, where each item stands in its query's list, 1 for the first."""
    _places(lists, items, room.int32s(n_items), ranks)


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
    for i in range(len(lists)):
        for k in range(lists.shape[1]):
            if lists[i, k] >= 0:
                marks[lists[i, k]] = k + 1
        for j in range(items.shape[1]):
            if items[i, j] >= 0:
                ranks[i, j] = marks[items[i, j]]
        for k in range(lists.shape[1]):
            if lists[i, k] >= 0:
                marks[lists[i, k]] = 0
