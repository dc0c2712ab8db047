"""Grouped popularity: sources that keep the popularity of items within each of several groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import scipy.sparse as sp

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.stored_matrix import load_csr, write_csr


@dataclass(frozen=True)
class GroupedPopularity(Source):
    """The popularity within each group, which a subclass counts and gives to users."""

    popularity: sp.csr_matrix  # [groups, items]
    unit: float = 1.0  # of its values
    name: str = ""

    def write(self, writer: BundleWriter) -> None:
        """Store the popularity under the source's name."""
        write_csr(writer, f"retrieval/{self.name}/popularity", self.popularity, self.unit)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Self:
        """The source that `write` stored. It has no scores for new items."""
        return cls(*load_csr(bundle, f"retrieval/{name}/popularity"), name)
