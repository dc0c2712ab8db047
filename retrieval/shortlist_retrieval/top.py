"""Top: the largest entries of each row, without sorting the rest."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Float32s, Int32s, Int64s
from shortlist_kernels.top import write_top_columns, write_top_positions
from shortlist_retrieval.exclusions import Exclusions


def top_positions(values: Float32s, count: int) -> Int64s:
    """Positions of the `count` largest values of each row [batch, n], largest first, int64 [batch, <= count].

    Of equal values the first comes first. Values of -inf come last; they are not left out.
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    positions = np.empty((len(bits), min(count, bits.shape[1])), np.int64)
    write_top_positions(bits, positions)
    return positions


def top_columns(offsets: Int64s, columns: Int32s, values: Float32s, excluded: Exclusions, count: int) -> Int32s:
    """Columns of the `count` largest positive values of each sparse row (CSR) that are not excluded, largest first.

    Of equal values the lower column comes first. Columns are int32 [batch, count], NO_ITEM where there are no more.
    """
    top = np.full((len(offsets) - 1, count), NO_ITEM, np.int32)
    bits = values.view(np.int32)  # the bits of positive floats have the floats' order
    write_top_columns(offsets, columns, bits, excluded.offsets, excluded.joined, excluded.filter, top)
    return top
