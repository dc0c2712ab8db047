"""Transformer encoder: blocks of causal attention and a gated layer, as they serve.

Kang and McAuley 2018, Self-Attentive Sequential Recommendation, with gated pre-norm blocks (Tikhonovich et al. 2025,
eSASRec). `training.sequence_transformer` trains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shortlist_core.types import Float32s, Int64s
from shortlist_retrieval.sequence_encoders.encoder import DIM, SequenceEncoder, normed
from shortlist_retrieval.sequence_encoders.names import OrderModel

BLOCKS = 2
"""Blocks of attention and a gated layer."""

HEADS = 2
"""Heads of each attention."""

_TOGETHER = 16
"""Histories that are read at the same time, those of similar lengths together."""


@dataclass(frozen=True)
class Transformer(SequenceEncoder):
    """Each step attends to those before it; the newest one says what comes next."""

    name = OrderModel.TRANSFORMER

    def read(self, steps: Float32s, bounds: Int64s) -> Float32s:
        """What is known after the last step of each history, float32 [histories, DIM]."""
        lengths = np.diff(bounds)
        vectors = np.empty((len(lengths), DIM), np.float32)
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), _TOGETHER):
            rows = order[start : start + _TOGETHER]
            vectors[rows] = self._read(steps, bounds[rows], lengths[rows])
        return vectors

    def _read(self, steps: Float32s, starts: Int64s, lengths: Int64s) -> Float32s:
        """The vectors after the last of `lengths` steps from `starts` on, float32 [histories, DIM]."""
        last = lengths - 1
        places = np.arange(lengths.max())
        x = steps[starts[:, None] + np.minimum(places, last[:, None])]  # what stands behind the end is never read
        distances = places[:, None] - places
        for block in range(BLOCKS - 1):
            x = _block(x, x, distances, self.weights, f"{block}")
        newest = x[np.arange(len(starts)), last][:, None]
        return _block(newest, x, (last[:, None] - places)[:, None], self.weights, f"{BLOCKS - 1}")[:, 0]


def _block(x: Float32s, read: Float32s, distances: Int64s, weights: Mapping[str, Float32s], name: str) -> Float32s:
    """One block at the places of `x` [batch, m, DIM], which attend to those of `read` [batch, n, DIM] before them.

    `distances`, [m, n] or [batch, m, n], say how far the place that is read lies back; below 0 it is not read.
    """
    batch, m = x.shape[:2]
    pre = normed(read, weights, f"{name}.attention")
    keys, values = np.split(pre @ weights[f"{name}.read"], 2, axis=2)
    asked = (pre if read is x else normed(x, weights, f"{name}.attention")) @ weights[f"{name}.ask"]
    asked, keys, values = (
        each.reshape(batch, -1, HEADS, DIM // HEADS).transpose(0, 2, 1, 3) for each in (asked, keys, values)
    )
    logits = asked @ keys.transpose(0, 1, 3, 2) * np.float32((DIM // HEADS) ** -0.5)
    bias = np.where(distances[..., None] < 0, np.float32(-1e9), weights[f"{name}.distance"][np.maximum(distances, 0)])
    logits += np.moveaxis(bias, -1, -3)
    logits -= logits.max(axis=-1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed = (shares @ values).transpose(0, 2, 1, 3).reshape(batch, m, DIM)
    x = x + mixed @ weights[f"{name}.mix"]
    gate, value = np.split(normed(x, weights, f"{name}.gated") @ weights[f"{name}.widen"], 2, axis=2)
    return np.asarray(x + (gate / (1 + np.exp(-gate)) * value) @ weights[f"{name}.narrow"], np.float32)
