"""New items: items that were written after a bundle was published, as the models of that bundle read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import Float32s, Int32s
from shortlist_layers.item_encoding import ItemEncoding
from shortlist_layers.item_features import VECTOR_SCALE, ItemFeatures, item_inputs, item_text, padded_categories
from shortlist_layers.pictures import inputs_of


@dataclass(frozen=True)
class NewItems:
    """Makes model inputs and vectors of new items, and says for how many of them arrays have spare rows."""

    spare_rows: int
    features: ItemFeatures  # of the bundle's items
    categories: Mapping[str, int]  # name -> position, of those that the bundle's models were trained on

    @classmethod
    def load(cls, bundle: Bundle, spare_rows: int) -> NewItems:
        """For a bundle whose arrays are loaded with so many spare rows."""
        names = bundle.json("items/category_names")
        return cls(spare_rows, ItemFeatures.load(bundle), {name: position for position, name in enumerate(names)})

    def inputs(self, items: Sequence[CatalogItem]) -> dict[str, Any]:
        """The item encoder's inputs for the items; categories that the bundle does not have are left out."""
        texts = [item_text(item.title, item.categories, item.text) for item in items]
        categories = [[self.categories[name] for name in item.categories if name in self.categories] for item in items]
        offsets = np.cumsum([0, *map(len, categories)], dtype=np.int64)
        rows = np.array([row for of_item in categories for row in of_item], np.int32)
        prices = np.array([np.nan if item.price is None else item.price for item in items], np.float64)
        return {
            "ids": np.zeros(len(items), np.int32),
            "tokens": self.features.words.encode(texts, [item.attributes for item in items]),
            "categories": padded_categories(offsets, rows),
            "prices": self.features.price_scale.apply(prices),
            "vectors": self.features.vectors.of([item.embedding for item in items]) * VECTOR_SCALE,
            **(inputs_of([item.pixels for item in items]) if len(self.features.pictures) else {}),
        }

    def vectors(
        self,
        encoding: ItemEncoding,
        rows: Int32s,
        inputs: Mapping[str, Any],
        published: Callable[[Int32s], Float32s],
    ) -> Float32s:
        """The vectors of the items at `rows` with these inputs, float32 [n, dim].

        A new item's vector is the encoding of its content. A published item's vector, which `published` returns by row,
        is the sum of its content's encoding and its id's embedding. Only the first part is replaced. What its picture
        adds to that stays, too, where no other picture is given.
        """
        vectors = encoding.vectors(inputs)
        old = np.flatnonzero(rows < len(self.features))
        if len(old):
            known = item_inputs(self.features, rows[old])
            if "pictures" in known:  # what a picture adds is the same before and after
                known["pictures"] = np.where(inputs["pictures"][old] > 0, known["pictures"], 0)
            before = encoding.vectors(known)
            vectors[old] += published(rows[old]) - before
        return vectors
