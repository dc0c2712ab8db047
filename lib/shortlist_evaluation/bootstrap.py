"""Bootstrap confidence intervals of means over users."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shortlist_core.types import Float64s

CELLS = 1 << 22
"""Users x resamples drawn at a time: bounds memory at 32 MiB whatever the number of users."""


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


def mean_interval(values: Float64s, level: float = 0.95, resamples: int = 1000, seed: int = 0) -> Interval:
    """The percentile interval of the mean of `values` [users], which are resampled with replacement (Efron 1979).

    NaN marks users for whom the metric is undefined; they are left out. Without any value the interval is (NaN, NaN).
    To compare two systems on the same users, pass the per-user differences: the systems differ if the interval does not
    contain 0.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    step = max(1, CELLS // len(values))
    for start in range(0, resamples, step):
        stop = min(start + step, resamples)
        drawn = rng.integers(0, len(values), size=(stop - start, len(values)))
        means[start:stop] = values[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
