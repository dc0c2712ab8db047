"""Why a candidate is there: the source that speaks for it most, and the history item that this source starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shortlist_core.types import (
    EVENT_WEIGHTS,
    NO_GROUP,
    NO_ITEM,
    Candidates,
    EventType,
    Int32s,
    Queries,
    Reasons,
)
from shortlist_kernels.explanations import (
    choose_speakers,
    write_nearest,
    write_needed_rows,
    write_strongest,
    write_strongest_events,
)
from shortlist_kernels.scratch import scratch
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.profile import last_events, wanted_only
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.item_item import HISTORY, ItemItem
from shortlist_retrieval.sources.two_tower import TwoTower

if TYPE_CHECKING:
    from shortlist_retrieval.retriever import Source

NAMING = (ItemItem, TwoTower, ALS)
"""Sources that add up what the items of a history say, and so can name the one that says most."""

_WEIGHTS = np.array([EVENT_WEIGHTS[kind] for kind in EventType], np.float32)


def reasons(sources: Sequence[Source], fusion: Fusion, queries: Queries, candidates: Candidates) -> Reasons:
    """A reason for every candidate, [batch, n]; nothing is said of padding.

    Sources that can name a history item are preferred among those that contribute: "because you bought X" says more
    than "popular", as long as it is not the weakest of the truth.
    """
    items, shape = candidates.items, candidates.items.shape
    speakers, shares = np.empty(shape, np.int32), np.empty(shape, np.float32)
    anchors, groups = np.full(shape, NO_ITEM, np.int32), np.full(shape, NO_GROUP, np.int32)
    spoken = np.zeros(len(sources) + 1, np.bool_)  # the last one speaks for padding
    naming = np.array([isinstance(source, NAMING) for source in sources], np.bool_)
    given, ranks = fusion.contributions(candidates, queries.strangers), np.ascontiguousarray(candidates.ranks)
    choose_speakers(items, given, ranks, naming, speakers, shares, spoken)
    wanted: Queries | None = None
    for i in np.flatnonzero(spoken[:-1]).tolist():
        source = sources[i]
        if isinstance(source, ItemItem):
            _strongest(source, queries, items, speakers, i, anchors)
        elif isinstance(source, TwoTower | ALS):
            wanted = wanted or last_events(wanted_only(queries), HISTORY)
            _nearest(source, wanted, items, speakers, i, anchors)
        elif isinstance(source, Demographic):
            groups = np.maximum(groups, source.strongest(queries, np.where(speakers == i, items, NO_ITEM)))
    done = np.full(shape, EventType.INTERACTION, np.int8)
    write_strongest_events(queries.offsets, queries.items, queries.types, _WEIGHTS, anchors, done)
    return Reasons((*candidates.sources, ""), speakers, anchors, done, shares, groups)


def _strongest(
    source: ItemItem, queries: Queries, items: Int32s, speakers: Int32s, speaker: int, anchors: Int32s
) -> None:
    """Write, for each candidate that the source speaks for, the history item that adds most to its score."""
    profiles, weights = source.profile(queries), source.weights
    write_strongest(
        profiles.offsets,
        profiles.columns,
        profiles.values,
        weights.indptr,
        weights.indices,
        weights.data,
        items,
        speakers,
        speaker,
        scratch.int32s(weights.shape[1]),
        np.zeros(items.shape[1], np.float32),
        anchors,
    )


def _nearest(
    source: TwoTower | ALS, events: Queries, items: Int32s, speakers: Int32s, speaker: int, anchors: Int32s
) -> None:
    """As `_strongest`, for users who are made of their items' vectors: of the wanted `events` the item whose vector
    points most alike.

    Not the largest product: an item with a long vector, a popular one, would be named for everything.
    """
    rows = np.empty(len(events.items) + items.size, np.int32)
    count = write_needed_rows(events.offsets, events.items, items, speakers, speaker, rows)
    vectors = source.index.take(rows[:count])
    write_nearest(events.offsets, events.items, speakers, speaker, vectors, anchors)
