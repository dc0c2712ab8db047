"""What the inputs of many kernels are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

FLOATS = st.floats(-100, 100, width=32)
ANY_FLOATS = st.floats(width=32)  # NaN and infinity among them
FEW_FLOATS = st.integers(-3, 3).map(np.float32)  # of which many are equal, and whose sums and products are exact


def array(draw: st.DrawFn, kind: Any, shape: int | tuple[int, ...], elements: st.SearchStrategy[Any]) -> Any:
    """An array with elements of a strategy, each drawn for itself where they are not thousands."""
    shape = shape if isinstance(shape, tuple) else (int(shape),)
    fill = st.nothing() if np.prod(shape) < 1_000 else None
    return draw(arrays.arrays(kind, shape, elements=elements, fill=fill))


def offsets(draw: st.DrawFn, rows: int, longest: int = 6) -> Any:
    """Where so many rows begin and end, int64 [rows + 1]."""
    lengths = draw(st.lists(st.integers(0, longest), min_size=rows, max_size=rows))
    return np.cumsum([0, *lengths], dtype=np.int64)


def distinct(draw: st.DrawFn, offsets: Any, values: st.SearchStrategy[int], ascending: bool = False) -> Any:
    """For each row numbers that are all different, int32 [numbers]; no row may be longer than there are values."""
    rows = [draw(st.lists(values, unique=True, min_size=n, max_size=n)) for n in np.diff(offsets).tolist()]
    return np.array([number for row in rows for number in (sorted(row) if ascending else row)], np.int32)


def zeros(kind: Any, *shape: int) -> Any:
    """What a kernel writes into."""
    return np.zeros(shape, kind)
