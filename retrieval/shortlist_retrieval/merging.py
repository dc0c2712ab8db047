"""The lists of all sources merged, and the rank of each merged candidate in each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import NO_ITEM, Int32s
from shortlist_kernels.merging import keep_distinct, write_ranks
from shortlist_kernels.scratch import scratch


def merged_rows(lists: Int32s, extra: Sequence[Int32s] | None) -> Int32s:
    """Every row that the lists [sources, batch, count] or a query's `extra` rows hold, once and ascending, int32
    [batch, n], NO_ITEM behind.
    """
    sources, batch, count = lists.shape
    listed = sources * count
    merged = np.full((batch, listed + max(map(len, extra or ()), default=0)), NO_ITEM, np.int32)
    merged[:, :listed].reshape(batch, sources, count)[:] = lists.transpose(1, 0, 2)
    for query, rows in enumerate(extra or ()):
        merged[query, listed : listed + len(rows)] = rows
    merged.view(np.uint32).sort(axis=1)  # as which NO_ITEM is the largest number there is
    return merged[:, : keep_distinct(merged)]


def ranks_in(lists: Int32s, items: Int32s, n_items: int) -> Int32s:
    """The rank of each item [batch, n] in its query's lists [sources, batch, count]: int32 [sources, batch, n], 1 for
    the first, 0 where it is not listed.
    """
    ranks = np.zeros((len(lists), *items.shape), np.int32)
    write_ranks(lists, items, scratch.int32s(n_items), ranks)
    return ranks
