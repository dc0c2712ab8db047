"""Item neighbours: sources that keep for each item the items that go with it, and add these up over a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Int32s, Queries
from shortlist_kernels.explanations import write_strongest
from shortlist_kernels.scratch import scratch
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.source import SignalFamily, Source
from shortlist_retrieval.sparse import SparseRows, product
from shortlist_retrieval.stored_matrix import load_csr, write_csr


@dataclass(frozen=True)
class ItemNeighbours(Source):
    """Weights between items, and how a history is turned into a profile for them."""

    kind = "ItemItem"
    family = SignalFamily.COLLABORATIVE
    names_history_items = True

    weights: sp.csr_matrix  # [items, items]: row i holds the items that go with item i
    half_life_days: float = np.inf  # of the history's events; inf: all events count alike
    repeated: bool = False  # whether an item counts more if the history holds it more than once
    unit: float = 1.0  # of the weights
    name: str = ""

    def scores(self, queries: Queries) -> SparseRows:
        """The sum of the weights of the history's items, for every item."""
        return product(self.profile(queries), self.weights, self.unit)

    def profile(self, queries: Queries) -> SparseRows:
        """The profiles of the queries, [batch, items]: how much each item of a history counts."""
        return history_profile(queries, self.weights.shape[0], self.half_life_days, self.repeated)

    def write_anchors(self, queries: Queries, items: Int32s, speakers: Int32s, speaker: int, anchors: Int32s) -> None:
        """Write for each item the history item that adds most to its score."""
        profiles, weights = self.profile(queries), self.weights
        write_strongest(
            profiles.offsets,
            profiles.columns,
            profiles.values,
            weights.indptr,
            weights.indices,
            weights.data,
            items,
            speakers,
            speaker,
            scratch.int32s(weights.shape[1]),
            np.zeros(items.shape[1], np.float32),
            anchors,
        )

    def write(self, writer: BundleWriter) -> None:
        """Store the weights under the source's name."""
        write_csr(writer, f"retrieval/{self.name}/weights", self.weights, self.unit)
        half_life = None if np.isinf(self.half_life_days) else self.half_life_days  # JSON has no infinity
        writer.json(f"retrieval/{self.name}/settings", {"half_life_days": half_life, "repeated": self.repeated})

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Self:
        """The source that `write` stored. It has no scores for new items."""
        settings = bundle.json(f"retrieval/{name}/settings")
        weights, unit = load_csr(bundle, f"retrieval/{name}/weights")
        return cls(weights, settings["half_life_days"] or np.inf, settings["repeated"], unit, name)
