"""Sequence source: a causal transformer over the history, as it serves, in numpy.

Kang and McAuley 2018, Self-Attentive Sequential Recommendation, trained with a softmax over many items (Klenitskiy and
Vasilev 2023, Turning Dross Into Gold Loss) and with gated pre-norm blocks (Tikhonovich et al. 2025, eSASRec).
`training.sequence_training` trains it in Keras, which serving does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.explanations import Explanation
from shortlist_core.types import Float32s, Int64s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.index.new_item_index import NewItemIndex
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.sources.fit_inputs import RetrievalSettings, Trial
from shortlist_retrieval.sources.sequence_steps import Clock, Steps, steps_of
from shortlist_retrieval.sources.vector_source import VectorSource

DIM = 64
"""Length of the vectors of users and items."""

BLOCKS = 2
"""Blocks of attention and a gated layer."""

HEADS = 2
"""Heads of each attention."""

LENGTH = 200
"""Newest steps of a history that are read."""

EPSILON = 1e-6
"""Added to variances before vectors are divided by their roots."""

_TOGETHER = 16
"""Histories that are read at the same time, those of similar lengths together."""


@dataclass(frozen=True)
class SequenceSource(VectorSource):
    """Inner products of what the transformer makes of a user's steps with the items' vectors."""

    kind = "Sequence"
    explanation = Explanation(following="Often comes after {title}, which you {done}.")

    index: VectorIndex
    weights: Mapping[str, Float32s]
    clock: Clock
    name: str = "sequence"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """Where the settings say so."""
        return settings.sequence

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with the model of order, where the recipe has one trained."""
        return replace(settings, sequence=trial.inputs.most_sequence_batches > 0)

    def encode(self, queries: Queries) -> Float32s:
        """The users' vectors, float32 [batch, DIM]; zeros for a user without history.

        The arithmetic is that of `sequence_model.SequenceModel`, but in numpy: compiling a graph for every number of
        steps would cost more than it saves.
        """
        steps = steps_of(queries, len(self.index), LENGTH)
        lengths = np.diff(steps.offsets)
        vectors = np.zeros((len(queries), DIM), np.float32)
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] > 0]
        for start in range(0, len(order), _TOGETHER):
            rows = order[start : start + _TOGETHER]
            vectors[rows] = self._read(steps, rows, lengths[rows])
        return vectors

    def _read(self, steps: Steps, rows: Int64s, lengths: Int64s) -> Float32s:
        """The vectors after the last of `lengths` steps of the histories `rows`, float32 [rows, DIM]."""
        weights, last = self.weights, lengths - 1
        places = np.arange(lengths.max())
        at = steps.offsets[rows, None] + np.minimum(places, last[:, None])  # what stands behind the end is never read
        items = self.index.take(steps.items[at]) + weights["centre"]
        x = items * np.float32(DIM**0.5) + weights["types"][steps.types[at]] + weights["pauses"][steps.pauses[at]]
        x += weights["moments"][self.clock.parts(steps.times[at])]
        distances = places[:, None] - places
        for block in range(BLOCKS - 1):
            x = _block(x, x, distances, weights, f"{block}")
        newest = x[np.arange(len(rows)), last][:, None]
        x = _block(newest, x, (last[:, None] - places)[:, None], weights, f"{BLOCKS - 1}")
        return _normed(x[:, 0], weights, "end")

    def write(self, writer: BundleWriter) -> None:
        """Store the index and the transformer."""
        prefix = f"retrieval/{self.name}"
        self.index.write(writer, prefix)
        writer.weights(f"{prefix}/transformer", self.weights)
        writer.json(f"{prefix}/clock", asdict(self.clock))

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> SequenceSource:
        """The source that `write` stored. It has no scores for new items."""
        prefix = f"retrieval/{name}"
        index = VectorIndex.load(bundle, prefix)
        weights, clock = bundle.weights(f"{prefix}/transformer"), Clock(**bundle.json(f"{prefix}/clock"))
        return cls(NewItemIndex.over(index, new.spare_rows) if new else index, weights, clock)


def _block(x: Float32s, read: Float32s, distances: Int64s, weights: Mapping[str, Float32s], name: str) -> Float32s:
    """One block at the places of `x` [batch, m, DIM], which attend to those of `read` [batch, n, DIM] before them.

    `distances`, [m, n] or [batch, m, n], say how far the place that is read lies back; below 0 it is not read.
    """
    batch, m = x.shape[:2]
    normed = _normed(read, weights, f"{name}.attention")
    keys, values = np.split(normed @ weights[f"{name}.read"], 2, axis=2)
    asked = (normed if read is x else _normed(x, weights, f"{name}.attention")) @ weights[f"{name}.ask"]
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
    gate, value = np.split(_normed(x, weights, f"{name}.gated") @ weights[f"{name}.widen"], 2, axis=2)
    return np.asarray(x + (gate / (1 + np.exp(-gate)) * value) @ weights[f"{name}.narrow"], np.float32)


def _normed(x: Float32s, weights: Mapping[str, Float32s], name: str) -> Float32s:
    """Vectors of mean 0 and variance 1, scaled and shifted (layer normalisation)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return np.asarray(
        centred / np.sqrt(variance + EPSILON) * weights[f"{name}.scale"] + weights[f"{name}.shift"], np.float32
    )
