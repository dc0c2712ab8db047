"""Item-item: items that go with the items of a history, by EASE over events of all time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shortlist_retrieval.neighbours import PENALTIES, ease
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.item_neighbours import ItemNeighbours


@dataclass(frozen=True)
class ItemItem(ItemNeighbours):
    """EASE's weights. All events of a history count alike."""

    name: str = "item_item"

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with the best penalty."""
        profiles = trial.inputs.profiles
        penalty = max(PENALTIES, key=lambda p: trial.quality(cls(ease(profiles, p))))
        return replace(settings, penalty=penalty)

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[ItemItem]:
        """The source fitted on the histories, as of their moment."""
        return (cls(ease(inputs.profiles, inputs.settings.penalty)),)
