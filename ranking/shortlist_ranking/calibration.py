"""Calibration: what turns a scorer's logits into probabilities, and what new items' logits get added."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, softmax

from shortlist_core.types import Float32s, Float64s
from shortlist_ranking.examples import Examples, Scaling

NEW_ITEM_PENALTY = 1e-3
"""L2 penalty on the weights that new items' logits are corrected by."""


def calibrate(scores: Float32s, labels: Any) -> tuple[float, float]:
    """Slope and offset that make sigmoid(slope * logit + offset) a probability (Platt 1999).

    `labels` of the same shape as `scores`: above 0 where the item was taken, 0 where not; entries below 0 are padding
    and left out. Without both kinds of label, the slope is 1 and the offset 0.
    """
    present = labels >= 0
    x, y = scores[present].astype(np.float64), (labels[present] > 0).astype(np.float64)
    if not len(x) or not 0 < y.mean() < 1:
        return 1.0, 0.0

    def loss(parameters: Float64s) -> tuple[float, Float64s]:
        z = parameters[0] * x + parameters[1]
        p = 1 / (1 + np.exp(-z))
        value = np.mean(np.logaddexp(0, z) - y * z)
        return float(value), np.array([np.mean((p - y) * x), np.mean(p - y)])

    prior = float(np.log(y.mean() / (1 - y.mean())))
    slope, offset = minimize(loss, [0.5, prior], jac=True, method="L-BFGS-B", bounds=[(1e-3, None), (None, None)]).x
    return float(slope), float(offset)


def offset_for(scores: Float32s, labels: Any, slope: float) -> float:
    """The offset with which the mean probability is the share of taken candidates, for a given slope.

    `labels` are as in `calibrate`. The offset is 0 without both kinds of label.
    """
    present = labels >= 0
    x = slope * scores[present].astype(np.float64)
    rate = float((labels[present] > 0).mean()) if present.any() else 0.0
    if not 0 < rate < 1:
        return 0.0
    return float(brentq(lambda offset: expit(x + offset).mean() - rate, -60 - x.max(), 60 - x.min()))


def fit_new_item_weights(scores: Float32s, examples: Examples, scaling: Scaling, n_items: int) -> Float32s:
    """What to add to the logits [queries, n] of new items, which are the candidates from row `n_items` on.

    float32 [features + 1]: weights of the scaled features, then a constant. They maximise the listwise likelihood of
    what was taken, old or new, with a small L2 penalty; zeros where there are no new candidates.
    """
    informative = np.flatnonzero((examples.candidates >= n_items).any(axis=1) & (examples.labels > 0).any(axis=1))
    examples, scores = examples.select(informative), np.where(examples.labels >= 0, scores, -np.inf)[informative]
    new = examples.candidates >= n_items
    scaled = scaling.apply(examples.features[new])
    inputs = np.concatenate([scaled, np.ones((len(scaled), 1), np.float32)], axis=1)
    if not len(inputs):
        return np.zeros(inputs.shape[1], np.float32)
    taken = np.maximum(examples.labels, 0)
    target = taken / taken.sum(axis=1, keepdims=True)

    def loss(weights: Float64s) -> tuple[float, Float64s]:
        logits = scores.astype(np.float64)
        logits[new] += inputs @ weights
        mass = softmax(logits, axis=1)
        likelihood = np.where(target > 0, target * np.log(np.maximum(mass, 1e-30)), 0).sum(axis=1).mean()
        slope = inputs.T @ (mass - target)[new] / len(scores)
        return float(NEW_ITEM_PENALTY * weights @ weights - likelihood), slope + 2 * NEW_ITEM_PENALTY * weights

    start = np.zeros(inputs.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float32)
