"""Clusters of items: their sizes and the popularity of their items follow power laws; vectors lie on the sphere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from shortlist_core.types import Float32s, Float64s, Int32s, Int64s

DIM = 64
BLOCK = 1 << 16
"""Items drawn at a time: bounds memory, and makes an item's draw independent of the number of items after it."""

SIZE_POWER, POPULARITY_POWER = 0.8, 0.9
"""Exponents for the size of the k-th largest cluster, and for the popularity of the k-th most popular item."""

NOISE = 0.8
"""Length of an item's offset from its cluster's centre, which has length 1: cosines within a cluster are about 0.6."""


@dataclass(frozen=True)
class Clusters:
    """The cluster and popularity of each item. Rows are in random order, as in a catalogue that grew over years."""

    labels: Int32s  # [items]
    popularity: Float64s  # [items] share of all events, sums to 1
    centres: Float32s  # [clusters, DIM] of unit length
    seed: int

    @classmethod
    def draw(cls, items: int, seed: int) -> Clusters:
        """Draw about 2 sqrt(items) clusters."""
        generator = np.random.default_rng([seed, 1])
        count = max(4, round(2 * np.sqrt(items)))
        shares = np.arange(1, count + 1) ** -SIZE_POWER
        labels = generator.choice(count, items, p=shares / shares.sum()).astype(np.int32)
        popularity = generator.permutation(items) + 1.0
        popularity **= -POPULARITY_POWER
        centres = _unit(generator.standard_normal((count, DIM), np.float32))
        return cls(labels, popularity / popularity.sum(), centres, seed)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def order(self) -> Int64s:
        """All rows, cluster after cluster, int64 [items]."""
        return np.argsort(self.labels, kind="stable")

    @cached_property
    def starts(self) -> Int64s:
        """Where each cluster begins in `order`, int64 [clusters + 1]."""
        return np.searchsorted(self.labels[self.order], np.arange(len(self.centres) + 1))

    def vectors(self, path: Path, *, unit: bool, seed: int) -> Float32s:
        """Item vectors, float32 [items, DIM], written block by block into the file `path`, which stays mapped.

        The noise has a falling spectrum, as vectors of trained models have. With `unit`, vectors have length 1;
        otherwise popular items have longer vectors, as in matrix factorisation.
        """
        directions = np.random.default_rng([self.seed, seed]).standard_normal((DIM, DIM))
        rotation: Float32s = np.linalg.qr(directions)[0].astype(np.float32)
        falling = np.arange(1, DIM + 1) ** -0.5
        spectrum = (NOISE * falling / np.linalg.norm(falling)).astype(np.float32)
        vectors = np.lib.format.open_memmap(path, "w+", np.float32, (len(self), DIM))
        for block, start in enumerate(range(0, len(self), BLOCK)):
            part = slice(start, start + BLOCK)
            noise = np.random.default_rng([self.seed, seed, block]).standard_normal(
                vectors[part].shape, dtype=np.float32
            )
            offsets = ((noise * spectrum) @ rotation).astype(np.float32)
            drawn = _unit(self.centres[self.labels[part]] + offsets)
            if not unit:
                drawn *= np.clip((self.popularity[part] * len(self)) ** 0.25, 0.3, 3)[:, None]
            vectors[part] = drawn
        return vectors


def _unit(vectors: Float32s) -> Float32s:
    unit: Float32s = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
