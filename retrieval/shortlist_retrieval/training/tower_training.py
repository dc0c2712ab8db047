"""Tower training: trains the two towers in Keras, and returns them as the source that serves in numpy."""

from __future__ import annotations

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.types import Queries
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.sources.two_tower import TwoTower, normalised
from shortlist_retrieval.training.limits import TOWER_BATCH
from shortlist_retrieval.training.loss_curve import LossCurve
from shortlist_retrieval.training.tower_batches import TowerBatches
from shortlist_retrieval.training.towers import TwoTowerModel

RATE = 2e-3


class TowerTraining:
    """Trains one model forward through time: each `fit` goes on from the weights of the one before."""

    def __init__(self, features: ItemFeatures, seed: int, use_text: bool = True) -> None:
        self.features, self.seed, self.calls = features, seed, 0
        self.losses: list[list[float]] = []  # of each fit
        keras.utils.clear_session()  # restarts the numbers in layer names, as TensorFlow sums in the order of names
        keras.utils.set_random_seed(seed)  # Keras draws initial weights from its global generator
        self.model = TwoTowerModel(features, use_text, seed)
        self.model.build()
        self.model.compile(optimizer=keras.optimizers.Adam(RATE), jit_compile=False)

    def fit(self, histories: Queries, half_life_days: float, steps: int) -> TwoTower:
        """Train on the events of `histories` for `steps` batches. Returns the source of the trained towers.

        Raises DataError when the loss is not a finite number.
        """
        self.calls += 1
        seed = self.seed * 1_000 + self.calls
        batches = TowerBatches(histories, self.features, half_life_days, steps, TOWER_BATCH, seed)
        if len(batches):
            curve = LossCurve(len(batches))
            history = self.model.fit(batches, epochs=1, verbose=0, callbacks=[curve])
            if not np.isfinite(history.history["loss"]).all():
                raise DataError("the two-tower model's loss is not a number: are there broken prices or values?")
            self.losses.append(curve.points)
        return self.source()

    def source(self, features: ItemFeatures | None = None) -> TwoTower:
        """The source of the towers as they are now: both towers, and an index of the vectors of all items.

        The vectors are made from `features`, or else from the features that the model was trained with.
        """
        features = features or self.features
        parts = []
        for start in range(0, len(features), 4_096):
            rows = np.arange(start, min(start + 4_096, len(features)))
            parts.append(keras.ops.convert_to_numpy(self.model.encode_items(item_inputs(features, rows))))
        vectors, lengths = normalised(np.concatenate(parts))
        return TwoTower(
            VectorIndex.build(vectors), self.model.users.weights_by_name(), self.model.items.encoding(), lengths
        )
