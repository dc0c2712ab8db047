"""The catalogue as arrays that models read: tokens of text and attributes, categories, price, vectors, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import Attribute
from shortlist_core.types import Bools, Float32s, Float64s, Int32s, Int64s
from shortlist_layers.given_vectors import GivenVectors
from shortlist_layers.item_words import ItemWords
from shortlist_layers.pictures import Pictures

MAX_CATEGORIES = 4

VECTOR_SCALE = 4.0
"""Given vectors, which are of unit length, are this long for models, whose other inputs are about 1."""

FARTHEST = 10.0
"""Scaled prices are clipped at this many standard deviations of the logarithm."""


@dataclass(frozen=True)
class PriceScale:
    """Price scaling: log(1 + price), standardised over the catalogue that models were trained on."""

    mean: float
    spread: float

    @classmethod
    def of(cls, prices: Float32s | Float64s) -> PriceScale:
        """The scale of the known prices among `prices` [items]: those that are finite and not below 0."""
        logs = np.log1p(prices[_priced(prices)])
        return cls(float(logs.mean()), float(logs.std()) + 1e-6) if len(logs) else cls(0.0, 1.0)

    def apply(self, prices: Float32s | Float64s) -> Float32s:
        """Scaled prices (0 where unknown) and whether the price is known (1 or 0), float32 [items, 2]."""
        has_price = _priced(prices)
        logs = (np.log1p(np.where(has_price, prices, 0)) - self.mean) / self.spread
        logs = np.clip(logs, -FARTHEST, FARTHEST)  # if all prices were equal, any other lies infinitely far off
        return np.stack([np.where(has_price, logs, 0), has_price], axis=1).astype(np.float32)


def _priced(prices: Float32s | Float64s) -> Bools:
    return np.asarray(np.isfinite(prices) & (prices >= 0))


def item_text(title: str, categories: Sequence[str], text: str) -> str:
    """The text of an item that models read: title, categories and description."""
    return " ".join([title, " ".join(categories), text])


@dataclass(frozen=True)
class ItemFeatures:
    """The catalogue's items as models read them; row i of every array is item i."""

    tokens: Int32s  # [items, length] 0 pads; of a smaller type where it comes from a bundle
    categories: Int32s  # [items, 4] position + 1 in the catalogue's category names, 0 pads; likewise
    prices: Float32s  # [items, 2] standardised log price (0 where unknown), 1 where known
    has_history: Bools  # [items] whether anybody ever interacted with it: only then its id was trained
    words: ItemWords
    n_categories: int
    price_scale: PriceScale
    vectors: GivenVectors
    pictures: Pictures

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def has_content(self) -> Bools:
        """Which items have words, a given vector or a picture, by which new ones are found, bool [items]."""
        words, vectors = (self.tokens > 0).any(axis=1), (self.vectors.values != 0).any(axis=1)
        return np.asarray(words | vectors | self.pictures.has)

    @classmethod
    def build(
        cls,
        texts: Sequence[str],
        category_offsets: Int64s,
        category_rows: Int32s,
        n_categories: int,
        prices: Float32s,
        has_history: Bools,
        attributes: Sequence[Sequence[Attribute]] | None = None,
        vectors: Sequence[Sequence[float] | None] | None = None,
        known: ItemFeatures | None = None,
        pictures: Sequence[bytes | None] | None = None,
    ) -> ItemFeatures:
        """Encode the catalogue, with the words and directions of `known`, or with those learned from itself.

        `prices` [items] are NaN where unknown, and `vectors` and `pictures` None where an item has none.
        """
        if attributes is None:
            attributes = [()] * len(texts)
        words = known.words if known else ItemWords.learn(texts, attributes)
        if vectors is None:
            vectors = [None] * len(texts)
        given = known.vectors.again(vectors) if known and known.vectors.dim else GivenVectors.learn(vectors)
        tokens = words.encode(texts, attributes)
        longest = int((tokens > 0).sum(axis=1).max(initial=1))
        scale = PriceScale.of(prices)
        return cls(
            tokens[:, :longest],
            padded_categories(category_offsets, category_rows),
            scale.apply(prices),
            has_history,
            words,
            n_categories,
            scale,
            given,
            Pictures.none(len(texts)) if pictures is None else Pictures.of(pictures),
        )

    def without_ids_of(self, new: Bools) -> ItemFeatures:
        """These features as if the items `new`, bool [items], had no history: their ids are not read."""
        return replace(self, has_history=self.has_history & ~new)

    def with_new_copies(self, rows: Int64s) -> ItemFeatures:
        """These features, followed by copies of the items at `rows` without history, as if they were new."""
        all_rows = np.concatenate([np.arange(len(self)), rows])
        has_history = np.concatenate([self.has_history, np.zeros(len(rows), np.bool_)])
        arrays = {name: getattr(self, name)[all_rows] for name in ("tokens", "categories", "prices")}
        vectors = replace(self.vectors, values=self.vectors.values[all_rows])
        pictures = self.pictures.select(all_rows)
        return replace(self, **arrays, has_history=has_history, vectors=vectors, pictures=pictures)

    def write(self, writer: BundleWriter) -> None:
        """Store the arrays, the vocabulary and the price scale; integers in the smallest type that holds them."""
        writer.array("features/tokens", self.tokens.astype(np.min_scalar_type(self.words.size)))
        writer.array("features/categories", self.categories.astype(np.min_scalar_type(self.n_categories)))
        writer.array("features/prices", self.prices)
        writer.array("features/known", self.has_history)
        writer.json("features/text", self.words.to_json() | {"n_categories": self.n_categories})
        writer.json("features/price_scale", asdict(self.price_scale))
        self.vectors.write(writer)
        self.pictures.write(writer)

    @classmethod
    def load(cls, bundle: Bundle) -> ItemFeatures:
        """The features that `write` stored."""
        text = bundle.json("features/text")
        tokens, categories, prices, has_history = (
            bundle.array(f"features/{name}") for name in ("tokens", "categories", "prices", "known")
        )
        scale = PriceScale(**bundle.json("features/price_scale"))
        words, vectors = ItemWords.from_json(text), GivenVectors.load(bundle, len(tokens))
        pictures = Pictures.load(bundle, len(tokens))
        return cls(tokens, categories, prices, has_history, words, text["n_categories"], scale, vectors, pictures)


ITEM_INPUTS = ("ids", "tokens", "categories", "prices", "vectors", "pixels", "pictures")
"""What the item encoder reads, in the order of its arguments; the last two only where the catalogue has pictures."""


def item_inputs(features: ItemFeatures, rows: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
    """The item encoder's inputs for these rows; id 0 stands for an item without a trained id."""
    return {
        "ids": np.where(features.has_history[rows], rows + 1, 0).astype(np.int32),
        "tokens": features.tokens[rows].astype(np.int32),
        "categories": features.categories[rows].astype(np.int32),
        "prices": features.prices[rows],
        "vectors": features.vectors.take(rows) * VECTOR_SCALE,
        **features.pictures.inputs(rows),
    }


def padded_categories(offsets: Int64s, rows: Int32s) -> Int32s:
    """The first categories of each item, int32 [items, 4]: position + 1, 0 pads.

    `rows` lists the positions item after item: item i has `rows[offsets[i]:offsets[i + 1]]`.
    """
    at = offsets[:-1, None] + np.arange(MAX_CATEGORIES)
    inside = at < offsets[1:, None]
    if not len(rows):
        return np.zeros(at.shape, np.int32)
    return np.where(inside, rows[np.minimum(at, len(rows) - 1)] + 1, 0).astype(np.int32)
