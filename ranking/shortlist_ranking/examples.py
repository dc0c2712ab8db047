"""Training examples of the scorer: queries, the candidates that stage one returned, and which of them were taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Candidates, Float32s, Int32s, Int64s, Queries, UInt16s
from shortlist_kernels.ranking import scale
from shortlist_layers.history import latest
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.action_labels import POSSIBLE, Types, action_labels
from shortlist_ranking.features.matrix import feature_matrix
from shortlist_ranking.item_facts import ItemFacts

BUCKET = 2_048
"""The number of distinct items of a batch is padded to a multiple of this, so that few shapes are traced."""


@dataclass(frozen=True)
class Examples:
    """One row per query."""

    candidates: Int32s  # [queries, n] rows, NO_ITEM pads
    features: Float32s  # [queries, n, features] not scaled
    labels: Float32s  # [queries, n] gain of a taken item, 0 where not taken, -1 for padding
    ideal: Float32s  # [queries] DCG@10 of the best list, retrieved or not
    users: Int64s  # [queries] which user asked, so that whole users can be held out
    history: Int32s  # [queries, HISTORY] newest first
    present: Float32s
    types: Int32s
    gaps: Int32s
    done: UInt16s  # [queries, n] the set of actions that followed, as of `action_sets`
    user_rates: Float32s  # [queries, POSSIBLE] log odds of actions

    def __len__(self) -> int:
        return len(self.candidates)

    @classmethod
    def build(
        cls,
        queries: Queries,
        candidates: Candidates,
        gains: Float32s,
        done: UInt16s,
        ideal: Float32s,
        users: Int64s,
        facts: ItemFacts,
    ) -> Examples:
        """The examples of one time slice; `gains` [queries, n] are 0 for candidates that were not taken."""
        labels = np.where(candidates.valid, gains, -1).astype(np.float32)
        recent = latest(queries, queries.offsets[:-1], queries.offsets[1:])
        rates = facts.rates.of_users(queries, POSSIBLE)
        return cls(
            candidates.items, feature_matrix(queries, candidates, facts), labels, ideal, users, *recent, done, rates
        )

    @classmethod
    def join(cls, parts: Sequence[Examples]) -> Examples:
        """The rows of all parts; shorter candidate lists are padded to the longest."""
        width = max(part.candidates.shape[1] for part in parts)
        fields: dict[str, Any] = {}
        for name, fill in (("candidates", NO_ITEM), ("features", 0), ("labels", -1), ("done", 0)):
            arrays = [getattr(part, name) for part in parts]
            pads = [[(0, 0), (0, width - a.shape[1]), *([(0, 0)] * (a.ndim - 2))] for a in arrays]
            fields[name] = np.concatenate(
                [np.pad(a, pad, constant_values=fill) for a, pad in zip(arrays, pads, strict=True)]
            )
        for name in ("ideal", "users", "history", "present", "types", "gaps", "user_rates"):
            fields[name] = np.concatenate([getattr(part, name) for part in parts])
        return cls(**fields)

    def with_features(self, kept: Int64s) -> Examples:
        """These examples with some of the features alone, by their columns."""
        return replace(self, features=np.ascontiguousarray(self.features[..., kept]))

    def select(self, which: Int64s | Bools) -> Examples:
        """Some of the rows."""
        return Examples(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Scaling:
    """Feature scaling: mean, standard deviation and range of every feature over the training candidates."""

    mean: Float32s  # [features]
    spread: Float32s  # [features]
    low: Float32s  # [features]
    high: Float32s  # [features]

    @classmethod
    def fit(cls, examples: Examples) -> Scaling:
        """The scaling of the candidates that are not padding, which are read in blocks: a copy of them all is large."""
        n = max(int(np.count_nonzero(examples.labels >= 0)), 1)
        of_blocks = ((b.sum(axis=0, dtype=np.float64), b.min(axis=0), b.max(axis=0)) for b in _candidates(examples))
        totals, lows, highs = zip(*of_blocks, strict=True)
        mean = sum(totals) / n
        squares = sum(((block - mean) ** 2).sum(axis=0) for block in _candidates(examples)) / n
        spread = np.sqrt(squares).astype(np.float32)
        return cls(np.asarray(mean, np.float32), spread, np.min(lows, axis=0), np.max(highs, axis=0))

    def without(self, features: Bools) -> Scaling:
        """This scaling with the marked features, bool [features], scaled to 0 whatever their values: for ablations."""
        return replace(self, spread=np.where(features, np.inf, self.spread).astype(np.float32))

    def apply(self, raw: Float32s) -> Float32s:
        """Scaled features, clipped to the range of training: a network extrapolates unpredictably outside of it."""
        scaled = np.array(raw, np.float32, order="C")
        self.apply_within(scaled)
        return scaled

    def apply_within(self, found: Float32s) -> None:
        """Scale in place the first features of `found`, float32 [..., features or more] and contiguous."""
        scale(found.reshape(-1, found.shape[-1]), self.mean, self.spread, self.low, self.high)


def _candidates(examples: Examples, block: int = 256) -> Iterator[Float32s]:
    """The features of the candidates that are not padding, float32 [n, features], of a block of queries at a time."""
    for start in range(0, len(examples), block):
        part = slice(start, start + block)
        rows = examples.features[part][examples.labels[part] >= 0]
        if len(rows):
            yield rows


class ExampleBatches(keras.utils.PyDataset):
    """Shuffled batches. Of each query's candidates they hold all taken ones and a random sample of the others."""

    def __init__(
        self,
        examples: Examples,
        items: ItemFeatures,
        scaling: Scaling,
        batch: int,
        width: int,
        seed: int,
        types: Types = (),
    ) -> None:
        super().__init__()
        self.types = types
        self.examples, self.items, self.scaling, self.batch, self.width = examples, items, scaling, batch, width
        self.generator = np.random.default_rng(seed)
        self.order = self.generator.permutation(len(examples))

    def __len__(self) -> int:
        return len(self.examples) // self.batch

    def on_epoch_end(self) -> None:
        """Shuffle anew for the next epoch."""
        self.order = self.generator.permutation(len(self.examples))

    def __getitem__(self, step: int) -> tuple[dict[str, Any], Float32s]:
        """One batch: the inputs of `Scorer`, and the labels that `scorer_loss` reads: float32 [batch, width], or
        [batch, width, 1 + actions] with those of actions behind.
        """
        rows = self.order[step * self.batch : (step + 1) * self.batch]
        labels = self.examples.labels[rows]
        lottery = self.generator.random(labels.shape) + np.sign(labels)  # taken before untaken before padding
        columns = np.argpartition(-lottery, min(self.width, labels.shape[1]) - 1, axis=1)[:, : self.width]
        at = rows[:, None], columns
        inputs = model_inputs(
            self.items,
            self.examples.candidates[at],
            self.scaling.apply(self.examples.features[at]),
            *(getattr(self.examples, name)[rows] for name in ("history", "present", "types", "gaps")),
        )
        gains = self.examples.labels[at]
        if not self.types:
            return inputs, gains
        of_actions = action_labels(gains, self.examples.done[at], self.types)
        return inputs, np.concatenate([gains[..., None], of_actions], axis=-1)


def model_inputs(
    items: ItemFeatures,
    candidates: Int32s,
    scaled: Float32s,
    history: Int32s,
    present: Float32s,
    types: Int32s,
    gaps: Int32s,
) -> dict[str, Any]:
    """The scorer's inputs for a batch. Every distinct item is listed once, so that its text is encoded once."""
    rows = np.concatenate([candidates.ravel(), history.ravel()])
    distinct, where = np.unique(np.maximum(rows, 0), return_inverse=True)
    distinct = np.pad(distinct, (0, -len(distinct) % BUCKET), mode="edge")
    split = candidates.size
    return {
        **item_inputs(items, distinct),
        "candidates": where[:split].reshape(candidates.shape).astype(np.int32),
        "features": scaled,
        "history": where[split:].reshape(history.shape).astype(np.int32),
        "present": present,
        "types": types,
        "gaps": gaps,
    }
