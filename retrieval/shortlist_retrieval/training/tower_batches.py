"""Training examples of the towers: an event to predict, and the same user's events before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist_core.types import DAY, Bools, Float32s, Float64s, Int64s, Queries
from shortlist_layers.history import latest
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_retrieval.profile import strongest, wanted_only
from shortlist_retrieval.training.event_order import first_on_item, starts_of_moments

NEGATIVES = 512
BUCKET = 2_048
"""The number of distinct items of a batch is padded to a multiple of this, so that batches have few shapes."""


class TowerBatches(keras.utils.PyDataset):
    """Batches of examples that are drawn at random. With a finite `half_life_days` newer events are drawn more often.
    So are items on which a user has stronger events.

    Simultaneous events are not in each other's history, so lines of one invoice do not predict each other.
    """

    def __init__(
        self, histories: Queries, features: ItemFeatures, half_life_days: float, steps: int, batch: int, seed: int
    ) -> None:
        super().__init__()
        self.events, self.features, self.steps, self.batch = wanted_only(histories), features, steps, batch
        self.generator = np.random.default_rng(seed)
        self.rows = self.events.rows()
        self.before = starts_of_moments(self.rows, self.events.times)
        usable = (self.before > self.events.offsets[self.rows]) & first_on_item(
            self.rows, self.events.items, len(features)
        )
        self.examples = np.flatnonzero(usable)
        age = (np.repeat(self.events.now, self.events.lengths) - self.events.times)[self.examples] / DAY
        pairs = self.rows * len(features) + self.events.items
        distinct, wishes = strongest(pairs, self.events.weights)
        weights = np.exp2(-age / half_life_days) * wishes[np.searchsorted(distinct, pairs[self.examples])]
        self.cumulative = np.cumsum(weights) / max(weights.sum(), 1e-9)
        popularity = np.bincount(self.events.items[self.examples], weights, minlength=len(features))
        self.expected: Float64s = batch * popularity / max(weights.sum(), 1e-9) + NEGATIVES / len(features)

    def __len__(self) -> int:
        return self.steps if len(self.examples) else 0

    def __getitem__(self, step: int) -> tuple[dict[str, Any], Float32s]:
        """One batch: features of the distinct items, and histories, targets and negatives as positions among these."""
        drawn = np.searchsorted(self.cumulative, self.generator.random(self.batch))
        chosen = self.examples[np.minimum(drawn, len(self.examples) - 1)]
        history, present, types, gaps = latest(
            self.events, self.events.offsets[self.rows[chosen]], self.before[chosen], self.events.times[chosen]
        )
        negatives = self.generator.integers(len(self.features), size=NEGATIVES)
        mentioned = np.concatenate([history.ravel(), self.events.items[chosen], negatives])
        items, positions = np.unique(mentioned, return_inverse=True)
        items = np.pad(items, (0, -len(items) % BUCKET), mode="edge")
        h, t = history.size, history.size + self.batch
        batch = {
            **item_inputs(self.features, items),
            "log_q": np.log(self.expected[items]).astype(np.float32),
            "history": positions[:h].reshape(history.shape).astype(np.int32),
            "present": present,
            "types": types,
            "gaps": gaps,
            "targets": positions[h:t].astype(np.int32),
            "negatives": positions[t:].astype(np.int32),
            "seen": _seen(positions[:h].reshape(history.shape), present > 0, positions[h:], len(items)),
        }
        return batch, np.zeros(self.batch, np.float32)


def _seen(history: Int64s, present: Bools, columns: Int64s, n: int) -> Bools:
    """Which columns hold an item of the row's history, bool [batch, columns]. Items are positions below `n`."""
    seen = np.zeros((len(history), n), bool)
    seen[np.nonzero(present)[0], history[present]] = True
    return seen[:, columns]
