"""Item vectors where a large index has them: as half floats, in the lists that a search reads, in a mapped file.

So they are stored once, and all processes share the one copy in the page cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.halves import singles
from core.types import Float32s, UInt16s, UInt32s

UNIT = 8
"""Bytes that places are counted in: as many as FAISS keeps for an id; codes are a multiple of them."""

_HALVES = UNIT // 2


@dataclass(frozen=True)
class ListedVectors:
    """Reads like an array float32 [items, d], some rows at a time."""

    region: UInt16s  # what lies between the first vector and the end of the last one, ids among it
    places: UInt32s  # [items] where in the region each vector begins, in units of UNIT bytes
    dim: int
    owner: Any = None  # whatever keeps the region mapped

    def __post_init__(self) -> None:
        if int(self.places.max(initial=0)) * _HALVES + self.dim > len(self.region):
            raise ValueError(f"has vectors beyond its {self.region.nbytes} bytes")

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, int]:
        """Items, and numbers per vector."""
        return len(self.places), self.dim

    def __getitem__(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        return singles(self.region, self.places[rows].astype(np.int64) * _HALVES, self.dim)
