"""The loss curve of one fit: the mean loss of each stretch of batches, for the report of a training."""

from __future__ import annotations

from typing import Any

from shortlist_layers.quiet_keras import keras

POINTS = 25
"""Stretches into which the batches of a fit are divided."""


class LossCurve(keras.callbacks.Callback):
    """Notes the mean loss of each stretch of batches in `points`."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.points: list[float] = []
        self._every = max(1, -(-batches // POINTS))
        self._batches, self._sum = 0, 0.0  # up to the last point

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keras hands over the mean loss since the epoch's start, of which the last stretch's is made."""
        if (batch + 1) % self._every == 0 and logs and "loss" in logs:
            total = float(logs["loss"]) * (batch + 1)
            self.points.append((total - self._sum) / (batch + 1 - self._batches))
            self._batches, self._sum = batch + 1, total
