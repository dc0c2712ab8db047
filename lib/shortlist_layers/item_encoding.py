"""Item encoding in numpy: the arithmetic of a trained `ItemEncoder`, for new items while a system serves.

For a few items at a time, calling the Keras layer takes longer than the arithmetic. It would also have to be compiled
first, while requests wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shortlist_core.types import Float32s, Int32s
from shortlist_layers.picture_encoding import PictureEncoding

BLOCK = 256
"""Items encoded at once: bounds the memory of the convolutions."""

PICTURE = "picture."
"""How the names of the picture CNN's weights begin."""


@dataclass(frozen=True)
class ItemEncoding:
    """The weights of an item encoder without its id embeddings."""

    weights: Mapping[str, Float32s]  # `text.1` and so on are the convolutions, absent where it reads no text

    def vectors(self, inputs: Mapping[str, Any]) -> Float32s:
        """Vectors of items without ids, float32 [n, dim].

        They follow from the inputs of `item_inputs`, of which `ids` is not read.
        """
        arrays = [inputs[name] for name in ("tokens", "categories", "prices", "vectors")]
        pictures = self._pictures(inputs, len(arrays[0]))
        blocks = [slice(start, start + BLOCK) for start in range(0, len(arrays[0]), BLOCK)]
        parts = [self._block(*(array[some] for array in (*arrays, pictures))) for some in blocks]
        return np.concatenate([np.zeros((0, len(self.weights["project.bias"])), np.float32), *parts])

    def _block(
        self, tokens: Int32s, categories: Int32s, prices: Float32s, vectors: Float32s, pictures: Float32s
    ) -> Float32s:
        present = (categories > 0)[..., None]
        total = (self.weights["categories"][categories] * present).sum(axis=1)
        content = [total / np.maximum(present.sum(axis=1), 1), prices, vectors, pictures]
        if "text.embedding" in self.weights:
            content.insert(0, self._text(tokens))
        joined = np.concatenate(content, axis=1)
        return np.asarray(joined @ self.weights["project.kernel"] + self.weights["project.bias"], np.float32)

    def _pictures(self, inputs: Mapping[str, Any], items: int) -> Float32s:
        """What pictures say, and 1 for an item that has one; zeros for one that has none: float32 [items, k]."""
        encoding = PictureEncoding.of(self.weights, PICTURE)
        if encoding is None:
            return np.zeros((items, 0), np.float32)
        pixels = inputs["pixels"]
        read = np.zeros((len(pixels) + 1, 2 * len(encoding.bias) + 1), np.float32)
        for start in range(0, len(pixels), BLOCK):
            part = pixels[start : start + BLOCK]
            read[start + 1 : start + 1 + len(part), :-1] = encoding.vectors(part)
        read[1:, -1] = 1
        return np.asarray(read[inputs["pictures"]])

    def _text(self, tokens: Int32s) -> Float32s:
        """Max over time of the convolutions, as in TextCNN."""
        present = (tokens > 0)[..., None]
        embedded = self.weights["text.embedding"][tokens] * present
        pooled, length, width = [], tokens.shape[1], 1
        while (kernel := self.weights.get(f"text.{width}.kernel")) is not None:
            before = (width - 1) // 2  # padding as Keras does it for "same"
            padded = np.pad(embedded, ((0, 0), (before, width - 1 - before), (0, 0)))
            summed = sum(padded[:, k : k + length] @ kernel[k] for k in range(width))
            pooled.append((np.maximum(summed + self.weights[f"text.{width}.bias"], 0) * present).max(axis=1))
            width += 1
        return np.concatenate(pooled, axis=1)
