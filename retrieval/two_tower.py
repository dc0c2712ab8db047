"""The two-tower source: trained in Keras, served as item vectors in an index and a user tower in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.errors import DataError
from core.types import Float32s, Queries
from layers.history import latest
from layers.item_features import ItemFeatures, item_inputs
from retrieval.index import VectorIndex
from retrieval.profile import wanted_only
from retrieval.scores import VectorScores
from retrieval.tower_batches import TowerBatches
from retrieval.towers import DIM, HEADS, TwoTowerModel

BATCH = 256
RATE = 2e-3


@dataclass(frozen=True)
class TwoTower:
    """Inner product of a user's vector, made from the history alone, with every item's, which has unit length."""

    index: VectorIndex
    user_tower: dict[str, Float32s]
    name: str = "two_tower"

    def scores(self, queries: Queries) -> VectorScores:
        """Inner products with the users' vectors."""
        return VectorScores(self.encode(queries), self.index)

    def encode(self, queries: Queries) -> Float32s:
        """The users' vectors, float32 [batch, DIM]; zeros without a history.

        The same arithmetic as `towers.UserTower`, in numpy: at a few microseconds a user, calling a compiled graph
        would cost more than the work.
        """
        events, tower = wanted_only(queries), self.user_tower
        history, present, types, gaps = latest(events, events.offsets[:-1], events.offsets[1:], events.now)
        logits = tower["places"] + tower["types"][types] + tower["gaps"][gaps]
        logits = np.where(present[..., None] > 0, logits, -np.inf)
        top = np.max(logits, axis=1, keepdims=True, initial=-1e9)
        odds = np.exp(logits - top)
        weights = odds / np.maximum(odds.sum(axis=1, keepdims=True), 1e-9)
        pooled = weights.transpose(0, 2, 1) @ self.index.take(history)
        hidden = np.maximum(pooled.reshape(-1, HEADS * DIM) @ tower["hidden.kernel"] + tower["hidden.bias"], 0)
        mixed = pooled.mean(axis=1) + hidden @ tower["mix.kernel"] + tower["mix.bias"]
        known: Float32s = present.max(axis=1, keepdims=True, initial=0)
        return np.asarray(mixed * known, np.float32)

    def write(self, writer: BundleWriter) -> None:
        """Store the index and the user tower."""
        self.index.write(writer, "retrieval/two_tower")
        writer.weights("retrieval/two_tower/user", self.user_tower)

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> TwoTower:
        """The source that `write` stored."""
        return cls(VectorIndex.load(bundle, f"retrieval/{name}"), bundle.weights(f"retrieval/{name}/user"))


class TowerTraining:
    """Trains one model forward through time: each call of `fit` goes on from the weights that the last one left."""

    def __init__(self, features: ItemFeatures, seed: int, use_text: bool = True) -> None:
        self.features, self.seed, self.calls = features, seed, 0
        keras.utils.clear_session()  # counts layers anew: TensorFlow adds up in the order of their names
        keras.utils.set_random_seed(seed)  # initial weights come from Keras's global generator
        self.model = TwoTowerModel(features, use_text, seed)
        self.model.build()
        self.model.compile(optimizer=keras.optimizers.Adam(RATE), jit_compile=False)

    def fit(self, histories: Queries, half_life_days: float, steps: int) -> TwoTower:
        """Train on the events of `histories` for so many batches; returns the source as it is then.

        Raises DataError when the loss stops being a number.
        """
        self.calls += 1
        seed = self.seed * 1_000 + self.calls
        batches = TowerBatches(histories, self.features, half_life_days, steps, BATCH, seed)
        if len(batches):
            history = self.model.fit(batches, epochs=1, verbose=0)
            if not np.isfinite(history.history["loss"]).all():
                raise DataError("the two-tower model's loss is not a number: are there broken prices or values?")
        return self.source()

    def source(self) -> TwoTower:
        """What the model says now: every item's vector, indexed, and the user tower."""
        parts = []
        for start in range(0, len(self.features), 4_096):
            rows = np.arange(start, min(start + 4_096, len(self.features)))
            parts.append(keras.ops.convert_to_numpy(self.model.item_vectors(item_inputs(self.features, rows))))
        users = self.model.users
        arrays = {
            "places": users.places.embeddings,
            "types": users.types.embeddings,
            "gaps": users.gaps.embeddings,
            "hidden.kernel": users.hidden.kernel,
            "hidden.bias": users.hidden.bias,
            "mix.kernel": users.mix.kernel,
            "mix.bias": users.mix.bias,
        }
        tower = {name: keras.ops.convert_to_numpy(value) for name, value in arrays.items()}
        return TwoTower(VectorIndex.build(np.concatenate(parts)), tower)
