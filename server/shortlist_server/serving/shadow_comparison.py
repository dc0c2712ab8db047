"""The shadow comparison: how far stable's and the shadow's answers to the same queries are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

Scores = Mapping[str, float]
"""Item id -> score, in the order of the answer."""


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """Sums over all pairs of answers. A mean is the sum divided by `compared`; for `correlation`, by `correlated`."""

    compared: int = 0
    dropped: int = 0
    failed: int = 0
    overlap: float = 0.0  # share of stable's items that the shadow shows too
    correlated: int = 0  # pairs with at least two common items, as fewer have no order to compare
    correlation: float = 0.0  # Spearman's rank correlation of the common items
    score_difference: float = 0.0  # mean absolute difference of the common items' scores
    stable_micros: int = 0
    shadow_micros: int = 0

    def with_pair(self, stable: Scores, shadow: Scores, stable_micros: int, shadow_micros: int) -> ShadowComparison:
        """These sums with one more pair of answers."""
        common = [item for item in stable if item in shadow]
        has_order = len(common) > 1
        return replace(
            self,
            compared=self.compared + 1,
            overlap=self.overlap + (len(common) / len(stable) if stable else float(not shadow)),
            correlated=self.correlated + has_order,
            correlation=self.correlation + (_spearman(common, shadow) if has_order else 0),
            score_difference=self.score_difference + _difference([(stable[item], shadow[item]) for item in common]),
            stable_micros=self.stable_micros + stable_micros,
            shadow_micros=self.shadow_micros + shadow_micros,
        )


def _spearman(common: list[str], shadow: Scores) -> float:
    """Spearman's rank correlation of the common items: `common` in stable's order against the shadow's order.

    Ranks have no ties, so the short formula holds.
    """
    n, both = len(common), set(common)
    ranks = {item: rank for rank, item in enumerate(item for item in shadow if item in both)}
    squares = np.sum((np.arange(n) - np.array([ranks[item] for item in common])) ** 2)
    return float(1 - 6 * squares / (n * (n * n - 1)))


def _difference(pairs: list[tuple[float, float]]) -> float:
    return sum(abs(a - b) for a, b in pairs) / max(len(pairs), 1)
