"""Early stopping of a scorer's training, by held-out examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist_layers.item_features import ItemFeatures
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.action_labels import Types, action_labels, log_loss
from shortlist_ranking.example_ndcg import ndcg_at_10
from shortlist_ranking.examples import Examples, Scaling
from shortlist_ranking.outputs import item_vectors, outputs_of

PATIENCE = 2


class KeepBest(keras.callbacks.Callback):
    """Early stopping: measures NDCG@10 on the held-out examples after each epoch and keeps the best weights.

    Training starts from stage one's order, unless it is `warm`. Epochs whose order is worse than that are all alike, as
    stage one's order is served then (`choose_blend`). Of epochs that are alike, the one that tells best by which of the
    actions `types` items are taken is kept.
    """

    def __init__(
        self, check: Examples, items: ItemFeatures, scaling: Scaling, types: Types = (), warm: bool = False
    ) -> None:
        super().__init__()
        self.check, self.items, self.scaling, self.warm = check, items, scaling, warm
        self.action_truth = action_labels(check.labels, check.done, types)
        self.floor, self.best, self.best_epoch = -1.0, (-1.0, -np.inf), 0
        self.best_weights: list[Any] = []
        self.passes: list[tuple[float | None, float]] = []  # loss and NDCG@10; the first is the start, without a loss

    def on_train_begin(self, logs: Any = None) -> None:
        """Measure the start: an order must beat it to count."""
        self.on_epoch_end(-1)
        if not self.warm:
            self.floor = self.best[0]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure, keep the weights if they are the best so far, stop after PATIENCE epochs without a gain."""
        vectors = item_vectors(self.model, self.items)
        scores, of_actions = outputs_of(self.model, self.check, vectors, self.scaling)
        ndcg = ndcg_at_10(scores, self.check)
        self.passes.append((float(logs["loss"]) if logs and "loss" in logs else None, ndcg))
        found = max(ndcg, self.floor), -log_loss(of_actions, self.action_truth)
        if found > self.best:
            self.best, self.best_epoch, self.best_weights = found, epoch, self.model.get_weights()
        elif epoch - self.best_epoch >= PATIENCE:
            self.model.stop_training = True
