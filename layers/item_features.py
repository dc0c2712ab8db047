"""The catalogue as arrays that models read: tokens of the text, categories, price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.types import Bools, Float32s, Int32s, Int64s
from layers.tokens import TextEncoder

MAX_TOKENS = 32
MAX_CATEGORIES = 4


@dataclass(frozen=True)
class ItemFeatures:
    """Row i of every array is item i."""

    tokens: Int32s  # [items, length] 0 pads; of a smaller type where it comes from a bundle
    categories: Int32s  # [items, 4] position + 1 in the catalogue's category names, 0 pads; likewise
    prices: Float32s  # [items, 2] standardised log price (0 where unknown), 1 where known
    known: Bools  # [items] whether anybody ever interacted with it: only then its id says something
    encoder: TextEncoder
    n_categories: int

    def __len__(self) -> int:
        return len(self.tokens)

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
        return cls(
            tokens[:, :longest],
            _padded_categories(category_offsets, category_rows),
            _scaled_prices(prices),
            known,
            encoder,
            n_categories,
        )

    def write(self, writer: BundleWriter) -> None:
        """Store the arrays and the vocabulary; whole numbers as small as they fit."""
        writer.array("features/tokens", self.tokens.astype(np.min_scalar_type(self.encoder.size)))
        writer.array("features/categories", self.categories.astype(np.min_scalar_type(self.n_categories)))
        writer.array("features/prices", self.prices)
        writer.array("features/known", self.known)
        writer.json("features/text", {"definition": self.encoder.definition, "n_categories": self.n_categories})

    @classmethod
    def load(cls, bundle: Bundle) -> ItemFeatures:
        """The features that `write` stored."""
        text = bundle.json("features/text")
        tokens, categories, prices, known = (
            bundle.array(f"features/{name}") for name in ("tokens", "categories", "prices", "known")
        )
        return cls(tokens, categories, prices, known, TextEncoder(text["definition"]), text["n_categories"])


def item_inputs(features: ItemFeatures, rows: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
    """What an item encoder reads for these rows; id 0 stands for an item whose id says nothing."""
    return {
        "ids": np.where(features.known[rows], rows + 1, 0).astype(np.int32),
        "tokens": features.tokens[rows].astype(np.int32),
        "categories": features.categories[rows].astype(np.int32),
        "prices": features.prices[rows],
    }


def _padded_categories(offsets: Int64s, rows: Int32s) -> Int32s:
    place = np.arange(MAX_CATEGORIES)
    at = offsets[:-1, None] + place
    inside = at < offsets[1:, None]
    if not len(rows):
        return np.zeros(at.shape, np.int32)
    return np.where(inside, rows[np.minimum(at, len(rows) - 1)] + 1, 0).astype(np.int32)


def _scaled_prices(prices: Float32s) -> Float32s:
    known = np.isfinite(prices) & (prices >= 0)
    logs = np.log1p(np.where(known, prices, 0))
    if known.any():
        logs = (logs - logs[known].mean()) / (logs[known].std() + 1e-6)
    return np.stack([np.where(known, logs, 0), known], axis=1).astype(np.float32)
