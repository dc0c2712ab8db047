"""Simulates the cold start of items: those that came within a slice are known by their content alone, as to a server.

What the ranker makes of new items is learned from this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import NO_ITEM, Bools, Int32s, among
from shortlist_ranking.examples import Examples
from shortlist_retrieval.retriever import ALSO_SHARE, Retriever, Source
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_training.slices import Slice


def simulate_cold_start(sources: Sequence[Source], tower: TwoTower, new: Bools) -> tuple[Source, ...]:
    """The sources of a server that took in the items `new`, bool [items], after its training.

    `tower` encodes these items by their content and replaces the two-tower source. No other source scores them.
    """
    simulated: list[Source] = []
    for source in sources:
        if isinstance(source, TwoTower):
            source = tower
        elif source.name == "text" and isinstance(source, ItemItem):
            source = replace(source, weights=without_neighbours_of(source.weights, new))
        simulated.append(source)
    return tuple(simulated)


def without_neighbours_of(text: sp.csr_matrix, new: Bools) -> sp.csr_matrix:
    """The text neighbours [items, items] without rows and columns of new items: a server computes none for them."""
    old = sp.diags((~new).astype(np.float32), format="csr")
    return sp.csr_matrix(old @ text @ old)


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
