"""Trainers: a source is fitted on one moment after another by itself, or by a trainer where it has a model to train.

A source with a model to train needs one more line here. Serving does not import this module, so it does not load the
libraries of training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from shortlist_core.types import Bools
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.training.sequence_trainer import SequenceTrainer
from shortlist_retrieval.training.two_tower_trainer import TwoTowerTrainer


class Trainer(Protocol):
    """Fits one kind of source again and again, forward through time."""

    def fit(self, inputs: FitInputs) -> Sequence[Source]:
        """The sources as of the moment of the inputs."""
        ...

    @property
    def losses(self) -> Sequence[Sequence[float]]:
        """The loss in each fit so far, by stretches of batches; nothing where no model is trained."""
        ...

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """What `Source.unaware_of` says, of one of the sources that the last `fit` returned."""
        ...


TRAINERS: dict[type[Source], Callable[[FitInputs], Trainer]] = {
    TwoTower: TwoTowerTrainer,
    SequenceSource: SequenceTrainer,
}


class Fitter:
    """The trainer of a source that has no model to train: it calls the source's own `fit`."""

    def __init__(self, source: type[Source]) -> None:
        self._source, self._fitted = source, tuple[Source, ...]()

    def fit(self, inputs: FitInputs) -> Sequence[Source]:
        """The sources fitted on these inputs. A source that is fitted on content alone is fitted once."""
        if not (self._source.from_content and self._fitted):
            self._fitted = tuple(self._source.fit(inputs))
        return self._fitted

    @property
    def losses(self) -> Sequence[Sequence[float]]:
        """Nothing, as there is no model."""
        return ()

    def unaware_of(self, source: Source, new: Bools) -> Source:
        """What the source's own `unaware_of` returns."""
        return source.unaware_of(new)


def trainer_of(source: type[Source], first: FitInputs) -> Trainer:
    """A new trainer of this kind of source; `first` are the inputs of its first fit."""
    return TRAINERS[source](first) if source in TRAINERS else Fitter(source)
