"""One score out of many sources: a linear model of their signals, learned from what people took next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.signals import signals, weighted_signals
from core.types import Candidates, Float32s, Float64s

PENALTY = 1e-3


@dataclass(frozen=True)
class Fusion:
    """Weights of the signals of `core.signals`."""

    weights: Float32s  # [2 * sources]

    @classmethod
    def even(cls, n_sources: int) -> Fusion:
        """Every source counts alike, by its places alone: reciprocal rank fusion (Cormack et al. 2009)."""
        return cls(np.repeat([0, 1], n_sources).astype(np.float32))

    @classmethod
    def fit(cls, inputs: Float32s, gains: Float32s) -> Fusion:
        """Learn from candidates: signals float32 [queries, n, 2 * sources], gains [queries, n], 0 where not taken.

        Maximises the listwise log likelihood of what was taken, each item by its gain (ListNet's top-one loss, Cao et
        al. 2007), with a small
        L2 penalty. Queries without a taken candidate teach nothing; padding is a row of zeros that was not taken.
        """
        taught = gains.any(axis=1)
        inputs, gains = inputs[taught], gains[taught]
        if not len(inputs):
            return cls.even(inputs.shape[2] // 2)
        target = (gains / gains.sum(axis=1, keepdims=True)).astype(np.float32)
        present = inputs.any(axis=2)

        def loss(weights: Float64s) -> tuple[float, Float64s]:
            scores = np.where(present, inputs @ weights.astype(np.float32), -np.inf)
            top = scores.max(axis=1, keepdims=True)
            odds = np.exp(scores - top)
            total = odds.sum(axis=1, keepdims=True)
            likelihood = (target * np.where(present, scores - top - np.log(total), 0)).sum(axis=1)
            slope = np.tensordot(odds / total - target, inputs, axes=2) / len(inputs)
            return float(-likelihood.mean() + PENALTY * weights @ weights), slope + 2 * PENALTY * weights

        start = np.repeat([0.0, 1.0], inputs.shape[2] // 2)
        return cls(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x.astype(np.float32))

    def scores(self, candidates: Candidates) -> Float32s:
        """The fused score of every candidate, float32 [batch, n], -inf where padded."""
        return weighted_signals(candidates, self.weights)

    def contributions(self, candidates: Candidates) -> Float32s:
        """What each source adds to the fused score, float32 [batch, n, sources]."""
        weighted = signals(candidates) * self.weights
        n = len(candidates.sources)
        return weighted[..., :n] + weighted[..., n:]

    def only(self, names: tuple[str, ...], kept: tuple[str, ...]) -> Fusion:
        """The weights of some of the sources, in the order of `kept`."""
        at = [names.index(name) for name in kept]
        return Fusion(self.weights.reshape(2, -1)[:, at].ravel())

    def write(self, writer: BundleWriter) -> None:
        """Store the weights."""
        writer.array("retrieval/fusion", self.weights)

    @classmethod
    def load(cls, bundle: Bundle) -> Fusion:
        """The weights that `write` stored."""
        return cls(bundle.array("retrieval/fusion"))
