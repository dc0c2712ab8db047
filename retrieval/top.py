"""The largest of each row, without sorting the rest."""

from __future__ import annotations

import numpy as np

from core.compiled import compiled
from core.types import Float32s, Int32s, Int64s


def top_positions(values: Float32s, count: int) -> Int64s:
    """Positions of the `count` largest values of each row [batch, n], largest first, of equal ones the first first;
    int64 [batch, <= count]. -inf is larger than nothing: the positions of such values come last.
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    positions = np.empty((len(bits), min(count, bits.shape[1])), np.int64)
    _top_positions(bits, positions)
    return positions


@compiled
def _top_positions(bits: Int32s, positions: Int64s) -> None:
    """`bits` are those of the numbers."""
    n, count = bits.shape[1], positions.shape[1]
    keys = np.empty(n, np.int64)
    for i in range(len(bits)):
        for k in range(n):
            ordered = bits[i, k] if bits[i, k] >= 0 else bits[i, k] ^ 0x7FFFFFFF  # in the order of the numbers
            keys[k] = (np.int64(-ordered) << 32) | k
        best = keys
        if 0 < count < n:
            best = np.partition(keys, count - 1)[:count]
        best.sort()
        for k in range(count):
            positions[i, k] = best[k] & 0xFFFFFFFF
