"""Why a candidate is there: the source that speaks for it most, and the history item that this source starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from core.types import NO_ITEM, Candidates, Float32s, Int32s, Int64s, Queries, Reason
from retrieval.als import ALS
from retrieval.fusion import Fusion
from retrieval.item_item import HISTORY, ItemItem
from retrieval.profile import last_events, wanted_only
from retrieval.sparse import row_entries
from retrieval.two_tower import TwoTower

if TYPE_CHECKING:
    from retrieval.retriever import Source

NAMING = (ItemItem, TwoTower, ALS)
"""Sources that add up what the items of a history say, and so can name the one that says most."""


def reasons(sources: Sequence[Source], fusion: Fusion, queries: Queries, candidates: Candidates) -> list[list[Reason]]:
    """A reason for every candidate, [batch][n]; padding gets one without content.

    Sources that can name a history item are preferred among those that contribute: "because you bought X" says more
    than "popular", as long as it is not the weakest of the truth.
    """
    given = np.maximum(fusion.contributions(candidates), 0)
    total = np.maximum(given.sum(axis=-1, keepdims=True), 1e-9)
    shares = np.where(candidates.ranks > 0, given / total, 0)
    speakers = _speakers(sources, shares)
    anchors = np.full(candidates.items.shape, NO_ITEM, np.int32)
    for i, source in enumerate(sources):
        spoken = speakers == i
        told = np.where(spoken, candidates.items, NO_ITEM)
        if isinstance(source, ItemItem) and spoken.any():
            anchors = np.maximum(anchors, _anchors(source, queries, told))
        elif isinstance(source, TwoTower | ALS) and spoken.any():
            anchors = np.maximum(anchors, _nearest(source, queries, told))
    return [
        [_reason(candidates, speakers, anchors, shares, query, n) for n in range(candidates.items.shape[1])]
        for query in range(len(candidates))
    ]


def _speakers(sources: Sequence[Source], shares: Float32s) -> Int64s:
    """The source that gives the reason for each candidate, int64 [batch, n]: the one with the largest share, or one
    that can name a history item where its share is at least a third of that.
    """
    best: Int64s = shares.argmax(axis=-1)
    naming = np.array([isinstance(source, NAMING) for source in sources])
    if not naming.any():
        return best
    named: Int64s = np.where(naming, shares, -1).argmax(axis=-1)
    share_of = np.take_along_axis
    strong = share_of(shares, named[..., None], -1) >= np.maximum(share_of(shares, best[..., None], -1) / 3, 1e-9)
    speakers: Int64s = np.where(strong[..., 0], named, best)
    return speakers


def _reason(candidates: Candidates, speakers: Int64s, anchors: Int32s, shares: Float32s, query: int, n: int) -> Reason:
    if candidates.items[query, n] == NO_ITEM:
        return Reason("")
    speaker = int(speakers[query, n])
    return Reason(candidates.sources[speaker], int(anchors[query, n]), float(shares[query, n, speaker]))


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


def _nearest(source: TwoTower | ALS, queries: Queries, items: Int32s) -> Int32s:
    """As `_anchors`, for users who are made of their items' vectors: the history item whose vector points most alike.

    Not the largest product: an item with a long vector, a popular one, would be named for everything.
    """
    anchors = np.full(items.shape, NO_ITEM, np.int32)
    events = last_events(wanted_only(queries), HISTORY)
    for query in range(len(items)):
        history, wanted = events.history(query), np.flatnonzero(items[query] != NO_ITEM)
        if len(history) and len(wanted):
            read = source.index.take(history)
            products = source.index.take(items[query][wanted]) @ read.T
            products /= np.maximum(np.linalg.norm(read, axis=1), 1e-9)
            closest = products.argmax(axis=1)
            near = products[np.arange(len(wanted)), closest] > 0
            anchors[query, wanted] = np.where(near, history[closest], NO_ITEM)
    return anchors


def _strongest(weights: sp.csr_matrix, history: Int32s, counts: Float32s, wanted: Int32s) -> Int32s:
    """For each wanted item the history item whose count times weight is largest, NO_ITEM where none is positive."""
    owner, at = row_entries(weights, history)
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
