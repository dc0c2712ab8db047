"""Vectors stored as half floats and read as singles, some rows at a time, faster than numpy converts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.types import Float32s, Int32s, UInt16s
from shortlist_kernels.compiled import compiled

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


def write_vectors(vectors: Float32s | HalfVectors, rows: Int32s, output: Float32s, start: int = 0) -> None:
    """Write the vectors at `rows` [a, b] into the front of `output`, float32 [a or more, b or more, start + d or
    more].

    From place `start` of the last axis on. A row below 0 reads as row 0; whether the others are there is not
    checked.
    """
    if isinstance(vectors, HalfVectors):
        copy_rows(vectors.halves.view(np.uint16), np.ascontiguousarray(rows), output, start)
    else:
        (a, b), d = rows.shape, vectors.shape[1]
        output[:a, :b, start : start + d] = vectors[np.maximum(rows, 0)]


def singles(halves: UInt16s, starts: npt.NDArray[np.integer[Any]], dim: int) -> Float32s:
    """The `dim` finite half floats from each start on, float32 [..., dim]; starts must leave room for them."""
    values = np.empty((*starts.shape, dim), np.float32)
    copy_singles(halves, starts.ravel().astype(np.int64), values.reshape(-1, dim))
    return values


@compiled
def single(half: np.uint16) -> np.float32:
    """Return a finite half float, given as its bits, as a single: its bits moved and its exponent put right."""
    bits = np.uint32(half)
    moved = ((bits & np.uint32(0x8000)) << np.uint32(16)) | ((bits & np.uint32(0x7FFF)) << np.uint32(13))
    return np.uint32(moved).view(np.float32) * REBIASED


@compiled
def copy_singles(halves: UInt16s, starts: npt.NDArray[np.int64], values: Float32s) -> None:
    """Write the half floats from each start on into a row of `values`, float32 [n, d].

    `halves` uint16 are bits of finite half floats; `starts` int64 [n] leave space for d of them.
    """
    dim = values.shape[1]
    for i in range(len(starts)):
        stored, target = halves[starts[i] : starts[i] + dim], values[i]
        for j in range(dim):  # of slices alone, here and below: so it becomes a loop over vectors
            target[j] = single(stored[j])


@compiled
def copy_rows(halves: UInt16s, rows: Int32s, output: Float32s, start: int) -> None:
    """Write the vectors at `rows` int32 [a, b] into the front of `output`, float32 [a or more, b or more, start + d
    or more], from place `start` of the last axis on.

    `halves` uint16 [n, d] are bits of finite half floats; rows are below n, and one below 0 reads as row 0.
    """
    dim = halves.shape[1]
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            stored, target = halves[max(rows[i, j], 0)], output[i, j, start : start + dim]
            for k in range(dim):
                target[k] = single(stored[k])
