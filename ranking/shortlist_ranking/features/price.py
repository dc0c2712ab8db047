"""An item's price, and how far it lies from the prices in the user's history."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s
from shortlist_kernels.ranking import write_prices
from shortlist_ranking.features.feature import Feature, FeatureInputs


class Price(Feature):
    """The scaled price as in ItemFeatures, whether it is known, and its distance to the mean of the history's known
    prices; 0 where that or the price is not known.
    """

    name = "price"

    def columns(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """As Feature says."""
        return ("price", "price_known", "price_distance")

    def write(self, inputs: FeatureInputs, matrix: Float32s, at: int) -> None:
        """As Feature says."""
        queries, items = inputs.queries, np.ascontiguousarray(inputs.candidates.items)
        write_prices(items, queries.offsets, queries.items, inputs.facts.prices, matrix, at)
