"""Item vectors where a large index has them: as half floats, in the lists that a search reads, in a mapped file.

So they are stored once, and all processes share the one copy in the page cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.types import Float32s

UNIT = 8
"""Bytes that places are counted in: as many as FAISS keeps for an id; codes are a multiple of them."""

UInt16s = npt.NDArray[np.uint16]
UInt32s = npt.NDArray[np.uint32]

_NUMBERS = UNIT // 2
_REBIASED = np.float32(2.0**112)
"""What the bits of a half, moved to their places in a single, fall short by: the exponents' biases are 15 and 127."""


@dataclass(frozen=True)
class ListedVectors:
    """Reads like an array float32 [items, d], some rows at a time."""

    region: UInt16s  # what lies between the first vector and the end of the last one, ids among it
    places: UInt32s  # [items] where in the region each vector begins, in units of UNIT bytes
    dim: int
    owner: Any = None  # whatever keeps the region mapped

    def __post_init__(self) -> None:
        if int(self.places.max(initial=0)) * _NUMBERS + self.dim > len(self.region):
            raise ValueError(f"has vectors beyond its {self.region.nbytes} bytes")

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, int]:
        """Items, and numbers per vector."""
        return len(self.places), self.dim

    def __getitem__(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        places = self.places[rows]
        bits = np.empty((*places.shape, self.dim), np.uint32)
        _moved(self.region, places.ravel(), bits.reshape(-1, self.dim))
        vectors = bits.view(np.float32)
        vectors *= _REBIASED
        return vectors


@compiled
def _moved(region: UInt16s, places: UInt32s, bits: UInt32s) -> None:
    """The bits of finite halves where a single has them. numpy's own conversion takes five times as long."""
    for i in range(len(places)):
        at = np.int64(places[i]) * _NUMBERS
        own, target = region[at : at + bits.shape[1]], bits[i]
        for j in range(len(target)):  # of slices alone: so it becomes a loop over vectors
            half = np.uint32(own[j])
            target[j] = ((half & np.uint32(0x8000)) << np.uint32(16)) | ((half & np.uint32(0x7FFF)) << np.uint32(13))
