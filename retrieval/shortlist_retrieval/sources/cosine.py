"""Cosine: items that go with the items of a history, by shrunk cosine over a catalogue of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shortlist_retrieval.neighbours import cosine
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.item_neighbours import ItemNeighbours


@dataclass(frozen=True)
class Cosine(ItemNeighbours):
    """Cosines between items by the users who took them, read with fading histories."""

    name: str = "cosine"

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Cosine]:
        """The source fitted on the histories, as of their moment."""
        return (cls(cosine(inputs.profiles), inputs.settings.half_life_days),)
