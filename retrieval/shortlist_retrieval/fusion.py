"""Fusion: one score out of many sources, by a linear model of their signals, learned from what users took next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Candidates, Float32s, Float64s, Queries
from shortlist_kernels.signals import signals, weighted_signals

PENALTY = 1e-3

FEWEST_WITHOUT_HISTORY = 10
"""Fewest queries without history from which their own weights are learned. Few suffice, as they all look alike."""

FEWEST_ABSENT = 100
"""Fewest queries of users who have been away from which their own weights are learned."""


@dataclass(frozen=True)
class Fusion:
    """Weights of the signals of `shortlist_kernels.signals`.

    Users without history get their own weights, because only popularity-like sources score for them. So do users who
    have been away for longer than most who come back: what is in fashion now says less about them.
    """

    weights: Float32s  # [2 * sources]
    for_no_history: Float32s | None = None  # [2 * sources] for queries without history; None: `weights`
    for_absent: Float32s | None = None  # [2 * sources] for queries of users who have been away; None: `weights`
    absent_after: float = np.inf  # microseconds without an event after which users count as away

    @classmethod
    def even(cls, n_sources: int) -> Fusion:
        """Even weights, by ranks alone: reciprocal rank fusion (Cormack et al. 2009)."""
        return cls(np.repeat([0, 1], n_sources).astype(np.float32))

    @classmethod
    def fit(cls, inputs: Float32s, gains: Float32s, without_history: Bools | None = None) -> Fusion:
        """Weights learned from candidates: signals float32 [queries, n, 2 * sources], and gains [queries, n].

        The gain of a candidate that was not taken is 0. `without_history`, bool [queries], marks the queries without
        history. Where too few of them took something, their weights are even.
        """
        cold = np.zeros(len(inputs), np.bool_) if without_history is None else without_history
        even = cls.even(inputs.shape[2] // 2).weights
        weights = _fitted(inputs[~cold], gains[~cold], 1)
        for_no_history = _fitted(inputs[cold], gains[cold], FEWEST_WITHOUT_HISTORY)
        return cls(even if weights is None else weights, even if for_no_history is None else for_no_history)

    def with_absent(self, inputs: Float32s, gains: Float32s, after: float) -> Fusion:
        """This fusion with weights of their own, learned from these candidates, for users away longer than `after`.

        Where too few of the queries took something, it is this fusion.
        """
        weights = _fitted(inputs, gains, FEWEST_ABSENT)
        return self if weights is None else replace(self, for_absent=weights, absent_after=after)

    def scores(self, candidates: Candidates, queries: Queries) -> Float32s:
        """The fused score of each candidate, float32 [batch, n], -inf for padding."""
        return weighted_signals(candidates, self._of(queries))

    def contributions(self, candidates: Candidates, queries: Queries) -> Float32s:
        """The part of the fused score that each source adds, float32 [batch, n, sources]."""
        weighted = signals(candidates) * self._of(queries)[:, None]
        n = len(candidates.sources)
        return weighted[..., :n] + weighted[..., n:]

    def only(self, names: tuple[str, ...], kept: tuple[str, ...]) -> Fusion:
        """The fusion of the sources `kept` alone, in that order; `names` are all sources."""
        positions = [names.index(name) for name in kept]
        each = (self.weights, self._for_no_history, self._for_absent)
        known, unknown, absent = (weights.reshape(2, -1)[:, positions].ravel() for weights in each)
        return Fusion(known, unknown, absent, self.absent_after)

    def write(self, writer: BundleWriter) -> None:
        """Store the weights."""
        writer.array("retrieval/fusion", self.weights)
        writer.array("retrieval/fusion_strangers", self._for_no_history)
        if self.for_absent is not None:
            writer.array("retrieval/fusion_absent", self.for_absent)
            writer.json("retrieval/absent", {"after_micros": int(self.absent_after)})

    @classmethod
    def load(cls, bundle: Bundle) -> Fusion:
        """The weights that `write` stored. Older bundles have one set of weights for all queries."""
        known, unknown = "retrieval/fusion", "retrieval/fusion_strangers"
        fusion = cls(bundle.array(known), bundle.array(unknown if bundle.has(unknown) else known))
        if not bundle.has("retrieval/fusion_absent"):
            return fusion
        after = bundle.json("retrieval/absent")["after_micros"]
        return replace(fusion, for_absent=bundle.array("retrieval/fusion_absent"), absent_after=after)

    def _of(self, queries: Queries) -> Float32s:
        """The weights of each query, float32 [batch, 2 * sources]."""
        known = self.weights
        if self.for_absent is not None:
            known = np.where((queries.away > self.absent_after)[:, None], self.for_absent, known)
        return np.where(queries.without_history[:, None], self._for_no_history, known).astype(np.float32)

    @property
    def _for_absent(self) -> Float32s:
        return self.weights if self.for_absent is None else self.for_absent

    @property
    def _for_no_history(self) -> Float32s:
        return self.weights if self.for_no_history is None else self.for_no_history


def _fitted(inputs: Float32s, gains: Float32s, fewest: int) -> Float32s | None:
    """The weights that fit the candidates; None where fewer than `fewest` queries took a candidate.

    The weights maximise the listwise log likelihood of the taken candidates, each weighted by its gain (ListNet's
    top-one loss, Cao et al. 2007), with a small L2 penalty. Queries that took no candidate are left out. Padding is a
    row of zeros without gain.
    """
    took_any = gains.any(axis=1)
    inputs, gains = inputs[took_any], gains[took_any]
    if len(inputs) < fewest:
        return None
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
    weights: Float32s = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x.astype(np.float32)
    return weights
