"""Qualities: how well one source alone finds what the users of a slice took."""

from __future__ import annotations

import numpy as np

from shortlist_core.ndcg import dcg_at
from shortlist_core.types import Float64s
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.sources.scores import Scoring
from shortlist_training.samples import BLOCK
from shortlist_training.slice import Slice


def qualities(source: Scoring, cut: Slice) -> Float64s:
    """The mean of NDCG@10 and Recall@100 of each query, float64 [queries]."""
    ideal, counts = cut.ideal(), np.diff(cut.taken_offsets)
    parts = [np.zeros(0)]
    for start in range(0, len(cut.queries), BLOCK):
        queries = cut.queries.slice(start, start + BLOCK)
        gains = cut.gains_of(source.scores(queries).top(100, Exclusions(queries.seen(), cut.in_catalogue)), start)
        rows = slice(start, start + len(gains))
        parts.append((dcg_at(gains, 10) / ideal[rows] + (gains > 0).sum(axis=1) / counts[rows]) / 2)
    return np.concatenate(parts)
