"""Merging: the lists of all sources become one list of candidates, with the rank of each candidate in each list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import NO_ITEM, Int32s
from shortlist_kernels.merging import keep_distinct, write_ranks
from shortlist_kernels.scratch import scratch


def merged_rows(lists: Int32s, extra: Sequence[Int32s] | None) -> Int32s:
    """The merged candidates of each query: the rows of the lists [sources, batch, count] and its `extra` rows.

    Rows are int32 [batch, n], each once and ascending, then NO_ITEM.
    """
    sources, batch, count = lists.shape
    listed = sources * count
    merged = np.full((batch, listed + max(map(len, extra or ()), default=0)), NO_ITEM, np.int32)
    merged[:, :listed].reshape(batch, sources, count)[:] = lists.transpose(1, 0, 2)
    for query, rows in enumerate(extra or ()):
        merged[query, listed : listed + len(rows)] = rows
    merged.view(np.uint32).sort(axis=1)  # as an unsigned number NO_ITEM is the largest, so it comes last
    return merged[:, : keep_distinct(merged)]


def ranks_in(lists: Int32s, items: Int32s, n_items: int) -> Int32s:
    """The rank of each item [batch, n] in its query's lists [sources, batch, count], int32 [sources, batch, n].

    The first item of a list has rank 1. Items that are not listed have 0.
    """
    ranks = np.zeros((len(lists), *items.shape), np.int32)
    write_ranks(lists, items, scratch.int32s(n_items), ranks)
    return ranks


def in_turns(lists: Sequence[Int32s]) -> Int32s:
    """The rows of the lists, int32, the first ones of all lists first, then the second ones, each row once."""
    at = np.concatenate([np.arange(len(rows)) for rows in lists] or [np.zeros(0, np.int64)])
    rows = np.concatenate([*lists, np.zeros(0, np.int32)])[np.argsort(at, kind="stable")]
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)]
