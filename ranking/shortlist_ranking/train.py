"""Trains the scorer with a listwise loss; the newest slice of time is held out for early stopping and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.types import NO_ITEM, Bools, Float32s
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.blend import Blend, blended, choose_blend
from shortlist_ranking.calibration import calibrate, fit_new_item_weights, offset_for
from shortlist_ranking.compiled_scorer import as_graph
from shortlist_ranking.example_ndcg import ndcg_at_10
from shortlist_ranking.examples import ExampleBatches, Examples, Scaling
from shortlist_ranking.held_out import HeldOut
from shortlist_ranking.scorer import Scorer, ScorerConfig, listwise_loss

BATCH = 32
WIDTH = 200
PATIENCE = 2
RATE = 1e-3
HELD_OUT = 0.15


@dataclass(frozen=True)
class TrainedScorer:
    """A scorer with everything that is needed to apply it: scaling, item vectors, calibration."""

    scorer: Scorer
    scaling: Scaling
    vectors: Float32s  # [items, dim]
    calibration: tuple[float, float]  # slope and offset from logit to log odds
    new_item_weights: Float32s  # [features + 1] of the scaled features and a constant: added to new items' logits
    stage_one_level: float  # by how much logits lie above stage one's scores, on average
    blend: Blend  # of its logits and stage one's scores: what is served
    held_out: HeldOut  # what that reaches on the held-out examples
    passes: list[tuple[float | None, float]]  # loss of each pass until the best was found, and NDCG@10 after it


@dataclass(frozen=True)
class ScorerWarmStart:
    """A scorer that was trained before, from which training goes on. Its weights belong to its scaling."""

    weights: list[Any]  # as Keras lists them, of a scorer with the shapes of the one that is trained
    scaling: Scaling


def train_scorer(
    slices: Sequence[Examples],
    items: ItemFeatures,
    config: ScorerConfig,
    epochs: int,
    stage_one: Float32s,
    dropped: Bools | None = None,
    new_item_examples: Examples | None = None,
    warm_start: ScorerWarmStart | None = None,
) -> TrainedScorer:
    """Find out how many epochs are best, then train on all slices for as many.

    `slices` are the examples in the order of time. The newest slice is held out first: held-out users of the same time
    would not show whether a scorer has learned what was in fashion or who wants what. The epoch with the best NDCG@10
    there decides, and the untrained start counts as one. With a single slice, whole users are held out, and the best
    epoch's weights are kept.

    `stage_one`, float32 [features], are weights of the unscaled features that already rank well; a scorer starts from
    them. With a `warm_start` it starts from an earlier scorer, which is kept where no epoch beats it.
    `dropped`, bool [features], leaves features out, for ablations.

    `new_item_examples` are the newest slice with the candidates that were new in it, at the rows behind the catalogue's
    where `ItemFeatures.with_new_copies` puts them. The scorer does not learn from them. A linear model corrects the
    served scores for them, fitted on the slice that calibrates.

    Served is the scorer's order, stage one's, or a blend of both, whatever orders the held-out examples best
    (`choose_blend`).

    Raises DataError where nobody took a candidate, or where the loss is not a number.
    """
    if not any((part.labels > 0).any() for part in slices):
        candidates = sum(int(np.count_nonzero(part.candidates != NO_ITEM)) for part in slices)
        raise DataError(
            f"none of the {candidates:,} candidates that retrieval proposed to {sum(map(len, slices)):,} queries was"
            " taken: there is nothing for the ranker to learn"
        )
    if len(slices) > 1:
        learn, check = Examples.join(slices[:-1]), slices[-1]
    else:
        held_out = _held_out(slices[0])
        learn, check = slices[0].select(~held_out), slices[0].select(held_out)
        if new_item_examples is not None:
            new_item_examples = new_item_examples.select(np.isin(new_item_examples.users, check.users))
        if not len(learn):  # all examples are of one user
            learn = check
    start: Float32s | ScorerWarmStart = warm_start or stage_one
    scaling = warm_start.scaling if warm_start else _scaling(learn, dropped)
    keeper = KeepBest(check, items, scaling)
    scorer = _fit(learn, scaling, items, config, epochs, epochs, start, keeper)
    scorer.set_weights(keeper.best_weights)
    vectors = item_vectors(scorer, items)
    logits = score_examples(scorer, check, vectors, scaling)
    fused, level = _at_level(check, stage_one, logits)
    blend = choose_blend(logits, fused, check)
    served = blended(blend.share, logits, fused)
    slope, offset = calibrate(served, check.labels)
    results = HeldOut.of(served, fused, (slope, offset), check)
    new_item_weights = np.zeros(config.n_features + 1, np.float32)
    if new_item_examples is not None:
        of_new = score_examples(scorer, new_item_examples, vectors, scaling)
        of_new = blended(blend.share, of_new, new_item_examples.features @ stage_one + np.float32(level))
        new_item_weights = fit_new_item_weights(of_new, new_item_examples, scaling, config.n_items)
    if len(slices) > 1:
        del learn  # examples are the most that a training holds: no two copies of them at a time
        everything = Examples.join(slices)
        scaling = warm_start.scaling if warm_start else _scaling(everything, dropped)
        scorer = _fit(everything, scaling, items, config, keeper.best_epoch + 1, epochs, start)
        vectors = item_vectors(scorer, items)
        # The loss does not fix the level of the logits, and the levels of the two scorers may differ.
        logits = score_examples(scorer, check, vectors, scaling)
        fused, level = _at_level(check, stage_one, logits)
        offset = offset_for(blended(blend.share, logits, fused), check.labels, slope)
    vectors = vectors[: config.n_items]
    calibration = slope, offset
    return TrainedScorer(scorer, scaling, vectors, calibration, new_item_weights, level, blend, results, keeper.passes)


def _at_level(examples: Examples, stage_one: Float32s, logits: Float32s) -> tuple[Float32s, float]:
    """Stage one's scores float32 [queries, n], raised to the level of the logits; and by how much they were raised."""
    fused = examples.features @ stage_one
    above = (logits - fused)[examples.labels >= 0]
    level = float(above.mean()) if above.size else 0.0
    return fused + np.float32(level), level


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
    start: Float32s | ScorerWarmStart,
    *callbacks: keras.callbacks.Callback,
) -> Scorer:
    """A scorer after `epochs` passes over the examples; its learning rate falls as if `planned` were to follow."""
    keras.utils.clear_session()  # layers are counted anew: TensorFlow adds up in the order of their names
    keras.utils.set_random_seed(config.seed)
    batch = min(BATCH, max(1, len(examples) // 8))
    batches = ExampleBatches(examples, items, scaling, batch, WIDTH, config.seed)
    scorer = Scorer(config)
    scorer.build()
    if isinstance(start, ScorerWarmStart):
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
    """Early stopping: measures NDCG@10 on the held-out examples after each epoch and keeps the best weights."""

    def __init__(self, check: Examples, items: ItemFeatures, scaling: Scaling) -> None:
        super().__init__()
        self.check, self.items, self.scaling = check, items, scaling
        self.best, self.best_epoch = -1.0, 0
        self.best_weights: list[Any] = []
        self.passes: list[tuple[float | None, float]] = []  # loss and NDCG@10; the first is the start, without a loss

    def on_train_begin(self, logs: Any = None) -> None:
        """Measure the start: training must beat it to count."""
        self.on_epoch_end(-1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure, keep the weights if they are the best so far, stop after PATIENCE epochs without a gain."""
        scores = score_examples(self.model, self.check, item_vectors(self.model, self.items), self.scaling)
        ndcg = ndcg_at_10(scores, self.check)
        self.passes.append((float(logs["loss"]) if logs and "loss" in logs else None, ndcg))
        if ndcg > self.best:
            self.best, self.best_epoch, self.best_weights = ndcg, epoch, self.model.get_weights()
        elif epoch - self.best_epoch >= PATIENCE:
            self.model.stop_training = True


def item_vectors(scorer: Scorer, items: ItemFeatures, block: int = 4_096) -> Float32s:
    """Every item's vector, float32 [items, dim], as serving reads them: without dropout."""
    starts = range(0, len(items), block)
    blocks = (item_inputs(items, np.arange(a, min(a + block, len(items)))) for a in starts)
    return np.concatenate([keras.ops.convert_to_numpy(scorer.item_vectors(inputs)) for inputs in blocks])


def score_examples(
    scorer: Scorer, examples: Examples, vectors: Float32s, scaling: Scaling, block: int = 256
) -> Float32s:
    """Logits float32 [queries, n]."""
    parts, score = [np.zeros((0, examples.candidates.shape[1]), np.float32)], as_graph(scorer)
    for start in range(0, len(examples), block):
        e = examples.select(np.arange(start, min(start + block, len(examples))))
        logits = score(
            vectors[e.history],
            e.present,
            e.types,
            e.gaps,
            vectors[np.maximum(e.candidates, 0)],
            scaling.apply(e.features),
        )
        parts.append(keras.ops.convert_to_numpy(logits))
    return np.concatenate(parts)


def _held_out(examples: Examples) -> Bools:
    """Which queries belong to a held-out user; the choice depends on the user alone."""
    users = np.unique(examples.users)
    mixed = (users.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)
    chosen = users[np.argsort(mixed)][: max(1, round(HELD_OUT * len(users)))]
    return np.isin(examples.users, chosen)
