"""How far two answers to one request are apart, added up over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

Scores = Mapping[str, float]
"""Item id -> score, in the order of the answer."""


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """Sums over all answers that were compared; means are these by `compared`, or by `correlated`."""

    compared: int = 0
    dropped: int = 0
    failed: int = 0
    overlap: float = 0.0  # share of the answer's items that the other shows too
    correlated: int = 0  # answers with two items in common at least: fewer have no order to compare
    correlation: float = 0.0  # Spearman's, of the common items
    score_difference: float = 0.0  # mean absolute one, of the common items
    stable_micros: int = 0
    shadow_micros: int = 0

    def with_pair(self, stable: Scores, shadow: Scores, stable_micros: int, shadow_micros: int) -> ShadowComparison:
        """These sums with one more pair of answers."""
        common = [item for item in stable if item in shadow]
        some = len(common) > 1
        return replace(
            self,
            compared=self.compared + 1,
            overlap=self.overlap + (len(common) / len(stable) if stable else float(not shadow)),
            correlated=self.correlated + some,
            correlation=self.correlation + (_spearman(common, shadow) if some else 0),
            score_difference=self.score_difference + _difference([(stable[item], shadow[item]) for item in common]),
            stable_micros=self.stable_micros + stable_micros,
            shadow_micros=self.shadow_micros + shadow_micros,
        )


def _spearman(common: list[str], shadow: Scores) -> float:
    """Rank correlation of the items in one order with the order that the other has them in: no ties, so one formula."""
    n, both = len(common), set(common)
    places = {item: place for place, item in enumerate(item for item in shadow if item in both)}
    squares = np.sum((np.arange(n) - np.array([places[item] for item in common])) ** 2)
    return float(1 - 6 * squares / (n * (n * n - 1)))


def _difference(pairs: list[tuple[float, float]]) -> float:
    return sum(abs(a - b) for a, b in pairs) / max(len(pairs), 1)
