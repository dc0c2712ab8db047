"""NDCG of training examples: how well scores order the candidates of queries whose answers are known."""

from __future__ import annotations

import numpy as np

from shortlist_core.ndcg import ndcgs_at_10
from shortlist_core.types import Float32s, Float64s
from shortlist_ranking.examples import Examples


def ndcg_at_10(scores: Float32s, examples: Examples) -> float:
    """The mean of `query_ndcgs`; 0 without examples."""
    return float(query_ndcgs(scores, examples).mean()) if len(examples) else 0.0


def query_ndcgs(scores: Float32s, examples: Examples) -> Float64s:
    """NDCG@10 of each query's candidates ordered by score, float64 [queries].

    Taken items that were not retrieved count as missed.
    """
    masked = np.where(examples.labels >= 0, scores, -np.inf)
    return ndcgs_at_10(masked, np.maximum(examples.labels, 0), examples.ideal)
