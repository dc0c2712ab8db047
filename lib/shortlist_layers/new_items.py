"""Items that come or change after a bundle was published, as the models of that bundle read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import Float32s, Int32s
from shortlist_layers.item_encoding import ItemEncoding
from shortlist_layers.item_features import MAX_TOKENS, ItemFeatures, item_inputs, item_text, padded_categories


@dataclass(frozen=True)
class NewItems:
    """How many new items a system has room for, and how a bundle's models come to vectors of them."""

    room: int
    features: ItemFeatures  # of the bundle's items
    categories: Mapping[str, int]  # what models know of them: name -> place

    @classmethod
    def load(cls, bundle: Bundle, room: int) -> NewItems:
        """What `bundle` says of items, with `room` for so many more."""
        names = bundle.json("items/category_names")
        return cls(room, ItemFeatures.load(bundle), {name: place for place, name in enumerate(names)})

    def inputs(self, items: Sequence[CatalogItem]) -> dict[str, Any]:
        """What an item encoder reads of them; categories that the bundle does not know say nothing to it."""
        texts = [item_text(item.title, item.categories, item.text) for item in items]
        known = [[self.categories[name] for name in item.categories if name in self.categories] for item in items]
        offsets = np.cumsum([0, *map(len, known)], dtype=np.int64)
        rows = np.array([row for of_item in known for row in of_item], np.int32)
        prices = np.array([np.nan if item.price is None else item.price for item in items], np.float64)
        return {
            "ids": np.zeros(len(items), np.int32),
            "tokens": self.features.encoder.encode(texts, MAX_TOKENS),
            "categories": padded_categories(offsets, rows),
            "prices": self.features.price_scale.apply(prices),
        }

    def vectors(
        self,
        encoding: ItemEncoding,
        rows: Int32s,
        inputs: Mapping[str, Any],
        published: Callable[[Int32s], Float32s],
    ) -> Float32s:
        """What `encoding` makes of the items at `rows` with these inputs, float32 [n, dim].

        To the vectors of the bundle's items, which `published` gives, content and id were added up: what the change of
        content changes is moved, and what the id says stays.
        """
        vectors = encoding.vectors(inputs)
        old = np.flatnonzero(rows < len(self.features))
        if len(old):
            before = encoding.vectors(item_inputs(self.features, rows[old]))
            vectors[old] += published(rows[old]) - before
        return vectors
