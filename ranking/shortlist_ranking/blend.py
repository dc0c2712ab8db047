"""Blend: how much of the served order is the ranker's and how much stage one's, decided on held-out examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_core.ndcg import beats
from shortlist_core.types import Float32s
from shortlist_ranking.example_ndcg import query_ndcgs
from shortlist_ranking.examples import Examples

SHARES = (1.0, 0.75, 0.5, 0.25)
"""Shares of the ranker that are tried; where none is better than stage one beyond chance, its share is 0."""

MIXED = (0.75, 0.5)
"""Shares that are preferred to others that are hardly better."""

EVEN = 0.5
"""The share of a blend to which both opinions add as much; at most that of the ranker for users who have been away."""

CERTAIN, LIKELY = 2.0, 1.0
"""Standard errors by which a blend must be better than stage one: where most of it is the ranker's, and up to half."""


@dataclass(frozen=True)
class Blend:
    """The share of the ranker's logits in the served scores; the rest is stage one's fused score.

    The measurements are those of the held-out examples.
    """

    share: float  # 1: the ranker's order, 0: stage one's
    ndcg: float  # at 10, of the blend
    stage_one_ndcg: float  # at 10, of stage one's order

    @property
    def order(self) -> str:
        """Whose order is served."""
        if self.share in (0, 1):
            return "the ranker's" if self.share else "stage one's"
        return f"{self.share:.0%} the ranker's and {1 - self.share:.0%} stage one's"

    @property
    def measured(self) -> str:
        """What both orders reached."""
        return (
            f"on held-out queries its NDCG@10 was {self.ndcg:.4f}, that of stage one's alone {self.stage_one_ndcg:.4f}"
        )

    def __str__(self) -> str:
        return f"The order that is served is {self.order}: {self.measured}."


def choose_blend(logits: Float32s, fused: Float32s, examples: Examples) -> Blend:
    """The blend that ranks the examples best, among those that are better than stage one beyond chance.

    `logits` and `fused`, float32 [queries, n], are the scores of the ranker and of stage one. Orders are compared query
    by query, because queries differ much more from one another than two orders of one query do. Of blends that are as
    good as the best one, as far as one standard error can tell, one with much of both is taken: two opinions err less
    than one where the data is not like the held-out examples.
    """
    if not len(examples):
        return Blend(0.0, 0.0, 0.0)
    stage_one = query_ndcgs(fused, examples)
    ndcgs = {share: query_ndcgs(blended(share, logits, fused), examples) for share in SHARES}
    surely = [share for share in SHARES if beats(ndcgs[share], stage_one, CERTAIN if share > EVEN else LIKELY)]
    if not surely:
        return Blend(0.0, float(stage_one.mean()), float(stage_one.mean()))
    best = max(surely, key=lambda share: float(ndcgs[share].mean()))
    as_good = [share for share in surely if not beats(ndcgs[best], ndcgs[share], 1.0)]
    share = max(as_good, key=lambda share: (share in MIXED, float(ndcgs[share].mean())))
    return Blend(share, float(ndcgs[share].mean()), float(stage_one.mean()))


def blended(share: float, logits: Float32s, fused: Float32s) -> Float32s:
    """The logits and stage one's scores in one, by the share of the logits; all of one shape."""
    return logits if share == 1 else np.asarray(share * logits + (1 - share) * fused, np.float32)
