"""Filling: what a filter lets through makes lists full where the sources propose too few of it."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Float32s, Int32s, among
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.merging import merged_rows
from shortlist_retrieval.top import top_positions


def filled(items: Int32s, count: int, excluded: Exclusions, takers: Float32s | None) -> Int32s:
    """The merged candidates, with as many of the filter's items as make `count`, those first that most users took.

    The sources know nothing that speaks for these items, as behind a filter that lets through what nobody took.
    `takers`, float32 [items], grows with the users who took an item; without it the first rows come first. Rows are
    int32 [batch, n], each once and ascending, then NO_ITEM.
    """
    lists = []
    for query, merged in enumerate(items):
        own = merged[merged != NO_ITEM]
        if (missing := count - len(own)) > 0:
            passing = excluded.passing_rows(query)
            rest = passing[~among(passing, own)]
            weights = np.zeros(len(rest), np.float32) if takers is None else takers[rest]
            own = np.concatenate([own, rest[top_positions(weights[None], missing)[0]]])
        lists.append(own)
    return merged_rows(np.full((1, len(items), 0), NO_ITEM, np.int32), lists)
