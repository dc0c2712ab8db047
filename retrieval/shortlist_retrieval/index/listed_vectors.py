"""Item vectors where a large index has them: as half floats, in the lists that a search reads, in a mapped file.

So they are stored once, and all processes share the one copy in the page cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.compiled import compiled_sums
from shortlist_core.halves import REBIASED, singles
from shortlist_core.types import Float32s, Int32s, UInt16s, UInt32s

UNIT = 8
"""Bytes that places are counted in: as many as FAISS keeps for an id; codes are a multiple of them."""

_HALVES = UNIT // 2
_BLOCK = 64


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

    def products(self, queries: Float32s, rows: Int32s) -> Float32s:
        """Inner products of each query vector [batch, d] with the vectors of its rows [batch, n], float32 [batch, n].

        For rows that there are not they mean nothing. No vector is copied: those of a batch would not fit into a
        processor's cache.
        """
        products = np.empty(rows.shape, np.float32)
        _products(self.region, self.places, rows, np.ascontiguousarray(queries, np.float32), products)
        return products

    def __getitem__(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        return singles(self.region, self.places[rows].astype(np.int64) * _HALVES, self.dim)


@compiled_sums
def _products(region: UInt16s, places: UInt32s, rows: Int32s, queries: Float32s, products: Float32s) -> int:
    """The vectors lie all over memory: those of a block are asked for before the first of them is waited for, which
    halves the time. What is returned means nothing, but without it the compiler would leave the asking out.
    """
    batch, n = rows.shape
    dim, last = queries.shape[1], len(places) - 1
    starts = np.empty(_BLOCK, np.int64)
    asked = 0
    for i in range(batch):
        query = queries[i]
        for begin in range(0, n, _BLOCK):
            length = min(_BLOCK, n - begin)
            for k in range(length):
                starts[k] = np.int64(places[min(max(rows[i, begin + k], 0), last)]) * _HALVES
            for k in range(length):
                asked ^= region[starts[k]] ^ region[starts[k] + dim // 2] ^ region[starts[k] + dim - 1]
            for k in range(length):
                own, total = region[starts[k] : starts[k] + dim], np.float32(0)
                for j in range(dim):
                    half = np.uint32(own[j])
                    bits = ((half & np.uint32(0x8000)) << np.uint32(16)) | ((half & np.uint32(0x7FFF)) << np.uint32(13))
                    total += np.uint32(bits).view(np.float32) * query[j]
                products[i, begin + k] = total * REBIASED
    return asked
