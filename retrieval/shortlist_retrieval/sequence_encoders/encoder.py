"""The interface of a sequence encoder, which reads a user's steps one after another and says what comes next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shortlist_core.types import Float32s, Int64s
from shortlist_retrieval.sequence_encoders.names import OrderModel

DIM = 64
"""Length of the vectors of users, items and steps."""

LENGTH = 200
"""Newest steps of a history that are read."""

EPSILON = 1e-6
"""Added to variances before vectors are divided by their roots."""


@dataclass(frozen=True)
class SequenceEncoder(ABC):
    """An encoder with its weights by name, those of its inputs and of the end among them."""

    name: ClassVar[OrderModel]
    """Name of the model in recipes, manifests and bundles."""

    weights: Mapping[str, Float32s]

    @abstractmethod
    def read(self, steps: Float32s, bounds: Int64s) -> Float32s:
        """What is known after the last step of each history, float32 [histories, DIM].

        `steps` float32 [steps, DIM] are the inputs, those of history i at `bounds[i]:bounds[i + 1]`, 1 to LENGTH.
        """


def normed(x: Float32s, weights: Mapping[str, Float32s], name: str) -> Float32s:
    """Vectors of mean 0 and variance 1, scaled and shifted (layer normalisation)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return np.asarray(
        centred / np.sqrt(variance + EPSILON) * weights[f"{name}.scale"] + weights[f"{name}.shift"], np.float32
    )
