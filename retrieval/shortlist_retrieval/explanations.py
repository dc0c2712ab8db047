"""Why a candidate is there: the source that speaks for it most, and the history item that this source starts from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.explanations import SILENCE
from shortlist_core.types import EVENT_WEIGHTS, NO_GROUP, NO_ITEM, Candidates, EventType, Queries, Reasons
from shortlist_kernels.explanations import choose_speakers, write_strongest_events
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.sources.source import Source

_WEIGHTS = np.array([EVENT_WEIGHTS[kind] for kind in EventType], np.float32)


def reasons(sources: Sequence[Source], fusion: Fusion, queries: Queries, candidates: Candidates) -> Reasons:
    """A reason for every candidate, [batch, n]; nothing is said of padding.

    Sources that can name a history item are preferred among those that contribute: "because you bought X" says more
    than "popular", as long as it is not the weakest of the truth.
    """
    items, shape = candidates.items, candidates.items.shape
    speakers, shares = np.empty(shape, np.int32), np.empty(shape, np.float32)
    spoken = np.zeros(len(sources) + 1, np.bool_)  # the last one speaks for padding
    naming = np.array([source.names_history_items for source in sources], np.bool_)
    given = fusion.contributions(candidates, queries.without_history)
    choose_speakers(items, given, np.ascontiguousarray(candidates.ranks), naming, speakers, shares, spoken)
    anchors, groups = np.full(shape, NO_ITEM, np.int32), np.full(shape, NO_GROUP, np.int32)
    for place in np.flatnonzero(spoken[:-1]).tolist():
        spoken_for = np.where(speakers == place, items, NO_ITEM)
        if sources[place].names_history_items:
            anchors = np.maximum(anchors, sources[place].anchors(queries, spoken_for))
        else:
            groups = np.maximum(groups, sources[place].groups(queries, spoken_for))
    done = np.full(shape, EventType.INTERACTION, np.int8)
    write_strongest_events(queries.offsets, queries.items, queries.types, _WEIGHTS, anchors, done)
    explanations = tuple(source.explanation for source in sources)
    return Reasons((*candidates.sources, ""), speakers, anchors, done, shares, groups, (*explanations, SILENCE))
