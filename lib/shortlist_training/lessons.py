"""Lessons: what fusion and ranker learn from, gathered slice after slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_core.types import Candidates
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.examples import Examples
from shortlist_ranking.features.matrix import feature_names
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.source import Source
from shortlist_training.samples import FusionSample, fit_fusion, fusion_sample, propose, ranking_examples
from shortlist_training.slice import Slice
from shortlist_training.strangers import for_strangers
from shortlist_training.worth import Worth, without_source, worth_of


class Lessons:
    """The samples that fusion learns from, the fusion, and the ranker's examples; the newest slice's are the last."""

    def __init__(self, items: ItemFeatures, candidates: int, seed: int) -> None:
        self.samples: list[FusionSample] = []
        self.parts: list[Examples] = []
        self.fusion = Fusion.even(0)
        self._items, self._candidates, self._seed = items, candidates, seed
        self._sources: tuple[str, ...] = ()

    def add(self, sources: Sequence[Source], cut: Slice) -> None:
        """Add the lessons of a slice, of which `sources` are fitted on the past."""
        proposed = self._proposed(sources, cut)
        self.samples.append(fusion_sample(proposed, cut, self._seed))
        self.fusion = fit_fusion(self.samples)
        self.parts.append(ranking_examples(proposed, self.fusion, cut, self._items, self._candidates))

    def add_last_moments(self, sources: Sequence[Source], last: Slice) -> None:
        """Add what `last_moments` holds back, which says something to the fusion of users who have been away."""
        sample = fusion_sample(self._proposed(sources, last), last, self._seed, len(last.queries))
        self.fusion = fit_fusion(self.samples, sample)

    def _proposed(self, sources: Sequence[Source], cut: Slice) -> list[Candidates]:
        self._sources = tuple(source.name for source in sources)
        retriever = Retriever(tuple(sources), Fusion.even(len(sources)), len(self._items))
        return propose(retriever, cut, self._candidates)

    def worth_of(self, name: str) -> Worth:
        """What the source of this name is worth to stage one on the newest slice."""
        return worth_of(self._sources.index(name), self.samples)

    def leave_out(self, name: str) -> None:
        """Go on as if the source of this name had never been there, but for what it proposed."""
        position = self._sources.index(name)
        columns = [column.split(":")[0] != name for column in feature_names(self._sources)]
        self.samples = [without_source(sample, position) for sample in self.samples]
        self.parts = [part.with_features(np.flatnonzero(columns)) for part in self.parts]
        self._sources = tuple(source for source in self._sources if source != name)
        self.fusion = fit_fusion(self.samples)

    def final_fusion(self) -> Fusion:
        """The fusion, with the weights of users without history, from whom nothing else is learned meanwhile."""
        strangers = for_strangers(self.fusion, self.samples)
        return self.fusion if strangers is None else replace(self.fusion, for_no_history=strangers)
