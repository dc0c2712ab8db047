"""Trains the two towers forward through time, a slice after another, as training fits the other sources."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_core.types import Bools
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.training.tower_training import BATCH, TowerTraining

LATER = 0.3
"""Of the first slice's batches, how many are worth it for each one after it."""


class TwoTowerTrainer:
    """Goes on from the weights that the last fit left."""

    def __init__(self, first: FitInputs) -> None:
        self._features, self._training = first.items, TowerTraining(first.items, first.seed)

    def fit(self, inputs: FitInputs) -> Sequence[TwoTower]:
        """Two looks at every event in the first slice, a part of that in each one after it, within the limit."""
        looks = 2 * len(inputs.histories.items) / BATCH
        most = inputs.most_steps if self._training.calls == 0 else LATER * inputs.most_steps
        steps = max(1, int(min(looks, most)))
        return (self._training.fit(inputs.histories, inputs.settings.half_life_days, steps),)

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """The towers as they are now, with vectors of the new items that are of their content alone."""
        return self._training.source(self._features.without_ids_of(new))
