"""Logistic regression of a few inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from shortlist_core.types import Bools, Float64s

PENALTY = 1e-3
"""L2 penalty on the weights."""


def logistic(x: Float64s, y: Bools) -> Float64s:
    """The weights of a logistic regression of `y` [n] on `x` [n, inputs], and its constant: float64 [inputs + 1]."""
    inputs = np.concatenate([x, np.ones((len(x), 1))], axis=1)

    def loss(weights: Float64s) -> tuple[float, Float64s]:
        z = inputs @ weights
        value = np.mean(np.logaddexp(0, z) - y * z) + PENALTY * weights[:-1] @ weights[:-1]
        slope = inputs.T @ (expit(z) - y) / len(y)
        slope[:-1] += 2 * PENALTY * weights[:-1]
        return float(value), slope

    found: Any = minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x, np.float64)
