"""Two towers: the source as it serves, with item vectors in an index and a user tower in numpy.

`training.tower_training` trains the towers in Keras, which serving does not need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import Explanation
from shortlist_core.types import Float32s, Int32s, Queries
from shortlist_kernels.vectors import add_pooled
from shortlist_layers.history import latest
from shortlist_layers.item_encoding import ItemEncoding
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.index.new_item_index import NewItemIndex
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.profile import wanted_only
from shortlist_retrieval.sources.vector_source import VectorSource
from shortlist_retrieval.top import top_positions

DIM = 64
"""Length of the vectors of users and items."""

HEADS = 4
"""How many weighted means of the history the user tower makes."""


@dataclass(frozen=True)
class TwoTower(VectorSource):
    """Inner products of a user's vector, made from the history alone, with the items' vectors of unit length."""

    kind = "TwoTower"
    takes_new_items = True
    explanation = Explanation(following="Similar to {title}, which you {done}.")

    index: VectorIndex
    user_tower: dict[str, Float32s]
    item_tower: ItemEncoding
    lengths: Float32s  # [items] of the item vectors before they were scaled to unit length
    new: NewItems | None = None
    name: str = "two_tower"

    def encode(self, queries: Queries) -> Float32s:
        """The users' vectors, float32 [batch, DIM]; zeros for a user without history.

        The arithmetic is that of `towers.UserTower`, but in numpy. A user takes a few microseconds, so calling a
        compiled graph would cost more than the work.
        """
        events, tower = wanted_only(queries), self.user_tower
        history, present, types, gaps = latest(events, events.offsets[:-1], events.offsets[1:], events.now)
        weights = tower["places"], tower["types"], tower["gaps"]
        pooled = np.zeros((len(queries), HEADS, DIM), np.float32)
        add_pooled(self.index.take(history), present, types, gaps, *weights, pooled)
        hidden = np.maximum(pooled.reshape(-1, HEADS * DIM) @ tower["hidden.kernel"] + tower["hidden.bias"], 0)
        mixed = pooled.mean(axis=1) + hidden @ tower["mix.kernel"] + tower["mix.bias"]
        return np.asarray(mixed * present[:, :1], np.float32)

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in new and changed items, at distinct rows. Raises ValueError where the source has no spare rows.

        The vector of a changed item is the sum of its published id part and its new content part.
        """
        new, index = self.new, self.index
        if new is None or not isinstance(index, NewItemIndex):
            raise ValueError("the source was loaded without spare rows for new items")
        inputs = new.inputs(items)

        def published(old: Int32s) -> Float32s:
            return np.asarray(index.published(old) * self.lengths[old, None])

        index.put(rows, normalised(new.vectors(self.item_tower, rows, inputs, published))[0])

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query up to `count` of the new items at `rows`, those that fit best, best first.

        A query without history gets the first `count` rows.
        """
        users = self.encode(queries)
        best = top_positions(self.index.products(users, rows), count)
        return [rows[positions] if user.any() else rows[:count] for user, positions in zip(users, best, strict=True)]

    def write(self, writer: BundleWriter) -> None:
        """Store the index and both towers."""
        prefix = "retrieval/two_tower"
        self.index.write(writer, prefix)
        writer.weights(f"{prefix}/user", self.user_tower)
        writer.weights(f"{prefix}/items", self.item_tower.weights)
        writer.array(f"{prefix}/lengths", self.lengths)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> TwoTower:
        """The source that `write` stored."""
        prefix = f"retrieval/{name}"
        index = VectorIndex.load(bundle, prefix)
        users, items = bundle.weights(f"{prefix}/user"), ItemEncoding(bundle.weights(f"{prefix}/items"))
        lengths = bundle.array(f"{prefix}/lengths")
        return cls(NewItemIndex.over(index, new.spare_rows) if new else index, users, items, lengths, new)


def normalised(vectors: Float32s) -> tuple[Float32s, Float32s]:
    """The vectors [n, d] scaled to unit length, and their lengths before, float32 [n]."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
    return np.asarray(vectors / lengths[:, None], np.float32), lengths.astype(np.float32)
