"""How long ago an item was first and last taken, as of the data's end."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s
from shortlist_kernels.ranking import write_clocks
from shortlist_ranking.features.feature import Feature, FeatureInputs


class ItemClock(Feature):
    """log(1 + days) of both; of an item that nobody took, 0.

    Measured from the bundle's time and not from the query's, so an old bundle does not make items look forgotten.
    """

    name = "item_clock"

    def columns(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """As Feature says."""
        return ("age", "since_last_taken")

    def write(self, inputs: FeatureInputs, matrix: Float32s, at: int) -> None:
        """As Feature says."""
        facts, items = inputs.facts, np.ascontiguousarray(inputs.candidates.items)
        write_clocks(items, facts.first, facts.last, facts.as_of, matrix, at)
