"""Training examples of the sequence model: rows of LENGTH steps, in which each step is to be predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist_core.types import DAY, Float32s, Int64s
from shortlist_layers.quiet_keras import keras
from shortlist_retrieval.profile import strongest
from shortlist_retrieval.sequence_encoders.encoder import LENGTH
from shortlist_retrieval.sources.sequence_steps import Clock, Steps
from shortlist_retrieval.training.event_order import first_on_item, starts_of_moments
from shortlist_retrieval.training.limits import FULL_UP_TO, SEQUENCE_BATCH

ROWS = SEQUENCE_BATCH // LENGTH
"""Rows of a batch."""

NEGATIVES = 4_096


class SequenceBatches(keras.utils.PyDataset):
    """Batches of all users' steps one after another, the users in a new order in each pass.

    A row is cut out of that without regard to where users begin, so nothing is padded. A step is predicted from what
    was read of its user until the moment before, as far as that stands in the same row. So simultaneous steps, such as
    lines of one invoice, do not predict each other. Steps on an item that the user had before are read, but not
    predicted. With a finite `half_life_days` newer steps count more, and so do items of stronger events.
    """

    def __init__(
        self, steps: Steps, n_items: int, half_life_days: float, batches: int, seed: int, clock: Clock
    ) -> None:
        super().__init__()
        self.steps, self.batches = steps, batches
        self.generator = np.random.default_rng(seed)
        lengths = np.diff(self.steps.offsets)
        self.users = np.repeat(np.arange(len(lengths)), lengths)
        self.back = np.arange(len(self.steps)) - starts_of_moments(self.users, self.steps.times) + 1
        first = first_on_item(self.users, self.steps.items, n_items)
        earlier = self.steps.offsets[self.users] <= np.arange(len(self.steps)) - self.back
        age = (np.repeat(self.steps.now, lengths) - self.steps.times) / DAY
        pairs = self.users * n_items + self.steps.items
        distinct, wishes = strongest(pairs, self.steps.weights)
        counted = np.exp2(-age / half_life_days) * wishes[np.searchsorted(distinct, pairs)]
        self.weights: Float32s = np.where(first & earlier, counted, 0).astype(np.float32)
        self.weights /= max(float(self.weights.sum()) / max(len(self.steps), 1), 1e-9)
        popularity = np.bincount(self.steps.items, minlength=n_items) / max(len(self.steps), 1)
        self.taken = np.flatnonzero(popularity).astype(np.int32)
        self.log_q = np.log(SEQUENCE_BATCH * popularity + NEGATIVES / max(len(self.taken), 1)).astype(np.float32)
        self.moments = clock.parts(steps.times)
        self.waiting = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return self.batches if self.weights.any() else 0

    def __getitem__(self, number: int) -> tuple[dict[str, Any], Float32s]:
        """The next batch. Every array is [ROWS, LENGTH], but for the items that every step is compared with.

        These are all that anybody had, `all_items`. Where they are too many they are `negatives`, which are drawn from
        them, with `log_q`, the logarithm of how often each item is to be expected among them and the targets.
        """
        while len(self.waiting) < SEQUENCE_BATCH:
            self.waiting = np.concatenate([self.waiting, self._pass()])
        at, self.waiting = self.waiting[:SEQUENCE_BATCH].reshape(ROWS, LENGTH), self.waiting[SEQUENCE_BATCH:]
        sources = np.arange(LENGTH) - self.back[at]
        batch = {
            "items": self.steps.items[at],
            "types": self.steps.types[at].astype(np.int32),
            "pauses": self.steps.pauses[at],
            "moments": self.moments[at],
            "users": self.users[at].astype(np.int32),
            "sources": np.maximum(sources, 0).astype(np.int32),
            "weights": np.where(sources >= 0, self.weights[at], 0).astype(np.float32),
        }
        if len(self.taken) <= FULL_UP_TO:
            batch["all_items"] = self.taken
        else:
            batch["negatives"] = self.taken[self.generator.integers(len(self.taken), size=NEGATIVES)]
            batch["log_q"] = self.log_q
        return batch, np.zeros(SEQUENCE_BATCH, np.float32)

    def _pass(self) -> Int64s:
        """All steps, the users in a random order."""
        order = self.generator.permutation(len(self.steps.offsets) - 1)
        lengths = np.diff(self.steps.offsets)[order]
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        return np.repeat(self.steps.offsets[:-1][order] - begins, lengths) + np.arange(len(self.steps))
