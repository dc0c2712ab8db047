"""Source training: fits every source of stage one on the events before a moment, then before later moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import DAY, Bools, Int64s
from shortlist_retrieval.sources.fit_inputs import SHORTEST_SPAN, FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.registry import SOURCES
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.training.trainers import Trainer, trainer_of


class SourceTraining:
    """Fits the sources forward through time. Settings, items and seed must stay the same from fit to fit."""

    def __init__(self) -> None:
        self._trainers: dict[type[Source], Trainer] = {}
        self._fitted: list[tuple[Trainer, Source]] = []

    def fit(self, inputs: FitInputs) -> tuple[Source, ...]:
        """All sources as of the moment of the inputs, in the order of the registry."""
        self._fitted = []
        for source in SOURCES:
            if source.applies(inputs.settings, inputs.histories.groups is not None):
                if source not in self._trainers:
                    self._trainers[source] = trainer_of(source, inputs)
                trainer = self._trainers[source]
                self._fitted += [(trainer, fitted) for fitted in trainer.fit(inputs)]
        return tuple(fitted for _, fitted in self._fitted)

    def leave_out(self, source: type[Source]) -> tuple[Source, ...]:
        """The sources of the last `fit` without those of one class, which later settings must not name either."""
        self._trainers.pop(source)
        self._fitted = [(trainer, fitted) for trainer, fitted in self._fitted if type(fitted) is not source]
        return tuple(fitted for _, fitted in self._fitted)

    def losses(self) -> dict[str, Sequence[Sequence[float]]]:
        """The loss in each fit so far, by stretches of batches, of each source that has a model to train."""
        return {fitted.name: trainer.losses for trainer, fitted in self._fitted if trainer.losses}

    def unaware_of(self, new: Bools) -> tuple[Source, ...]:
        """The sources of the last `fit`, as a server has them to which the items `new`, bool [items], are new."""
        return tuple(trainer.unaware_of(source, new) for trainer, source in self._fitted)


def choose_settings(trial: Trial) -> RetrievalSettings:
    """The settings that suit the data, chosen by one source after another in the order of the registry."""
    settings = trial.inputs.settings
    for source in SOURCES:
        settings = source.choose(settings, trial)
    return settings


def span_days(times: Int64s, as_of: int) -> float:
    """How many days the data reaches back from `as_of`, without the earliest few events; at least an hour."""
    start = np.quantile(times, 0.05) if len(times) else as_of
    return max((as_of - float(start)) / DAY / 0.95, SHORTEST_SPAN)
