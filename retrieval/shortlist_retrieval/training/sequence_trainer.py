"""The trainer of the sequence model: trains it forward through time, one slice after another, like other sources."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from shortlist_core.types import Bools, Int32s
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.sequence_steps import steps_of
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.training.limits import LATER_PASSES, LATER_SEQUENCE, PASSES, SEQUENCE_BATCH
from shortlist_retrieval.training.sequence_training import RATE, SequenceTraining

LATER_RATE = 0.5
"""Share of the rate of learning with which a model that has learned before goes on."""

SPARSE, DENSE = (16.0, 0.5), (256.0, 0.1)
"""Steps per item, and the dropout that suits them; between the two it falls with the logarithm."""


class SequenceTrainer:
    """Trains the model of order that the settings name. Each fit goes on from the weights of the one before."""

    def __init__(self, first: FitInputs) -> None:
        steps = steps_of(first.histories, first.n_items)
        self._training = SequenceTraining(
            first.n_items, first.seed, dropout_for(steps.items), first.settings.sequence_model
        )
        self._batches = 0  # that the model was trained on so far

    def fit(self, inputs: FitInputs) -> Sequence[SequenceSource]:
        """The source, trained within the limit of the inputs, which may be higher than it was before."""
        steps = steps_of(inputs.histories, inputs.n_items)
        a_pass, most = len(steps) / SEQUENCE_BATCH, inputs.most_sequence_batches
        missing, later = PASSES * a_pass - self._batches, LATER_PASSES * a_pass
        batches = max(1, int(min(max(missing, later), max(most - self._batches, LATER_SEQUENCE * most))))
        rate = RATE if not self._batches or missing > later else LATER_RATE * RATE
        self._batches += batches
        return (self._training.fit(steps, inputs.settings.half_life_days, batches, rate),)

    @property
    def losses(self) -> Sequence[Sequence[float]]:
        """The loss in each fit so far, by stretches of batches."""
        return self._training.losses

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """The source itself: items that nobody had when it was fitted have no vectors."""
        return source


def dropout_for(items: Int32s) -> float:
    """The dropout for steps on these items, int32 [steps]: the fewer there are per item, the more is forgotten."""
    per_item = len(items) / max(len(np.unique(items)), 1)
    (few, most), (many, least) = SPARSE, DENSE
    share = (math.log(max(per_item, few)) - math.log(few)) / (math.log(many) - math.log(few))
    return most + min(share, 1.0) * (least - most)
