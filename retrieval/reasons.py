"""Why a candidate is there: the source that speaks for it most, and the history item that this source starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

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
            parts = source.weights[history][:, items[query][wanted]].toarray() * profiles.data[a:b, None]
            best = parts.argmax(axis=0)
            named = np.where(parts.max(axis=0) > 0, history[best], NO_ITEM)
            anchors[query, wanted] = named
    return anchors
