"""The array types that everything shares, the rows that pad arrays, and operations on arrays of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Int8s = npt.NDArray[np.int8]
Int16s = npt.NDArray[np.int16]
UInt16s = npt.NDArray[np.uint16]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

NO_ITEM = -1
"""Row that pads a rectangular array of items."""

NO_GROUP = -1
"""Row that pads a rectangular array of groups."""


def distinct(items: Int32s) -> Int32s:
    """The distinct items among `items` [any shape], ascending, without NO_ITEM.

    numpy's `unique` hashes first, which takes several times as long for the few hundred items of a request.
    """
    ordered = np.sort(items, axis=None)
    first = ordered != NO_ITEM
    first[1:] &= ordered[1:] != ordered[:-1]
    return np.asarray(ordered[first])


def among(items: Int32s, ascending: Int32s) -> Bools:
    """Which items occur in a sorted array, bool [items]; faster than np.isin for the few hundred of a request."""
    if not len(ascending):
        return np.zeros(len(items), np.bool_)
    at = np.minimum(np.searchsorted(ascending, items), len(ascending) - 1)
    return np.equal(ascending[at], items)
