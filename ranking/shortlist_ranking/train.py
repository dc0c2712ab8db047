"""Trains the scorer: listwise loss, the newest slice of time held out to stop in time and to calibrate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, softmax

from shortlist_core.errors import DataError
from shortlist_core.types import Bools, Float32s, Float64s
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.examples import ExampleBatches, Examples, Scaling
from shortlist_ranking.scorer import Scorer, ScorerConfig, listwise_loss

BATCH = 32
WIDTH = 200
PATIENCE = 2
RATE = 1e-3
HELD_OUT = 0.15
NEW_PENALTY = 1e-3
"""Of the squared weights of what new items' logits get added."""


@dataclass(frozen=True)
class TrainedScorer:
    """A scorer with what it needs to be applied: scaling, item vectors, calibration."""

    scorer: Scorer
    scaling: Scaling
    vectors: Float32s  # [items, dim]
    calibration: tuple[float, float]  # slope and offset from logit to log odds
    for_new: Float32s  # [features + 1] weights of the scaled features, and a constant: what new items' logits get added
    stage_one_level: float  # by how much logits lie above stage one's scores, on average
    ndcg: float  # at 10, among the candidates of the examples that were held out


@dataclass(frozen=True)
class Beginning:
    """A scorer that was trained before, from which training goes on: its weights mean something with its scaling."""

    weights: list[Any]  # as Keras lists them, of a scorer with the shapes of the one that is trained
    scaling: Scaling


def train_scorer(
    slices: Sequence[Examples],
    items: ItemFeatures,
    config: ScorerConfig,
    epochs: int,
    stage_one: Float32s,
    dropped: Bools | None = None,
    newcomers: Examples | None = None,
    beginning: Beginning | None = None,
) -> TrainedScorer:
    """Learn how long to train, then train on everything for as long.

    `slices` are the examples in the order of time. The newest is held out first: users of the same time would not show
    that a scorer has learned what was in fashion rather than who wants what. The epoch with the best NDCG@10 there
    decides, and the start counts as one. With a single slice, whole users are held out, and the best epoch is kept.

    `stage_one`, float32 [features], are weights of the unscaled features that already rank well, from which a scorer
    starts. With a `beginning` it starts from a scorer from before, which is kept where no epoch beats it.
    `dropped`, bool [features], leaves features out, for ablations.

    `newcomers` are the newest slice once more, with candidates that were new in it: rows behind the catalogue's, where
    `ItemFeatures.with_new` has put them. The scorer does not learn from these. What it says of them is put right by a
    linear model, fitted where it is calibrated.

    Raises DataError where nobody took a candidate, or the loss stops being a number.
    """
    everything = Examples.join(slices)
    if not (everything.labels > 0).any():
        raise DataError("no user took anything that retrieval had proposed: there is nothing for the ranker to learn")
    if len(slices) > 1:
        learn, check = Examples.join(slices[:-1]), slices[-1]
    else:
        held_out = _held_out(everything)
        learn, check = everything.select(~held_out), everything.select(held_out)
        if newcomers is not None:
            newcomers = newcomers.select(np.isin(newcomers.users, check.users))
        if not len(learn):  # all of it is of one user
            learn = check
    start: Float32s | Beginning = beginning or stage_one
    scaling = beginning.scaling if beginning else _scaling(learn, dropped)
    keeper = KeepBest(check, items, scaling)
    scorer = _fit(learn, scaling, items, config, epochs, epochs, start, keeper)
    scorer.set_weights(keeper.best_weights)
    vectors = item_vectors(scorer, items)
    scores = score_examples(scorer, check, vectors, scaling)
    slope, offset = calibrate(scores, check.labels)
    for_new = np.zeros(config.n_features + 1, np.float32)
    if newcomers is not None:
        for_new = fit_new(score_examples(scorer, newcomers, vectors, scaling), newcomers, scaling, config.n_items)
    if len(slices) > 1:
        scaling = beginning.scaling if beginning else _scaling(everything, dropped)
        scorer = _fit(everything, scaling, items, config, keeper.best_epoch + 1, epochs, start)
        vectors = item_vectors(scorer, items)
        # The loss leaves the level of the logits open, and the two scorers need not agree on it.
        scores = score_examples(scorer, check, vectors, scaling)
        offset = level(scores, check.labels, slope)
    above = (scores - check.features @ stage_one)[check.labels >= 0]
    stage_one_level = float(above.mean()) if above.size else 0.0
    own = vectors[: config.n_items]
    return TrainedScorer(scorer, scaling, own, (slope, offset), for_new, stage_one_level, keeper.best)


def _scaling(examples: Examples, dropped: Bools | None) -> Scaling:
    scaling = Scaling.fit(examples)
    return scaling if dropped is None else scaling.without(dropped)


def _fit(
    examples: Examples,
    scaling: Scaling,
    items: ItemFeatures,
    config: ScorerConfig,
    epochs: int,
    planned: int,
    start: Float32s | Beginning,
    *callbacks: keras.callbacks.Callback,
) -> Scorer:
    """A scorer after `epochs` passes over the examples, its rate falling as if there were going to be `planned`."""
    keras.utils.clear_session()  # counts layers anew: TensorFlow adds up in the order of their names
    keras.utils.set_random_seed(config.seed)
    batch = min(BATCH, max(1, len(examples) // 8))
    batches = ExampleBatches(examples, items, scaling, batch, WIDTH, config.seed)
    scorer = Scorer(config)
    scorer.build()
    if isinstance(start, Beginning):
        scorer.set_weights(start.weights)
    else:
        spread = np.where(np.isfinite(scaling.spread), scaling.spread, 0)
        scorer.wide.set_weights([(start * spread)[:, None]])
    if epochs:
        rate = keras.optimizers.schedules.CosineDecay(RATE, planned * max(len(batches), 1), alpha=0.02)
        adam = keras.optimizers.AdamW(rate, weight_decay=1e-4)
        scorer.compile(optimizer=adam, loss=listwise_loss, jit_compile=False)
        history = scorer.fit(batches, epochs=epochs, verbose=0, callbacks=list(callbacks))
        if not np.isfinite(history.history["loss"]).all():
            raise DataError("the ranker's loss is not a number: are there broken prices or values?")
    return scorer


class KeepBest(keras.callbacks.Callback):
    """Measures NDCG@10 on what is held out after each epoch, remembers the best weights, stops when it declines."""

    def __init__(self, check: Examples, items: ItemFeatures, scaling: Scaling) -> None:
        super().__init__()
        self.check, self.items, self.scaling = check, items, scaling
        self.best, self.best_epoch = -1.0, 0
        self.best_weights: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """Measure the start: training must beat it to count."""
        self.on_epoch_end(-1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure, and keep the best."""
        scores = score_examples(self.model, self.check, item_vectors(self.model, self.items), self.scaling)
        ndcg = ndcg_at_10(scores, self.check)
        if ndcg > self.best:
            self.best, self.best_epoch, self.best_weights = ndcg, epoch, self.model.get_weights()
        elif epoch - self.best_epoch >= PATIENCE:
            self.model.stop_training = True


def item_vectors(scorer: Scorer, items: ItemFeatures, block: int = 4_096) -> Float32s:
    """Every item's vector, float32 [items, dim], as serving reads them: nothing dropped."""
    starts = range(0, len(items), block)
    blocks = (item_inputs(items, np.arange(a, min(a + block, len(items)))) for a in starts)
    return np.concatenate([keras.ops.convert_to_numpy(scorer.item_vectors(inputs)) for inputs in blocks])


def score_examples(
    scorer: Scorer, examples: Examples, vectors: Float32s, scaling: Scaling, block: int = 64
) -> Float32s:
    """Logits float32 [queries, n]."""
    parts = [np.zeros((0, examples.candidates.shape[1]), np.float32)]
    for start in range(0, len(examples), block):
        e = examples.select(np.arange(start, min(start + block, len(examples))))
        logits = scorer.score(
            vectors[e.history],
            e.present,
            e.types,
            e.gaps,
            vectors[np.maximum(e.candidates, 0)],
            scaling.apply(e.features),
        )
        parts.append(keras.ops.convert_to_numpy(logits))
    return np.concatenate(parts)


def ndcg_at_10(scores: Float32s, examples: Examples) -> float:
    """Mean NDCG@10 of the candidates in the order of the scores; what retrieval missed counts as missed."""
    masked = np.where(examples.labels >= 0, scores, -np.inf)
    best = np.argsort(-masked, axis=1, kind="stable")[:, :10]
    gains = np.take_along_axis(np.maximum(examples.labels, 0), best, axis=1)
    discounts = 1 / np.log2(np.arange(10) + 2)
    dcg = (gains * discounts[: gains.shape[1]]).sum(axis=1)
    return float((dcg / np.maximum(examples.ideal, 1e-9)).mean()) if len(examples) else 0.0


def calibrate(scores: Float32s, labels: Any) -> tuple[float, float]:
    """Slope and offset that make sigmoid(slope * logit + offset) a probability (Platt 1999), fitted where known."""
    known = labels >= 0
    x, y = scores[known].astype(np.float64), (labels[known] > 0).astype(np.float64)
    if not len(x) or not 0 < y.mean() < 1:
        return 1.0, 0.0

    def loss(parameters: Float64s) -> tuple[float, Float64s]:
        z = parameters[0] * x + parameters[1]
        p = 1 / (1 + np.exp(-z))
        value = np.mean(np.logaddexp(0, z) - y * z)
        return float(value), np.array([np.mean((p - y) * x), np.mean(p - y)])

    prior = float(np.log(y.mean() / (1 - y.mean())))
    slope, offset = minimize(loss, [0.5, prior], jac=True, method="L-BFGS-B", bounds=[(1e-3, None), (None, None)]).x
    return float(slope), float(offset)


def fit_new(scores: Float32s, examples: Examples, scaling: Scaling, n_items: int) -> Float32s:
    """What to add to the scores [queries, n] of candidates from row `n_items` on, that they stand where they belong.

    float32 [features + 1], weights of the scaled features and a constant: listwise likelihood of what was taken, old or
    new, with a small L2 penalty; zeros without new candidates.
    """
    some = np.flatnonzero((examples.candidates >= n_items).any(axis=1) & (examples.labels > 0).any(axis=1))
    examples, scores = examples.select(some), np.where(examples.labels >= 0, scores, -np.inf)[some]
    new = examples.candidates >= n_items
    scaled = scaling.apply(examples.features[new])
    inputs = np.concatenate([scaled, np.ones((len(scaled), 1), np.float32)], axis=1)
    if not len(inputs):
        return np.zeros(inputs.shape[1], np.float32)
    taken = np.maximum(examples.labels, 0)
    target = taken / taken.sum(axis=1, keepdims=True)

    def loss(weights: Float64s) -> tuple[float, Float64s]:
        logits = scores.astype(np.float64)
        logits[new] += inputs @ weights
        mass = softmax(logits, axis=1)
        likelihood = np.where(target > 0, target * np.log(np.maximum(mass, 1e-30)), 0).sum(axis=1).mean()
        slope = inputs.T @ (mass - target)[new] / len(scores)
        return float(NEW_PENALTY * weights @ weights - likelihood), slope + 2 * NEW_PENALTY * weights

    start = np.zeros(inputs.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float32)


def level(scores: Float32s, labels: Any, slope: float) -> float:
    """The offset with which the known candidates' probabilities have the mean of their labels; 0 without two kinds."""
    known = labels >= 0
    x, rate = slope * scores[known].astype(np.float64), float((labels[known] > 0).mean()) if known.any() else 0.0
    if not 0 < rate < 1:
        return 0.0
    return float(brentq(lambda offset: expit(x + offset).mean() - rate, -60 - x.max(), 60 - x.min()))


def _held_out(examples: Examples) -> Bools:
    """Which queries belong to a held-out user; the choice depends on the user alone."""
    users = np.unique(examples.users)
    mixed = (users.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)
    chosen = users[np.argsort(mixed)][: max(1, round(HELD_OUT * len(users)))]
    return np.isin(examples.users, chosen)
