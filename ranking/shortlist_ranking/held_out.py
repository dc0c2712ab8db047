"""Held-out results: what the orders of stage one and of both stages reach on the queries that training held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from shortlist_core.types import Bools, Float32s, Float64s
from shortlist_ranking.example_ndcg import query_ndcgs
from shortlist_ranking.examples import Examples


@dataclass(frozen=True)
class HeldOut:
    """Of the held-out queries, and of all their candidates one after another."""

    served: Float64s  # NDCG@10 of each query in the order that is served, [queries]
    stage_one: Float64s  # in stage one's order, [queries]
    probabilities: Float32s  # [candidates]
    taken: Bools  # [candidates]

    @classmethod
    def of(cls, served: Float32s, stage_one: Float32s, calibration: tuple[float, float], examples: Examples) -> HeldOut:
        """The results of these scores, both [queries, n]; calibration has slope and offset of the served ones."""
        if not len(examples):
            return cls(np.zeros(0), np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.bool_))
        slope, offset = calibration
        present = examples.labels >= 0
        return cls(
            query_ndcgs(served, examples),
            query_ndcgs(stage_one, examples),
            np.asarray(expit(slope * served[present] + offset), np.float32),
            np.asarray(examples.labels[present] > 0, np.bool_),
        )
