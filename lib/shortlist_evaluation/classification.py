"""Classification metrics of scores and probabilities: AUC, log loss, calibration; pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.types import Float64s, Int64s

Scores = npt.NDArray[np.floating[Any]]  # float32 or float64
Labels = npt.NDArray[Any]  # bool, or 0 and 1 of any type


def auc(scores: Scores, labels: Labels) -> float:
    """The chance that a random positive scores above a random negative; ties count half. NaN without both kinds.

    `scores` [n] of any scale, `labels` [n]. Computed from mean ranks (Mann and Whitney 1947).
    """
    positive = np.asarray(labels) > 0
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    mean_ranks = last - (sizes - 1) / 2.0
    rank_sum = float(mean_ranks[group][positive].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def log_loss(probabilities: Scores, labels: Labels) -> float:
    """Mean negative log likelihood in nats. Probabilities are clipped 1e-7 from 0 and 1, so that it is finite."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-7, 1 - 1e-7)
    y = np.asarray(labels, np.float64)
    return float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).mean())


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability diagram: predicted and observed shares of positives per bin of predicted probability."""

    predicted: Float64s  # [bins] mean probability, NaN in an empty bin
    observed: Float64s  # [bins] share of positives, NaN in an empty bin
    counts: Int64s  # [bins]

    @property
    def ece(self) -> float:
        """Expected calibration error: |predicted - observed| averaged over all predictions."""
        filled = self.counts > 0
        gaps = np.abs(self.predicted - self.observed)[filled]
        return float(np.average(gaps, weights=self.counts[filled]))


def reliability(probabilities: Scores, labels: Labels, bins: int = 15) -> Reliability:
    """The diagram with bins of equal width over [0, 1] (Guo et al. 2017, On Calibration of Modern Neural Networks)."""
    p = np.asarray(probabilities, np.float64)
    bin_of = np.minimum((p * bins).astype(np.int64), bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    divisor = np.where(counts > 0, counts, np.nan)
    predicted = np.bincount(bin_of, weights=p, minlength=bins) / divisor
    observed = np.bincount(bin_of, weights=np.asarray(labels, np.float64), minlength=bins) / divisor
    return Reliability(predicted, observed, counts)
