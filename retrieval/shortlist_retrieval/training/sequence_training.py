"""Sequence training: trains a model of order in Keras, and returns it as the source that serves in numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.types import Bools, Float32s
from shortlist_layers.quiet_keras import keras
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.sequence_steps import Clock, Steps
from shortlist_retrieval.training.loss_curve import LossCurve
from shortlist_retrieval.training.sequence_batches import SequenceBatches
from shortlist_retrieval.training.sequence_model import SequenceModel
from shortlist_retrieval.training.sequence_readers import READERS

RATE = 5e-3
WARM_UP = 0.1
"""Share of the batches in which the rate of learning rises; then it falls to nothing."""


class SequenceTraining:
    """Trains one model forward through time: each `fit` goes on from the weights of the one before."""

    def __init__(self, n_items: int, seed: int, dropout: float, model: OrderModel) -> None:
        self.n_items, self.seed, self.calls = n_items, seed, 0
        self.losses: list[list[float]] = []  # of each fit
        keras.utils.clear_session()  # restarts the numbers in layer names, as TensorFlow sums in the order of names
        keras.utils.set_random_seed(seed)
        self.model = SequenceModel(n_items, READERS[model], dropout)
        self.model.build()
        self.clock: Clock | None = None
        self.model.compile(optimizer=keras.optimizers.AdamW(RATE, weight_decay=1e-4, beta_2=0.98), jit_compile=False)

    def fit(self, steps: Steps, half_life_days: float, batches: int, rate: float = RATE) -> SequenceSource:
        """Train on the steps of all users for so many batches. Returns the source of the trained model.

        Raises DataError when the loss is not a finite number.
        """
        self.calls += 1
        end = int(steps.times.max()) if len(steps) else 0
        if self.clock is None:
            self.clock = Clock.of(steps.times)
        else:
            before, self.clock = self.clock.last, self.clock.until(end)
            self.model.go_on(before)
        data = SequenceBatches(steps, self.n_items, half_life_days, batches, self.seed * 1_000 + self.calls, self.clock)
        if len(data):
            curve = LossCurve(len(data))
            history = self.model.fit(data, epochs=1, verbose=0, callbacks=[_OneCycle(rate, len(data)), curve])
            if not np.isfinite(history.history["loss"]).all():
                raise DataError("the sequence model's loss is not a number")
            self.losses.append(curve.points)
        return self.source(np.bincount(steps.items, minlength=self.n_items) > 0)

    def source(self, had: Bools) -> SequenceSource:
        """The source of the model as it is now. Only the items that somebody `had`, bool [items], have vectors.

        The mean of these is taken out, as it changes nothing in the order, so that the other items are average ones.
        """
        items = keras.ops.convert_to_numpy(self.model.items.embeddings)
        centre = items[had].mean(axis=0) if had.any() else np.zeros(items.shape[1], np.float32)
        vectors: Float32s = np.where(had[:, None], items - centre, 0).astype(np.float32)
        encoder = self.model.reader.encoder({**self.model.weights_by_name(), "centre": centre})
        return SequenceSource(VectorIndex.build(vectors), encoder, self.clock or Clock(0, 1, 0))


class _OneCycle(keras.callbacks.Callback):
    """The rate of learning rises to `rate`, then falls to nothing, as half a cosine."""

    def __init__(self, rate: float, batches: int) -> None:
        super().__init__()
        self._rate, self._batches = rate, batches

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        rising = WARM_UP * self._batches
        if batch < rising:
            share = (batch + 1) / (rising + 1)
        else:
            share = 0.5 + 0.5 * math.cos(math.pi * (batch - rising) / max(self._batches - rising, 1))
        self.model.optimizer.learning_rate.assign(self._rate * share)
