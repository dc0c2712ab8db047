"""Given vectors: embeddings of items that callers bring along, as models read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Float32s

Halves = npt.NDArray[np.float16]

MOST = 128
"""Directions at most. Further ones say hardly anything more, and cost memory in every index and model."""


@dataclass(frozen=True)
class GivenVectors:
    """The vectors of the catalogue's items, of unit length, without what all have in common.

    They are projected on the directions in which items differ most (principal components, Pearson 1901). An item
    without a vector has zeros, as an average item has.
    """

    values: Halves  # [items, k]; k is 0 where no item has a vector
    mean: Float32s  # [d] of the items' vectors, each scaled to unit length
    directions: Float32s  # [d, k]

    @property
    def given_dim(self) -> int:
        """How many numbers callers give."""
        return len(self.mean)

    @property
    def dim(self) -> int:
        """How many numbers models read."""
        return int(self.directions.shape[1])

    @classmethod
    def none(cls, items: int) -> Self:
        """Those of so many items without vectors."""
        return cls(np.zeros((items, 0), np.float16), np.zeros(0, np.float32), np.zeros((0, 0), np.float32))

    @classmethod
    def learn(cls, vectors: Sequence[Sequence[float] | None]) -> Self:
        """Those of items with these vectors, which are of one length d; None or empty where an item has none."""
        dim = max((len(vector) for vector in vectors if vector), default=0)
        if not dim:
            return cls.none(len(vectors))
        raw, has = _stacked(vectors, dim)
        units = _unit(raw[has])
        mean = units.mean(axis=0)
        spread = units - mean
        _, directions = np.linalg.eigh((spread.T @ spread).astype(np.float64))  # the largest come last
        given = cls(np.zeros((0, 0), np.float16), mean, directions[:, -MOST:].astype(np.float32))
        return given.again(vectors)

    def again(self, vectors: Sequence[Sequence[float] | None]) -> Self:
        """Those of other items, read as these are."""
        return replace(self, values=self.of(vectors).astype(np.float16))

    def of(self, vectors: Sequence[Sequence[float] | None]) -> Float32s:
        """How models read these vectors, float32 [n, k], as precise as stored ones. One of another length is none."""
        raw, has = _stacked(vectors, self.given_dim)
        read = np.zeros((len(vectors), self.dim), np.float16)
        if has.any():
            read[has] = _unit((_unit(raw[has]) - self.mean) @ self.directions)
        return read.astype(np.float32)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        """The vectors of the items at these rows, float32 [n, k]."""
        return np.asarray(self.values[rows], np.float32)

    def write(self, writer: BundleWriter) -> None:
        """Store the vectors where there are any."""
        if self.dim:
            writer.array("features/given_vectors", self.values)
            writer.array("features/given_mean", self.mean)
            writer.array("features/given_directions", self.directions)

    @classmethod
    def load(cls, bundle: Bundle, items: int) -> Self:
        """The vectors that `write` stored; those of so many items without any where it stored none."""
        if not bundle.has("features/given_vectors"):
            return cls.none(items)
        return cls(*(bundle.array(f"features/given_{name}") for name in ("vectors", "mean", "directions")))


def _stacked(vectors: Sequence[Sequence[float] | None], dim: int) -> tuple[Float32s, npt.NDArray[np.bool_]]:
    """The vectors of length `dim`, float32 [n, dim], zeros for the others; and which these are, bool [n]."""
    has = np.array([vector is not None and len(vector) == dim > 0 for vector in vectors], np.bool_)
    raw = np.zeros((len(vectors), dim), np.float32)
    if has.any():
        raw[has] = [vector for vector, given in zip(vectors, has, strict=True) if given]
    return raw, has


def _unit(vectors: npt.NDArray[np.floating[Any]]) -> Float32s:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
