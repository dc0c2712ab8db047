"""Items that came within a slice of time, for its system what they are for a server: known by their content alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from core.types import NO_ITEM, Bools, Int32s, Int64s, among
from layers.item_features import ItemFeatures
from ranking.examples import Examples
from retrieval.retriever import ALSO_SHARE, Retriever
from training.slices import Slice


def arrivals(cuts: Sequence[Slice]) -> Int64s:
    """Rows of the items that are new in some slice, ascending."""
    return np.flatnonzero(np.any([cut.new for cut in cuts], axis=0))


def neighbours_without(text: sp.csr_matrix, new: Bools) -> sp.csr_matrix:
    """The text neighbours [items, items] without those of new items: a server makes none."""
    if not new.any():
        return text
    old = sp.diags((~new).astype(np.float32), format="csr")
    return sp.csr_matrix(old @ text @ old)


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


def without_ids(examples: Examples, cut: Slice, items: ItemFeatures, arrived: Int64s) -> Examples:
    """The slice's examples with its new items by the rows that `items.with_new(arrived)` has for them."""
    rows = np.arange(len(items) + 1)  # the last place is NO_ITEM's
    new = np.flatnonzero(cut.new)
    rows[new], rows[-1] = len(items) + np.searchsorted(arrived, new), NO_ITEM
    named: Int32s = rows.astype(np.int32)
    return replace(examples, candidates=named[examples.candidates], history=named[examples.history])
