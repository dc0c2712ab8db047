"""Training examples for the towers: an event to be predicted from what the same user did before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist_core.types import DAY, Bools, Float32s, Float64s, Int64s, Queries
from shortlist_layers.history import latest
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_retrieval.profile import wanted_only

NEGATIVES = 512
BUCKET = 2_048
"""The number of distinct items of a batch is padded to a multiple of this, so that shapes repeat."""


class TowerBatches(keras.utils.PyDataset):
    """Batches of examples drawn at random, newer events more often where `half_life_days` is finite.

    The items of simultaneous events are not in each other's history: lines of one invoice do not predict each other.
    """

    def __init__(
        self, histories: Queries, features: ItemFeatures, half_life_days: float, steps: int, batch: int, seed: int
    ) -> None:
        super().__init__()
        self.events, self.features, self.steps, self.batch = wanted_only(histories), features, steps, batch
        self.generator = np.random.default_rng(seed)
        self.rows = self.events.rows()
        self.before = _events_before(self.events)
        usable = (self.before > self.events.offsets[self.rows]) & _first_time(self.events, len(features))
        self.examples = np.flatnonzero(usable)
        age = (np.repeat(self.events.now, self.events.lengths) - self.events.times)[self.examples] / DAY
        weights = np.exp2(-age / half_life_days)
        self.cumulative = np.cumsum(weights) / max(weights.sum(), 1e-9)
        popularity = np.bincount(self.events.items[self.examples], weights, minlength=len(features))
        self.expected: Float64s = batch * popularity / max(weights.sum(), 1e-9) + NEGATIVES / len(features)

    def __len__(self) -> int:
        return self.steps if len(self.examples) else 0

    def __getitem__(self, step: int) -> tuple[dict[str, Any], Float32s]:
        """One batch: the distinct items' features, and histories, targets and negatives as positions among them."""
        drawn = np.searchsorted(self.cumulative, self.generator.random(self.batch))
        chosen = self.examples[np.minimum(drawn, len(self.examples) - 1)]
        history, present, types, gaps = latest(
            self.events, self.events.offsets[self.rows[chosen]], self.before[chosen], self.events.times[chosen]
        )
        negatives = self.generator.integers(len(self.features), size=NEGATIVES)
        everything = np.concatenate([history.ravel(), self.events.items[chosen], negatives])
        items, where = np.unique(everything, return_inverse=True)
        items = np.pad(items, (0, -len(items) % BUCKET), mode="edge")
        h, t = history.size, history.size + self.batch
        batch = {
            **item_inputs(self.features, items),
            "log_q": np.log(self.expected[items]).astype(np.float32),
            "history": where[:h].reshape(history.shape).astype(np.int32),
            "present": present,
            "types": types,
            "gaps": gaps,
            "targets": where[h:t].astype(np.int32),
            "negatives": where[t:].astype(np.int32),
            "seen": _seen(where[:h].reshape(history.shape), present > 0, where[h:], len(items)),
        }
        return batch, np.zeros(self.batch, np.float32)


def _seen(history: Int64s, present: Bools, columns: Int64s, n: int) -> Bools:
    """Which columns hold an item of the row's history, bool [batch, columns]; all as positions below `n`."""
    seen = np.zeros((len(history), n), bool)
    seen[np.nonzero(present)[0], history[present]] = True
    return seen[:, columns]


def _first_time(events: Queries, n_items: int) -> Bools:
    """Which events are the first of their user with their item, bool [events]."""
    first = np.zeros(len(events.items), bool)
    first[np.unique(events.rows() * n_items + events.items, return_index=True)[1]] = True
    return first


def _events_before(events: Queries) -> Int64s:
    """For each event, where the same user's strictly earlier events end, int64 [events]."""
    rows = events.rows()
    new_moment = np.ones(len(rows), bool)
    new_moment[1:] = (rows[1:] != rows[:-1]) | (events.times[1:] != events.times[:-1])
    starts = np.flatnonzero(new_moment)
    return starts[np.cumsum(new_moment) - 1] if len(rows) else np.zeros(0, np.int64)
