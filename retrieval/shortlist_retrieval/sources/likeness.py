"""Likeness: items whose given vectors point where those of the history's items do. It also reaches new items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import Explanation
from shortlist_core.types import Float32s, Int32s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.index.new_item_index import NewItemIndex
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.source import SignalFamily
from shortlist_retrieval.sources.vector_source import VectorSource
from shortlist_retrieval.top import top_positions


@dataclass(frozen=True)
class Likeness(VectorSource):
    """The sum of the cosines with the history's items, which fade."""

    kind = "Likeness"
    family = SignalFamily.OTHER
    from_content = True
    takes_new_items = True
    explanation = Explanation(following="Similar to {title}, which you {done}.")

    index: VectorIndex
    half_life_days: float  # of the history's events
    new: NewItems | None = None
    name: str = "likeness"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """True where items have vectors."""
        return settings.likeness

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings, which say whether items have vectors."""
        return replace(settings, likeness=trial.inputs.items.vectors.dim > 0)

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Likeness]:
        """The source of the items' vectors."""
        vectors = inputs.items.vectors.take(np.arange(inputs.n_items))
        return (cls(VectorIndex.build(vectors), inputs.settings.half_life_days),)

    def encode(self, queries: Queries) -> Float32s:
        """The sums of the vectors of the histories' items, float32 [batch, k]; zeros where none has a vector."""
        profiles = history_profile(queries, len(self.index), self.half_life_days)
        weighted = self.index.take(profiles.columns) * profiles.values[:, None]
        users = np.zeros((len(queries), self.index.dim), np.float32)
        np.add.at(users, np.repeat(np.arange(len(queries)), np.diff(profiles.offsets)), weighted)
        return users

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in new and changed items, at distinct rows. Raises ValueError where the source has no spare rows."""
        if self.new is None or not isinstance(self.index, NewItemIndex):
            raise ValueError("the source was loaded without spare rows for new items")
        self.index.put(rows, self.new.features.vectors.of([item.embedding for item in items]))

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query up to `count` of the new items at `rows`, those most like the history's items, best first."""
        found = []
        for likeness in self.index.products(self.encode(queries), rows):
            best = top_positions(likeness[None], count)[0]
            found.append(rows[best[likeness[best] > 0]])
        return found

    def write(self, writer: BundleWriter) -> None:
        """Store the index."""
        prefix = f"retrieval/{self.name}"
        self.index.write(writer, prefix)
        half_life = None if np.isinf(self.half_life_days) else self.half_life_days  # JSON has no infinity
        writer.json(f"{prefix}/settings", {"half_life_days": half_life})

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Self:
        """The source that `write` stored."""
        prefix = f"retrieval/{name}"
        index = VectorIndex.load(bundle, prefix)
        half_life = bundle.json(f"{prefix}/settings")["half_life_days"] or np.inf
        return cls(NewItemIndex.over(index, new.spare_rows) if new else index, half_life, new)
