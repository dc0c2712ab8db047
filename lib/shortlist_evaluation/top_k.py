"""Top k: from scores to ranked lists, without excluded items; ties are in a fixed order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shortlist_core.types import NO_ITEM, Float32s, Int32s, Int64s
from shortlist_evaluation.metrics import ItemSets


def top_k(scores: Float32s, k: int, exclude: ItemSets | None = None) -> Int32s:
    """The columns of the k highest scores of each row, best first, int32 [users, k].

    Equal scores are listed in ascending order of the column, so that lists are the same on every machine. Columns in
    the user's `exclude` set and scores that are not finite are never listed. `NO_ITEM` fills lists that are too short.
    """
    users, items = scores.shape
    keys = _order(scores)
    keys -= np.arange(items)
    keys[~np.isfinite(scores)] = _LAST
    if exclude is not None:
        keys[exclude.users(), exclude.items] = _LAST
    n_listed = min(k, items)
    best = np.partition(keys, items - n_listed, axis=1)[:, items - n_listed :]
    best = np.sort(best, axis=1)[:, ::-1]
    lists = np.full((users, k), NO_ITEM, np.int32)
    lists[:, :n_listed] = np.where(best == _LAST, NO_ITEM, -best & 0xFFFFFFFF)
    return lists


_LAST = np.iinfo(np.int64).min


def _order(scores: Float32s) -> Int64s:
    """Integers that order as the scores do and leave their low 32 bits free, int64 of the same shape."""
    bits: npt.NDArray[np.int32] = (np.asarray(scores, np.float32) + np.float32(0)).view(np.int32)  # + 0: no -0.0
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # negative floats order backwards as integers
    return ordered.astype(np.int64) << 32
