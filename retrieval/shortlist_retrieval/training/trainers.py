"""How each source is fitted on one moment after another: by itself, or by a trainer where it has a model to train.

A source that trains a model is one more line here; what it trains with is then not loaded where bundles serve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from shortlist_core.types import Bools
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.training.two_tower_trainer import TwoTowerTrainer


class Trainer(Protocol):
    """Fits one kind of source again and again, forward through time."""

    def fit(self, inputs: FitInputs) -> Sequence[Source]:
        """The sources as of the moment of the inputs."""
        ...

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """One of the sources that `fit` returned last, as `Source.unaware_of` says."""
        ...


TRAINERS: dict[type[Source], Callable[[FitInputs], Trainer]] = {
    TwoTower: TwoTowerTrainer,
}


class Fitter:
    """The trainer of a source that fits itself."""

    def __init__(self, source: type[Source]) -> None:
        self._source, self._fitted = source, tuple[Source, ...]()

    def fit(self, inputs: FitInputs) -> Sequence[Source]:
        """Once and for all where the source is fitted on content alone, else on these inputs."""
        if not (self._source.from_content and self._fitted):
            self._fitted = tuple(self._source.fit(inputs))
        return self._fitted

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """What the source itself says."""
        return source.unaware_of(new)


def trainer_of(source: type[Source], first: FitInputs) -> Trainer:
    """What fits this kind of source, before it has seen anything."""
    return TRAINERS[source](first) if source in TRAINERS else Fitter(source)
