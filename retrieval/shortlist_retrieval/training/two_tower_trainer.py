"""The trainer of the two towers: trains them forward through time, one slice after another, like other sources."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_core.types import Bools
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.training.limits import LATER_TOWERS, TOWER_BATCH
from shortlist_retrieval.training.tower_training import TowerTraining


class TwoTowerTrainer:
    """Trains the two towers. Each fit goes on from the weights of the one before."""

    def __init__(self, first: FitInputs) -> None:
        self._features, self._training = first.items, TowerTraining(first.items, first.seed)

    def fit(self, inputs: FitInputs) -> Sequence[TwoTower]:
        """The source, trained with two looks at every event, within the limit of the first or of a later slice."""
        looks = 2 * len(inputs.histories.items) / TOWER_BATCH
        most = inputs.most_steps if self._training.calls == 0 else LATER_TOWERS * inputs.most_steps
        steps = max(1, int(min(looks, most)))
        return (self._training.fit(inputs.histories, inputs.settings.half_life_days, steps),)

    @property
    def losses(self) -> Sequence[Sequence[float]]:
        """The loss in each fit so far, by stretches of batches."""
        return self._training.losses

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """The source of the towers as they are now. The vectors of the items `new` are made from content alone."""
        return self._training.source(self._features.without_ids_of(new))
