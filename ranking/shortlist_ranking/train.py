"""Trains the scorer with a listwise loss; the newest slice of time is held out for early stopping and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.types import NO_ITEM, Bools, Float32s
from shortlist_layers.item_features import ItemFeatures
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.action_labels import POSSIBLE, Types, action_labels, to_learn, types_among
from shortlist_ranking.action_rates import ActionRates
from shortlist_ranking.actions import Actions
from shortlist_ranking.blend import Blend, blended, choose_blend
from shortlist_ranking.calibration import calibrate, fit_new_item_weights, offset_for
from shortlist_ranking.early_stopping import KeepBest
from shortlist_ranking.examples import ExampleBatches, Examples, Scaling
from shortlist_ranking.held_out import HeldOut
from shortlist_ranking.outputs import item_vectors, outputs_of, score_examples
from shortlist_ranking.scorer import Scorer, ScorerConfig, scorer_loss

BATCH = 32
WIDTH = 200
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
    actions: Actions
    held_out: HeldOut  # what that reaches on the held-out examples
    passes: list[tuple[float | None, float]]  # loss of each pass until the best was found, and NDCG@10 after it


@dataclass(frozen=True)
class ScorerWarmStart:
    """A scorer that was trained before, from which training goes on. Its weights belong to its scaling."""

    weights: list[Any]  # as Keras lists them, of a scorer with the shapes of the one that is trained
    scaling: Scaling
    types: Types  # the actions that it knows; others have to wait for a training from the start
    has_actions: bool  # whether it has outputs for them


def train_scorer(
    slices: Sequence[Examples],
    items: ItemFeatures,
    config: ScorerConfig,
    epochs: int,
    stage_one: Float32s,
    rates: ActionRates,
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
    them. With a `warm_start` it starts from an earlier scorer, which is kept where no epoch beats it. `rates` are those
    of actions before the newest slice. `dropped`, bool [features], leaves features out, for ablations.

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
    types = warm_start.types if warm_start else types_among([(part.labels, part.done) for part in slices])
    learned = types if (warm_start.has_actions if warm_start else _to_learn(slices, types)) else ()
    config = replace(config, n_actions=len(learned))
    scaling = warm_start.scaling if warm_start else _scaling(learn, dropped)
    keeper = KeepBest(check, items, scaling, learned, warm_start is not None)
    scorer = _fit(learn, scaling, items, config, learned, epochs, epochs, start, keeper)
    scorer.set_weights(keeper.best_weights)
    vectors = item_vectors(scorer, items)
    logits, of_actions = outputs_of(scorer, check, vectors, scaling)
    fused, level = _at_level(check, stage_one, logits)
    so_far = rates.of_candidates(check.candidates, types), check.user_rates[:, [POSSIBLE.index(a) for a in types]]
    action_truth = action_labels(check.labels, check.done, types)
    actions = Actions.fit(types, of_actions, *so_far, action_truth)
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
        scorer = _fit(everything, scaling, items, config, learned, keeper.best_epoch + 1, epochs, start)
        vectors = item_vectors(scorer, items)
        # The loss does not fix the level of the logits, and the levels of the two scorers may differ.
        logits, of_actions = outputs_of(scorer, check, vectors, scaling)
        fused, level = _at_level(check, stage_one, logits)
        actions = actions.at_level_of(of_actions, *so_far, action_truth)
        offset = offset_for(blended(blend.share, logits, fused), check.labels, slope)
    vectors = vectors[: config.n_items]
    return TrainedScorer(
        *(scorer, scaling, vectors, (slope, offset), new_item_weights, level, blend, actions),
        *(results, keeper.passes),
    )


def _to_learn(slices: Sequence[Examples], types: Types) -> bool:
    """Whether any of the actions can be learned. Where all that was taken was taken by one, there is no question."""
    if len(types) < 2:
        return False
    everything = [action_labels(part.labels, part.done, types) for part in slices]
    return bool(to_learn(np.concatenate([each.reshape(-1, len(types)) for each in everything])).any())


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
    types: Types,
    epochs: int,
    planned: int,
    start: Float32s | ScorerWarmStart,
    *callbacks: keras.callbacks.Callback,
) -> Scorer:
    """A scorer after `epochs` passes over the examples; its learning rate falls as if `planned` were to follow."""
    keras.utils.clear_session()  # layers are counted anew: TensorFlow adds up in the order of their names
    keras.utils.set_random_seed(config.seed)
    batch = min(BATCH, max(1, len(examples) // 8))
    batches = ExampleBatches(examples, items, scaling, batch, WIDTH, config.seed, types)
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
        scorer.compile(optimizer=adam, loss=scorer_loss, jit_compile=False)
        history = scorer.fit(batches, epochs=epochs, verbose=0, callbacks=list(callbacks))
        if not np.isfinite(history.history["loss"]).all():
            raise DataError("the ranker's loss is not a number: are there broken prices or values?")
    return scorer


def _held_out(examples: Examples) -> Bools:
    """Which queries belong to a held-out user; the choice depends on the user alone."""
    users = np.unique(examples.users)
    mixed = (users.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)
    chosen = users[np.argsort(mixed)][: max(1, round(HELD_OUT * len(users)))]
    return np.isin(examples.users, chosen)
