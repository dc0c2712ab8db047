"""The signals of the sources: how far a source's score lies above its mean, and how high it ranks the item."""

from __future__ import annotations

from shortlist_core.types import Float32s
from shortlist_kernels.signals import write_signals
from shortlist_ranking.features.feature import Feature, FeatureInputs


class SourceSignals(Feature):
    """Two numbers per source; `shortlist_kernels.signals` says which."""

    name = "source_signals"

    def columns(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """First all levels, then all places."""
        return (*(f"{source}:level" for source in sources), *(f"{source}:place" for source in sources))

    def write(self, inputs: FeatureInputs, matrix: Float32s, at: int) -> None:
        """As Feature says."""
        write_signals(inputs.candidates, matrix if at == 0 else matrix[..., at:])
