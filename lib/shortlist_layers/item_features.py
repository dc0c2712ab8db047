"""The catalogue as arrays that models read: tokens of the text, categories, price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Float32s, Float64s, Int32s, Int64s
from shortlist_layers.tokens import TextEncoder

MAX_TOKENS = 32
MAX_CATEGORIES = 4

FARTHEST = 10.0
"""Standard deviations of the logarithm that a price lies off at most."""


@dataclass(frozen=True)
class PriceScale:
    """How prices are seen: log(1 + price), standardised over the catalogue that models were trained on."""

    mean: float
    spread: float

    @classmethod
    def of(cls, prices: Float32s | Float64s) -> PriceScale:
        """The scale of the prices [items] that are known: those that are finite and not below 0."""
        logs = np.log1p(prices[_priced(prices)])
        return cls(float(logs.mean()), float(logs.std()) + 1e-6) if len(logs) else cls(0.0, 1.0)

    def apply(self, prices: Float32s | Float64s) -> Float32s:
        """Scaled prices, 0 where unknown, beside 1 where known, float32 [items, 2]."""
        known = _priced(prices)
        logs = (np.log1p(np.where(known, prices, 0)) - self.mean) / self.spread
        logs = np.clip(logs, -FARTHEST, FARTHEST)  # where all prices were one, any other is infinitely far
        return np.stack([np.where(known, logs, 0), known], axis=1).astype(np.float32)


def _priced(prices: Float32s | Float64s) -> Bools:
    return np.asarray(np.isfinite(prices) & (prices >= 0))


def item_text(title: str, categories: Sequence[str], text: str) -> str:
    """What the models read of an item's words."""
    return " ".join([title, " ".join(categories), text])


@dataclass(frozen=True)
class ItemFeatures:
    """Row i of every array is item i."""

    tokens: Int32s  # [items, length] 0 pads; of a smaller type where it comes from a bundle
    categories: Int32s  # [items, 4] position + 1 in the catalogue's category names, 0 pads; likewise
    prices: Float32s  # [items, 2] standardised log price (0 where unknown), 1 where known
    known: Bools  # [items] whether anybody ever interacted with it: only then its id says something
    encoder: TextEncoder
    n_categories: int
    price_scale: PriceScale

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def worded(self) -> Bools:
        """Which items have words, bool [items]."""
        return np.asarray((self.tokens > 0).any(axis=1))

    @classmethod
    def build(
        cls,
        texts: Sequence[str],
        category_offsets: Int64s,
        category_rows: Int32s,
        n_categories: int,
        prices: Float32s,
        known: Bools,
        encoder: TextEncoder | None = None,
    ) -> ItemFeatures:
        """Encode everything, with a vocabulary learned from `texts` if none is given; `prices` [items] are NaN where
        unknown.
        """
        encoder = encoder or TextEncoder.learn(texts)
        tokens = encoder.encode(texts, MAX_TOKENS)
        longest = int((tokens > 0).sum(axis=1).max(initial=1))
        scale = PriceScale.of(prices)
        return cls(
            tokens[:, :longest],
            padded_categories(category_offsets, category_rows),
            scale.apply(prices),
            known,
            encoder,
            n_categories,
            scale,
        )

    def without(self, new: Bools) -> ItemFeatures:
        """The same as before anybody had taken the items `new`, bool [items]: their ids say nothing."""
        return replace(self, known=self.known & ~new)

    def with_new(self, rows: Int64s) -> ItemFeatures:
        """The same, and behind them the items at `rows` once more, as they were before anybody had taken them."""
        every = np.concatenate([np.arange(len(self)), rows])
        known = np.concatenate([self.known, np.zeros(len(rows), np.bool_)])
        arrays = {name: getattr(self, name)[every] for name in ("tokens", "categories", "prices")}
        return replace(self, **arrays, known=known)

    def write(self, writer: BundleWriter) -> None:
        """Store the arrays, the vocabulary and the scale of prices; whole numbers as small as they fit."""
        writer.array("features/tokens", self.tokens.astype(np.min_scalar_type(self.encoder.size)))
        writer.array("features/categories", self.categories.astype(np.min_scalar_type(self.n_categories)))
        writer.array("features/prices", self.prices)
        writer.array("features/known", self.known)
        writer.json("features/text", {"definition": self.encoder.definition, "n_categories": self.n_categories})
        writer.json("features/price_scale", asdict(self.price_scale))

    @classmethod
    def load(cls, bundle: Bundle) -> ItemFeatures:
        """The features that `write` stored."""
        text = bundle.json("features/text")
        tokens, categories, prices, known = (
            bundle.array(f"features/{name}") for name in ("tokens", "categories", "prices", "known")
        )
        scale = PriceScale(**bundle.json("features/price_scale"))
        return cls(tokens, categories, prices, known, TextEncoder(text["definition"]), text["n_categories"], scale)


def item_inputs(features: ItemFeatures, rows: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
    """What an item encoder reads for these rows; id 0 stands for an item whose id says nothing."""
    return {
        "ids": np.where(features.known[rows], rows + 1, 0).astype(np.int32),
        "tokens": features.tokens[rows].astype(np.int32),
        "categories": features.categories[rows].astype(np.int32),
        "prices": features.prices[rows],
    }


def padded_categories(offsets: Int64s, rows: Int32s) -> Int32s:
    """The first categories of each item as models read them, int32 [items, 4], from their rows item after item."""
    place = np.arange(MAX_CATEGORIES)
    at = offsets[:-1, None] + place
    inside = at < offsets[1:, None]
    if not len(rows):
        return np.zeros(at.shape, np.int32)
    return np.where(inside, rows[np.minimum(at, len(rows) - 1)] + 1, 0).astype(np.int32)
