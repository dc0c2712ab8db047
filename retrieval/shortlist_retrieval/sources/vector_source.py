"""Vector sources: items and users are vectors, and a score is the inner product of two vectors."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from shortlist_core.types import Float32s, Int32s, Queries
from shortlist_kernels.explanations import write_nearest, write_needed_rows
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.profile import newest_wanted
from shortlist_retrieval.sources.scores import VectorScores
from shortlist_retrieval.sources.source import Embedding, SignalFamily, Source


class VectorSource(Source):
    """An index of item vectors. A user's vector is made of the vectors of the history's items."""

    family = SignalFamily.COLLABORATIVE
    names_history_items = True

    index: VectorIndex

    @property
    def embedding(self) -> Embedding:
        """The source itself."""
        return self

    @abstractmethod
    def encode(self, queries: Queries) -> Float32s:
        """The users' vectors, float32 [batch, d]; zeros for a user without history."""

    def scores(self, queries: Queries) -> VectorScores:
        """The inner products of the users' vectors with the items' vectors."""
        return VectorScores(self.encode(queries), self.index)

    def write_anchors(self, queries: Queries, items: Int32s, speakers: Int32s, speaker: int, anchors: Int32s) -> None:
        """Write for each item the wanted history item whose vector has the most similar direction.

        The largest inner product would not do: an item with a long vector, a popular one, would be named everywhere.
        """
        events = newest_wanted(queries)
        rows = np.empty(len(events.items) + items.size, np.int32)
        count = write_needed_rows(events.offsets, events.items, items, speakers, speaker, rows)
        write_nearest(events.offsets, events.items, speakers, speaker, self.index.take(rows[:count]), anchors)
