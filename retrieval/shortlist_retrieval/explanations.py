"""Explanations: which source speaks most for a candidate, and the history item or group that this source names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.explanations import SILENCE
from shortlist_core.types import NO_GROUP, NO_ITEM, Candidates, Queries, Reasons
from shortlist_kernels.explanations import choose_speakers
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.strongest_events import strongest_events


def reasons(sources: Sequence[Source], fusion: Fusion, queries: Queries, candidates: Candidates) -> Reasons:
    """A reason for every candidate, [batch, n]. Padding has no reason.

    The source that contributes most gives the reason. A source that can name a history item is preferred where it
    contributes at least a third as much: "because you bought X" says more than "popular".
    """
    items, shape = candidates.items, candidates.items.shape
    speakers, shares = np.empty(shape, np.int32), np.empty(shape, np.float32)
    is_speaker = np.zeros(len(sources) + 1, np.bool_)  # the last entry stands for padding
    naming = np.array([source.names_history_items for source in sources], np.bool_)
    contributions = fusion.contributions(candidates, queries)
    choose_speakers(items, contributions, np.ascontiguousarray(candidates.ranks), naming, speakers, shares, is_speaker)
    anchors, groups = np.full(shape, NO_ITEM, np.int32), np.full(shape, NO_GROUP, np.int32)
    for position in np.flatnonzero(is_speaker[:-1]).tolist():
        source = sources[position]
        if source.names_history_items:
            source.write_anchors(queries, items, speakers, position, anchors)
        elif source.names_groups:
            groups = np.maximum(groups, source.groups(queries, np.where(speakers == position, items, NO_ITEM)))
    explanations = tuple(source.explanation for source in sources)
    done = strongest_events(queries, anchors)
    return Reasons((*candidates.sources, ""), speakers, anchors, done, shares, groups, (*explanations, SILENCE))
