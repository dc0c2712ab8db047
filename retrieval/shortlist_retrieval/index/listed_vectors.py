"""Listed vectors: the item vectors of a large index, as half floats in the inverted lists of its mapped file.

So the vectors are stored once, and all processes share one copy in the page cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.types import Float32s, Int32s, UInt16s, UInt32s
from shortlist_kernels.halves import singles
from shortlist_kernels.vectors import HALVES_PER_UNIT, write_listed_products

UNIT = 2 * HALVES_PER_UNIT
"""Bytes of the unit that places are counted in. FAISS keeps as many for an id, and codes are a multiple of them."""


@dataclass(frozen=True)
class ListedVectors:
    """Item vectors that are read like an array float32 [items, d], some rows at a time."""

    region: UInt16s  # memory from the first vector to the end of the last one, with ids in between
    places: UInt32s  # [items] where each vector begins in the region, in units of UNIT bytes
    dim: int
    owner: Any = None  # the object that keeps the region mapped

    def __post_init__(self) -> None:
        if int(self.places.max(initial=0)) * HALVES_PER_UNIT + self.dim > len(self.region):
            raise ValueError(f"has vectors beyond its {self.region.nbytes} bytes")

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of items and the dimension of their vectors."""
        return len(self.places), self.dim

    def products(self, queries: Float32s, rows: Int32s) -> Float32s:
        """Inner products of each query vector [batch, d] with the vectors of its rows [batch, n], float32 [batch, n].

        The products of rows that do not exist mean nothing. No vector is copied, as the vectors of a batch would not
        fit into a processor's cache.
        """
        products = np.empty(rows.shape, np.float32)
        write_listed_products(self.region, self.places, rows, np.ascontiguousarray(queries, np.float32), products)
        return products

    def __getitem__(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        return singles(self.region, self.places[rows].astype(np.int64) * HALVES_PER_UNIT, self.dim)
