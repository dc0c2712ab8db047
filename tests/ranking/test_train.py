"""Training on candidates whose first feature tells what was taken."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from shortlist_core.errors import DataError
from shortlist_layers.history import HISTORY
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.action_labels import POSSIBLE
from shortlist_ranking.action_rates import ActionRates
from shortlist_ranking.blend import blended
from shortlist_ranking.calibration import calibrate
from shortlist_ranking.early_stopping import KeepBest
from shortlist_ranking.example_ndcg import ndcg_at_10
from shortlist_ranking.examples import Examples, Scaling
from shortlist_ranking.outputs import score_examples
from shortlist_ranking.scorer import Scorer, ScorerConfig
from shortlist_ranking.train import _held_out, train_scorer

ITEMS = 30


def examples(queries=120, n=20, seed=0):
    generator = np.random.default_rng(seed)
    raw = generator.normal(size=(queries, n, 3)).astype(np.float32)
    labels = (raw[..., 0] == raw[..., 0].max(axis=1, keepdims=True)).astype(np.float32)
    candidates = generator.integers(0, ITEMS, (queries, n)).astype(np.int32)
    history = generator.integers(0, ITEMS, (queries, HISTORY)).astype(np.int32)
    present, zeros = np.ones(history.shape, np.float32), np.zeros(history.shape, np.int32)
    ideal, users, done = np.ones(queries, np.float32), np.arange(queries), np.zeros(labels.shape, np.uint16)
    rates = np.zeros((queries, len(POSSIBLE)), np.float32)
    return Examples(candidates, raw, labels, ideal, users, history, present, zeros, zeros, done, rates)


NO_START = np.zeros(3, np.float32)
NO_RATES = ActionRates((), np.zeros(0, np.float32), np.zeros((ITEMS, 0), np.float32))


@pytest.fixture(scope="module")
def items():
    texts = [f"thing {i % 7} {i}" for i in range(ITEMS)]
    return ItemFeatures.build(
        texts, np.zeros(ITEMS + 1, np.int64), np.zeros(0, np.int32), 0, np.full(ITEMS, np.nan), np.ones(ITEMS, bool)
    )


def config(items, **changed):
    sizes = {"dim": 8, "lstm_units": 4, "hidden": (16,)} | changed
    return ScorerConfig(ITEMS, items.words.size, 0, 3, **sizes)


def served(trained, made, start):
    """The scores that are served: those of the scorer blended with stage one's, which are weighted by `start`."""
    logits = score_examples(trained.scorer, made, trained.vectors, trained.scaling)
    return blended(trained.blend.share, logits, made.features @ start + np.float32(trained.stage_one_level))


@pytest.fixture(scope="module")
def trained(items, system_test):
    return train_scorer([examples()], items, config(items, use_lstm=False), 12, NO_START, NO_RATES)


def test_the_telling_signal_is_learned(trained):
    fresh = examples(seed=9)
    scores = score_examples(trained.scorer, fresh, trained.vectors, trained.scaling)
    assert ndcg_at_10(scores, fresh) > 0.75
    assert ndcg_at_10(np.random.default_rng(0).random(scores.shape).astype(np.float32), fresh) < 0.35


def test_probabilities_rise_with_the_score_and_match_the_rate(trained):
    slope, offset = trained.calibration
    assert slope > 0
    fresh = examples(400, seed=9)
    scores = served(trained, fresh, NO_START)
    assert (1 / (1 + np.exp(-slope * scores - offset))).mean() == pytest.approx(1 / 20, rel=0.5)


@pytest.mark.system
def test_without_anything_taken_there_is_nothing_to_learn(items):
    nothing = examples()
    nothing.labels[:] = 0
    with pytest.raises(DataError, match="nothing for the ranker to learn"):
        train_scorer([nothing], items, config(items), 1, NO_START, NO_RATES)


@pytest.mark.system
def test_a_dropped_feature_cannot_help(items):
    dropped = np.array([True, False, False])
    blind = train_scorer([examples()], items, config(items, use_lstm=False), 2, NO_START, NO_RATES, dropped)
    fresh = examples(seed=9)
    usual = score_examples(blind.scorer, fresh, blind.vectors, blind.scaling)
    fresh.features[..., 0] = 0
    assert np.array_equal(score_examples(blind.scorer, fresh, blind.vectors, blind.scaling), usual)


@pytest.mark.system
def test_new_items_change_nothing_for_others_and_are_put_where_they_belong(items):
    """New ones lie far behind by the scorer, and are the ones that are taken."""
    start = np.array([1, 0, 0], np.float32)
    old, longer = examples(60), examples(60)
    longer.candidates[:, 15:] = ITEMS + np.arange(5)
    longer.features[:, 15:, 0] -= 4
    longer.labels[:, 15:] = longer.features[:, 15:, 1] > 1
    settings = config(items, use_lstm=False)
    catalogue = items.with_new_copies(np.arange(10, 15))
    with_new = train_scorer([old, old], catalogue, settings, 1, start, NO_RATES, new_item_examples=longer)
    without = train_scorer([old, old], items, settings, 1, start, NO_RATES)
    assert np.array_equal(with_new.vectors, without.vectors)
    assert with_new.calibration == without.calibration
    assert not without.new_item_weights.any()
    weights = with_new.new_item_weights
    added = with_new.scaling.apply(longer.features[:, 15:]) @ weights[:-1] + weights[-1]
    assert added.mean() > 1
    assert weights[1] > abs(weights[2]), "what tells which of them"


@pytest.mark.system
def test_broken_numbers_are_named(items):
    broken = examples()
    broken.features[:, :, 1] = np.nan
    with pytest.raises(DataError, match="not a number"):
        train_scorer([broken], items, config(items, use_lstm=False, use_text=False), 1, NO_START, NO_RATES)


@pytest.mark.system
def test_the_start_is_kept_where_training_does_not_beat_it(items, monkeypatch):
    monkeypatch.setattr("shortlist_ranking.train.RATE", 1e-12)
    start = np.array([5, 0, 0], np.float32)
    kept = train_scorer([examples()], items, config(items, use_lstm=False), 1, start, NO_RATES)
    fresh = examples(seed=9)
    found = score_examples(kept.scorer, fresh, kept.vectors, kept.scaling)
    assert ndcg_at_10(found, fresh) == pytest.approx(1)


@pytest.mark.system
def test_the_newest_slice_says_how_long_to_train_and_is_learned_from_in_the_end(items):
    """What paid in the past no longer does: the start is the best there is, and it is what comes out."""
    past, now = examples(), examples(seed=1)
    misleading = replace(now, labels=(now.features[..., 1] == now.features[..., 1].max(axis=1, keepdims=True)) * 1.0)
    start = np.array([0, 5, 0], np.float32)
    kept = train_scorer([past, past, misleading], items, config(items, use_lstm=False), 4, start, NO_RATES)
    assert kept.blend.ndcg == pytest.approx(1)
    fresh = examples(seed=9)
    linear = ndcg_at_10(fresh.features @ start, fresh)
    assert ndcg_at_10(score_examples(kept.scorer, fresh, kept.vectors, kept.scaling), fresh) == pytest.approx(linear)
    learned = train_scorer([past, examples(seed=2), now], items, config(items, use_lstm=False), 12, NO_START, NO_RATES)
    assert learned.blend.ndcg > 0.75
    assert learned.scaling.mean == pytest.approx(Scaling.fit(Examples.join([past, examples(seed=2), now])).mean), (
        "the newest slice counts, too"
    )


@pytest.mark.system
def test_probabilities_are_of_the_scorer_that_comes_out(items):
    """The one that was calibrated has not seen the newest slice; its level of logits need not be the other's."""
    now = examples(seed=1)
    now.features[..., 2] += 4  # so that the scaling differs, and with it the level
    start = np.array([5, 0, 5], np.float32)
    trained = train_scorer([examples(), now], items, config(items, use_lstm=False), 3, start, NO_RATES)
    slope, offset = trained.calibration
    logits = served(trained, now, start)
    assert (1 / (1 + np.exp(-slope * logits - offset))).mean() == pytest.approx(1 / 20, rel=0.01)


@pytest.mark.system
def test_a_single_user_is_learned_from(items):
    made = replace(examples(30), users=np.zeros(30, np.int64))
    assert train_scorer([made], items, config(items, use_lstm=False), 1, NO_START, NO_RATES).blend.ndcg > 0


class Stub:
    """Stands in for a model whose quality is known per epoch."""

    def __init__(self, model):
        self.model, self.stop_training = model, False

    def __getattr__(self, name):
        return getattr(self.model, name)


def test_the_best_epoch_is_kept_and_a_decline_stops(items, monkeypatch):
    made = examples(10)
    scorer = Scorer(config(items, use_lstm=False))
    scorer.build()
    keeper = KeepBest(made, items, Scaling.fit(made))
    stub = Stub(scorer)
    keeper.set_model(stub)
    stopped = []
    for epoch, quality in enumerate([0.1, 0.4, 0.3, 0.4, 0.2, 0.1]):
        monkeypatch.setattr("shortlist_ranking.early_stopping.ndcg_at_10", lambda *_, quality=quality: quality)
        scorer.set_weights([np.full_like(w, epoch) for w in scorer.get_weights()])
        keeper.on_epoch_end(epoch)
        stopped.append(stub.stop_training)
    assert keeper.best[0] == 0.4
    assert keeper.best_epoch == 1
    assert all((w == 1).all() for w in keeper.best_weights)
    assert stopped == [False, False, False, True, True, True]


def test_platt_finds_the_slope_and_offset_that_made_the_labels():
    generator = np.random.default_rng(0)
    scores = generator.normal(0, 2, (400, 100)).astype(np.float32)
    labels = (generator.random(scores.shape) < 1 / (1 + np.exp(-(0.7 * scores - 3)))).astype(np.int8)
    labels[:, 90:] = -1
    assert calibrate(scores, labels) == pytest.approx((0.7, -3), abs=0.1)


@pytest.mark.parametrize("label", [-1, 0, 1])
def test_without_two_kinds_of_label_scores_stay_as_they_are(label):
    assert calibrate(np.zeros((2, 3), np.float32), np.full((2, 3), label)) == (1.0, 0.0)


def test_misleading_scores_never_turn_the_order_around():
    labels = np.array([[1, 0, 0, 0]] * 50)
    slope, _ = calibrate(np.array([[-2, 1, 2, 3]] * 50, np.float32), labels)
    assert slope > 0


def test_whole_users_are_held_out_whoever_else_is_there():
    made = examples(200)
    users = np.repeat(np.arange(50), 4)
    held = _held_out(replace(made, users=users))
    assert held.mean() == pytest.approx(0.15, abs=0.05)
    assert np.array_equal(held.reshape(50, 4).any(axis=1), held.reshape(50, 4).all(axis=1))


def test_item_vectors_are_as_serving_reads_them(trained, items):
    from shortlist_ranking.train import item_vectors

    assert item_vectors(trained.scorer, items, 7) == pytest.approx(trained.vectors, abs=1e-6)
    assert keras.backend.backend() == "tensorflow"
