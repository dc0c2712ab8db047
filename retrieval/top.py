"""The first of each row by some order, without sorting the rest."""

from __future__ import annotations

import numpy as np

from core.types import Float32s, Int64s


def smallest(keys: Int64s, count: int) -> Int64s:
    """The `count` smallest keys of each row [batch, n], ascending, int64 [batch, <= count]; `keys` may be reordered."""
    if keys.shape[1] > count:
        keys = np.partition(keys, count - 1, axis=1)[:, :count] if count else keys[:, :0]
    keys.sort(axis=1)
    return keys


def top_positions(values: Float32s, count: int) -> Int64s:
    """Positions of the `count` largest values of each row [batch, n], largest first, of equal ones the first first;
    int64 [batch, <= count]. -inf is larger than nothing: the positions of such values come last.
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    ordered = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int64)  # in the order of the numbers
    return np.asarray(smallest((-ordered << 32) | np.arange(values.shape[1]), count) & 0xFFFFFFFF)
