"""Vectors stored as half floats and read as singles, some rows at a time, faster than numpy converts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.types import Float32s, UInt16s

KEPT_WHOLE = 20_000
"""Vectors; of no more than that memory is no concern, and they are stored as they were trained."""

REBIASED = np.float32(2.0**112)
"""What the bits of a half, moved to their places in a single, fall short by: the exponents' biases are 15 and 127."""


@dataclass(frozen=True)
class HalfVectors:
    """Reads, and where the halves can be written to is written, like an array float32 [n, d] by rows."""

    halves: npt.NDArray[np.float16]  # [n, d] finite

    def __len__(self) -> int:
        return len(self.halves)

    @property
    def shape(self) -> tuple[int, int]:
        """Vectors, and numbers per vector."""
        return len(self.halves), self.halves.shape[1]

    def __getitem__(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        count, dim = self.shape
        if rows.size and not -count <= rows.min() <= rows.max() < count:
            raise IndexError(f"rows {rows.min()} to {rows.max()} of {count}")
        return singles(self.halves.view(np.uint16).ravel(), rows % count * dim, dim)

    def __setitem__(self, rows: npt.NDArray[np.integer[Any]], vectors: Float32s) -> None:
        self.halves[rows] = vectors


def shrunk(vectors: Float32s | HalfVectors) -> npt.NDArray[Any]:
    """What to store of vectors [n, d]: halves where there are many of them."""
    if isinstance(vectors, HalfVectors):
        return vectors.halves
    return vectors if len(vectors) <= KEPT_WHOLE else vectors.astype(np.float16)


def restored(stored: npt.NDArray[Any]) -> Float32s | HalfVectors:
    """Reads float32 from what `shrunk` gave."""
    return HalfVectors(stored) if stored.dtype == np.float16 else stored


def singles(halves: UInt16s, starts: npt.NDArray[np.integer[Any]], dim: int) -> Float32s:
    """The `dim` finite half floats from each start on, float32 [..., dim]; starts must leave room for them."""
    bits = np.empty((*starts.shape, dim), np.uint32)
    _moved(halves, starts.ravel().astype(np.int64), bits.reshape(-1, dim))
    values = bits.view(np.float32)
    values *= REBIASED
    return values


@compiled
def _moved(halves: UInt16s, starts: npt.NDArray[np.int64], bits: npt.NDArray[np.uint32]) -> None:
    """The bits of halves where a single has them."""
    dim = bits.shape[1]
    for i in range(len(starts)):
        own, target = halves[starts[i] : starts[i] + dim], bits[i]
        for j in range(dim):  # of slices alone: so it becomes a loop over vectors
            half = np.uint32(own[j])
            target[j] = ((half & np.uint32(0x8000)) << np.uint32(16)) | ((half & np.uint32(0x7FFF)) << np.uint32(13))
