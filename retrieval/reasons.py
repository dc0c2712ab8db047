"""Why a candidate is there: the source that speaks for it most, and the history item that this source starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from core.types import NO_ITEM, Candidates, Float32s, Int32s, Queries, Reason
from retrieval.fusion import Fusion
from retrieval.item_item import ItemItem

if TYPE_CHECKING:
    from retrieval.retriever import Source


def reasons(sources: Sequence[Source], fusion: Fusion, queries: Queries, candidates: Candidates) -> list[list[Reason]]:
    """A reason for every candidate, [batch][n]; padding gets one without content.

    Sources that can name a history item are preferred among those that contribute: "because you bought X" says more
    than "popular", as long as it is not the weakest of the truth.
    """
    given = np.maximum(fusion.contributions(candidates), 0)
    total = np.maximum(given.sum(axis=-1, keepdims=True), 1e-9)
    shares = np.where(candidates.ranks > 0, given / total, 0)
    naming = [i for i, source in enumerate(sources) if isinstance(source, ItemItem)]
    anchors = {i: _anchors(sources[i], queries, candidates.items) for i in naming}  # type: ignore[arg-type]
    result = []
    for query in range(len(candidates)):
        result.append(
            [_reason(candidates, shares[query, n], anchors, query, n) for n in range(candidates.items.shape[1])]
        )
    return result


def _reason(candidates: Candidates, shares: Float32s, anchors: dict[int, Int32s], query: int, n: int) -> Reason:
    if candidates.items[query, n] == NO_ITEM:
        return Reason("")
    best = int(shares.argmax())
    named = [i for i in anchors if anchors[i][query, n] != NO_ITEM and shares[i] > 0]
    if best not in anchors and named:
        strongest = max(named, key=lambda i: float(shares[i]))
        if shares[strongest] >= shares[best] / 3:
            best = strongest
    anchor = int(anchors[best][query, n]) if best in anchors else NO_ITEM
    return Reason(candidates.sources[best], anchor, float(shares[best]))


def _anchors(source: ItemItem, queries: Queries, items: Int32s) -> Int32s:
    """For each candidate the history item that adds most to its score, int32 [batch, n], NO_ITEM where none does."""
    profiles = source.profile(queries)
    anchors = np.full(items.shape, NO_ITEM, np.int32)
    for query in range(len(items)):
        a, b = profiles.indptr[query], profiles.indptr[query + 1]
        wanted = items[query] != NO_ITEM
        if a < b and wanted.any():
            history = profiles.indices[a:b]
            anchors[query, wanted] = _strongest(source.weights, history, profiles.data[a:b], items[query][wanted])
    return anchors


def _strongest(weights: sp.csr_matrix, history: Int32s, counts: Float32s, wanted: Int32s) -> Int32s:
    """For each wanted item the history item whose count times weight is largest, NO_ITEM where none is positive."""
    lengths = weights.indptr[history + 1] - weights.indptr[history]
    owner = np.repeat(np.arange(len(history)), lengths)
    at = np.arange(len(owner)) + np.repeat(weights.indptr[history] - np.cumsum(lengths) + lengths, lengths)
    columns = weights.indices[at]
    relevant = np.isin(columns, wanted)
    owner, columns = owner[relevant], columns[relevant]
    parts = counts[owner] * weights.data[at[relevant]]
    strongest = np.full(len(wanted), NO_ITEM, np.int32)
    for place, item in enumerate(wanted):
        own = np.flatnonzero((columns == item) & (parts > 0))
        if len(own):
            strongest[place] = history[owner[own[parts[own].argmax()]]]
    return strongest
