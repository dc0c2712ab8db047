"""The largest of each row, without sorting the rest."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Float32s, Int32s, Int64s
from shortlist_kernels.top import write_top_columns, write_top_positions
from shortlist_retrieval.exclusions import Exclusions


def top_positions(values: Float32s, count: int) -> Int64s:
    """Positions of the `count` largest values of each row [batch, n], largest first, of equal ones the first first;
    int64 [batch, <= count]. -inf is larger than nothing: the positions of such values come last.
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    positions = np.empty((len(bits), min(count, bits.shape[1])), np.int64)
    write_top_positions(bits, positions)
    return positions


def top_columns(offsets: Int64s, columns: Int32s, values: Float32s, excluded: Exclusions, count: int) -> Int32s:
    """Of sparse rows (CSR) the columns of the `count` largest positive values that are not excluded, largest first, of
    equal ones the lower column first: int32 [batch, count], NO_ITEM where there are no more.
    """
    top = np.full((len(offsets) - 1, count), NO_ITEM, np.int32)
    bits = values.view(np.int32)  # of positive numbers in the numbers' order
    write_top_columns(offsets, columns, bits, excluded.offsets, excluded.joined, excluded.filter, top)
    return top
