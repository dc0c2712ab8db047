"""Items that came within a slice of time, for its system what they are for a server: known by their content alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Int32s, among
from shortlist_ranking.examples import Examples
from shortlist_retrieval.retriever import ALSO_SHARE, Retriever
from shortlist_training.slices import Slice


def proposals(retriever: Retriever, cut: Slice, count: int, block: int) -> list[Int32s]:
    """For each query of a slice the new items, best first, that a server would put among `count` candidates.

    `block` queries are answered at a time.
    """
    rows, found = np.flatnonzero(cut.new).astype(np.int32), list[Int32s]()
    for start in range(0, len(cut.queries), block):
        queries = cut.queries.slice(start, start + block)
        nearest = retriever.nearest(queries, rows, len(rows))
        passing = (own[~among(own, seen)] for own, seen in zip(nearest, queries.seen(), strict=True))
        found += [own[: int(ALSO_SHARE * count)] for own in passing]
    return found


def without_ids(examples: Examples, new: Bools) -> Examples:
    """The examples with the new items by the rows that `ItemFeatures.with_new` has for them."""
    rows = np.arange(len(new) + 1)  # the last place is NO_ITEM's
    rows[:-1][new], rows[-1] = len(new) + np.arange(np.count_nonzero(new)), NO_ITEM
    named: Int32s = rows.astype(np.int32)
    return replace(examples, candidates=named[examples.candidates], history=named[examples.history])
