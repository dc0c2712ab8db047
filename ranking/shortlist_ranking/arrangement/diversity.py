"""Diversity: what each candidate is worth at the next place of a list, by its score and by what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from shortlist_core.types import Float32s, Float64s

POOL = 4
"""Only the best `POOL * count` candidates take part, so that diversity never brings in items with low scores."""

_OUTSIDE = -100.0  # below what any candidate of the pool can be worth
_SHARPNESS = 2.0  # of the Gaussian kernel: exp(2 * (cosine - 1)), which is 0.14 for items that have nothing in common
_SMALLEST = 1e-10  # squared length of what a candidate adds, when nothing is left of it


class DiversityMethod(Enum):
    """How the variety of a list is made."""

    MMR = "mmr"
    DPP = "dpp"


@dataclass(frozen=True, slots=True)
class Diversity:
    """How much variety counts against score, 0 (score alone) to 1 (variety alone), and how it is made."""

    strength: float = 0.0
    method: DiversityMethod = DiversityMethod.MMR

    def __bool__(self) -> bool:
        return self.strength > 0

    def worth(self, scores: Float32s, vectors: Float32s | None, count: int) -> Worth:
        """The worth of candidates in the order of their `scores` [n], best first, for a list of `count`.

        `vectors`, float32 [n, dim], have unit length; without them score alone counts.
        """
        if not self or vectors is None:
            return ByScore(len(scores))
        pool = min(POOL * count, int(np.count_nonzero(np.isfinite(scores))))
        if self.method == DiversityMethod.MMR:
            return Mmr(self.strength, scores, vectors, pool)
        return Dpp(self.strength, scores, vectors, pool, count)


class Worth(Protocol):
    """What candidates are worth at the next place."""

    values: Float64s  # [n], higher is better

    def choose(self, candidate: int) -> None:
        """Take note that a candidate got the place."""


class ByScore:
    """Score alone: candidates keep their order."""

    def __init__(self, candidates: int) -> None:
        self.values: Float64s = -np.arange(candidates, dtype=np.float64)

    def choose(self, candidate: int) -> None:
        """Nothing changes."""


class _Varied:
    """Candidates of which the first ones, the pool, change their worth with what is chosen; the others never do."""

    def __init__(self, strength: float, scores: Float32s, vectors: Float32s, pool: int) -> None:
        self._strength, self._pool, self._vectors = strength, pool, vectors
        self._relevance = _scaled(scores[:pool])
        self.values: Float64s = _OUTSIDE - np.arange(len(scores), dtype=np.float64)
        self.values[:pool] = (1 - strength) * self._relevance

    def _cosines(self, candidate: int) -> Float64s:
        """How alike the pool is to a candidate."""
        cosines: Float64s = (self._vectors[: self._pool] @ self._vectors[candidate]).astype(np.float64)
        return cosines


class Mmr(_Varied):
    """Maximal marginal relevance: (1 - d) * score - d * (largest cosine with a chosen item).

    Carbonell and Goldstein 1998, The use of MMR, section 2; scores are scaled to 0..1.
    """

    def __init__(self, strength: float, scores: Float32s, vectors: Float32s, pool: int) -> None:
        super().__init__(strength, scores, vectors, pool)
        self._nearest: Float64s = np.zeros(pool)  # nothing is chosen yet, so the first place goes by score

    def choose(self, candidate: int) -> None:
        """Measure how near the pool is to the chosen item."""
        np.maximum(self._nearest, self._cosines(candidate), out=self._nearest)
        self.values[: self._pool] = (1 - self._strength) * self._relevance - self._strength * self._nearest


class Dpp(_Varied):
    """A determinantal point process, greedily: (1 - d) * score + d * log of the length that an item adds to the volume.

    Chen et al. 2018, Fast Greedy MAP Inference for Determinantal Point Process, algorithm 1 and equation 9. How alike
    two items are is a Gaussian kernel of their vectors, so that a list may be longer than vectors have numbers.
    """

    def __init__(self, strength: float, scores: Float32s, vectors: Float32s, pool: int, count: int) -> None:
        super().__init__(strength, scores, vectors, pool)
        self._left: Float64s = np.ones(pool)  # squared length of what each item adds
        self._parts: Float32s = np.zeros(
            (count, pool), np.float32
        )  # of each item along the direction that each chosen one added
        self._chosen = 0

    def choose(self, candidate: int) -> None:
        """Take the chosen item's direction away from what the others add (one step of a Cholesky decomposition)."""
        if candidate >= self._pool or self._left[candidate] <= _SMALLEST:
            return  # it is none of the pool, or adds no direction
        before = self._parts[: self._chosen]
        along = np.exp(_SHARPNESS * (self._cosines(candidate) - 1)) - before[:, candidate] @ before
        along /= np.sqrt(self._left[candidate])
        self._parts[self._chosen] = along
        self._chosen += 1
        self._left = np.maximum(self._left - along**2, _SMALLEST)
        values = (1 - self._strength) * self._relevance + self._strength * np.log(self._left) / 2
        self.values[: self._pool] = values


def _scaled(scores: Float32s) -> Float64s:
    """The scores, scaled to 0..1."""
    scaled: Float64s = scores.astype(np.float64)
    if len(scaled):
        scaled = (scaled - scaled.min()) / max(float(scaled.max() - scaled.min()), 1e-9)
    return scaled
