"""Calibration: predicted probabilities beside the share that was taken, bin by bin."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Bools, Float32s
from shortlist_report.record import Calibration, CalibrationBin, Estimate

EDGES = (0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
"""Most candidates are unlikely, so bins get wider with the probability."""

Z = 1.96
"""Standard errors on each side of a 95 % interval."""


def calibration(probabilities: Float32s, taken: Bools, about: str) -> Calibration | None:
    """The calibration of candidates, both arrays [candidates]; None without any.

    The error is the expected calibration error (Naeini et al. 2015): the mean distance of predicted probability and
    share taken, weighed by the candidates of the bins. Intervals of the shares are Wilson's (1927).
    """
    if not len(probabilities):
        return None
    which = np.clip(np.searchsorted(EDGES, probabilities, side="right") - 1, 0, len(EDGES) - 2)
    counts = np.bincount(which, minlength=len(EDGES) - 1)
    predicted = np.bincount(which, probabilities.astype(np.float64), len(EDGES) - 1)
    hits = np.bincount(which, taken, len(EDGES) - 1)
    bins = tuple(
        CalibrationBin(
            EDGES[i], EDGES[i + 1], int(counts[i]), float(predicted[i] / counts[i]), _share(hits[i], counts[i])
        )
        for i in np.flatnonzero(counts)
    )
    return Calibration(about, float(np.abs(predicted - hits).sum() / len(probabilities)), bins)


def _share(hits: float, n: int) -> Estimate:
    share = hits / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * float(np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))) / (1 + Z**2 / n)
    return Estimate(float(share), max(float(centre - half), 0.0), min(float(centre + half), 1.0))
