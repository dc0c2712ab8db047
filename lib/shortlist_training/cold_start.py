"""Simulates the cold start of items: those that came within a slice are known by their content alone, as to a server.

What the ranker makes of new items is learned from this.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Int32s, among
from shortlist_ranking.examples import Examples
from shortlist_retrieval.retriever import ALSO_SHARE, Retriever
from shortlist_training.slice import Slice


def new_item_candidates(retriever: Retriever, cut: Slice, count: int, block: int) -> list[Int32s]:
    """For each query of a slice, the new items that a server would add to `count` candidates: int32 rows, best first.

    `block` queries are answered at a time.
    """
    rows, candidates = np.flatnonzero(cut.new).astype(np.int32), list[Int32s]()
    for start in range(0, len(cut.queries), block):
        queries = cut.queries.slice(start, start + block)
        nearest = retriever.nearest(queries, rows, len(rows))
        unseen = (ranked[~among(ranked, seen)] for ranked, seen in zip(nearest, queries.seen(), strict=True))
        candidates += [ranked[: int(ALSO_SHARE * count)] for ranked in unseen]
    return candidates


def at_new_rows(examples: Examples, new: Bools) -> Examples:
    """The examples with new items at the rows of their copies in `ItemFeatures.with_new_copies`, which have no ids."""
    rows = np.arange(len(new) + 1)  # the last entry is that of NO_ITEM, which is -1
    rows[:-1][new], rows[-1] = len(new) + np.arange(np.count_nonzero(new)), NO_ITEM
    moved: Int32s = rows.astype(np.int32)
    return replace(examples, candidates=moved[examples.candidates], history=moved[examples.history])
