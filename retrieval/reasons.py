"""Why a candidate is there: the source that speaks for it most, and the history item that this source starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.compiled import compiled, room
from core.types import NO_GROUP, NO_ITEM, Candidates, Float32s, Int32s, Int64s, Queries, Reason
from retrieval.als import ALS
from retrieval.demographic import Demographic
from retrieval.fusion import Fusion
from retrieval.item_item import HISTORY, ItemItem
from retrieval.profile import last_events, wanted_only
from retrieval.sparse import SUSPECTS
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
    given = np.maximum(fusion.contributions(candidates, queries.strangers), 0)
    total = np.maximum(given.sum(axis=-1, keepdims=True), 1e-9)
    shares = np.where(candidates.ranks > 0, given / total, 0)
    speakers = _speakers(sources, shares)
    anchors = np.full(candidates.items.shape, NO_ITEM, np.int32)
    groups = np.full(candidates.items.shape, NO_GROUP, np.int32)
    for i, source in enumerate(sources):
        spoken = speakers == i
        told = np.where(spoken, candidates.items, NO_ITEM)
        if isinstance(source, ItemItem) and spoken.any():
            anchors = np.maximum(anchors, _anchors(source, queries, told))
        elif isinstance(source, TwoTower | ALS) and spoken.any():
            anchors = np.maximum(anchors, _nearest(source, queries, told))
        elif isinstance(source, Demographic) and spoken.any():
            groups = np.maximum(groups, source.strongest(queries, told))
    share = np.take_along_axis(shares, speakers[..., None], -1)[..., 0]
    told_of = candidates.items, speakers, anchors, share, groups
    return [_reasons(candidates.sources, *(part[i].tolist() for part in told_of)) for i in range(len(candidates))]


def _reasons(
    names: Sequence[str],
    items: list[int],
    speakers: list[int],
    anchors: list[int],
    shares: list[float],
    groups: list[int],
) -> list[Reason]:
    return [
        Reason("") if item == NO_ITEM else Reason(names[speaker], anchor, share, group)
        for item, speaker, anchor, share, group in zip(items, speakers, anchors, shares, groups, strict=True)
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


def _anchors(source: ItemItem, queries: Queries, items: Int32s) -> Int32s:
    """For each candidate the history item that adds most to its score, int32 [batch, n], NO_ITEM where none does."""
    profiles, weights = source.profile(queries), source.weights
    anchors = np.full(items.shape, NO_ITEM, np.int32)
    _strongest(
        profiles.offsets,
        profiles.columns,
        profiles.values,
        weights.indptr,
        weights.indices,
        weights.data,
        items,
        room.int32s(weights.shape[1]),
        np.zeros(items.shape[1], np.float32),
        anchors,
    )
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


@compiled
def _strongest(
    offsets: Int64s,
    history: Int32s,
    counts: Float32s,
    indptr: Int32s,
    indices: Int32s,
    data: Float32s,
    items: Int32s,
    marks: Int32s,
    most: Float32s,
    anchors: Int32s,
) -> None:
    """For each item the history item whose count times weight is largest, where one is above 0; of equals the first.

    `marks` are zeros, and zeros again afterwards. Items past the matrix are named by none.
    """
    suspects = np.zeros(SUSPECTS, np.bool_)
    for i in range(len(items)):
        for n in range(items.shape[1]):
            if 0 <= items[i, n] < len(marks):
                marks[items[i, n]], most[n] = n + 1, 0
                suspects[items[i, n] & (SUSPECTS - 1)] = True
        for j in range(offsets[i], offsets[i + 1]):
            if history[j] >= len(indptr) - 1:
                continue
            for entry in range(indptr[history[j]], indptr[history[j] + 1]):
                if not suspects[indices[entry] & (SUSPECTS - 1)]:
                    continue
                n = marks[indices[entry]] - 1
                part = counts[j] * data[entry]
                if n >= 0 and part > most[n]:
                    most[n], anchors[i, n] = part, history[j]
        for n in range(items.shape[1]):
            if 0 <= items[i, n] < len(marks):
                marks[items[i, n]] = 0
                suspects[items[i, n] & (SUSPECTS - 1)] = False
