"""How much is known of the user."""

from __future__ import annotations

from shortlist_core.types import Float32s
from shortlist_kernels.ranking import write_history_lengths
from shortlist_ranking.features.feature import Feature, FeatureInputs


class HistoryLength(Feature):
    """log(1 + events of the history), the same for all candidates of a query."""

    name = "history_length"

    def write(self, inputs: FeatureInputs, matrix: Float32s, at: int) -> None:
        """As Feature says."""
        n = inputs.candidates.items.shape[1]
        write_history_lengths(inputs.queries.offsets, n, matrix, at)
