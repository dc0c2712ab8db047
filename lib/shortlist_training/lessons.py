"""Lessons: what fusion and ranker learn from, gathered slice after slice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.examples import Examples
from shortlist_ranking.features.matrix import feature_names
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.source import Source
from shortlist_training.samples import FusionSample, fit_fusion, fusion_sample, propose, ranking_examples
from shortlist_training.slices import Slice
from shortlist_training.worth import without_source


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
        self._sources = tuple(source.name for source in sources)
        retriever = Retriever(tuple(sources), Fusion.even(len(sources)), len(self._items))
        proposed = propose(retriever, cut, self._candidates)
        self.samples.append(fusion_sample(proposed, cut, self._seed))
        self.fusion = fit_fusion(self.samples)
        self.parts.append(ranking_examples(proposed, self.fusion, cut, self._items, self._candidates))

    def leave_out(self, name: str, position: int) -> None:
        """Go on as if the source with this name and position had never been there, but for what it proposed."""
        columns = [column.split(":")[0] != name for column in feature_names(self._sources)]
        self.samples = [without_source(sample, position) for sample in self.samples]
        self.parts = [part.with_features(np.flatnonzero(columns)) for part in self.parts]
        self.fusion = fit_fusion(self.samples)
