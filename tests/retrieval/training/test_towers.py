"""The two-tower model: its loss, its user tower in both forms, and what it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shortlist_layers.history import latest
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.training.tower_batches import NEGATIVES, TowerBatches
from shortlist_retrieval.training.tower_training import TowerTraining
from shortlist_retrieval.training.towers import sampled_softmax_loss

ITEMS = 40


@pytest.fixture(scope="module")
def features():
    words = ["red", "blue", "green", "tiny", "huge", "old"]
    texts = [f"{words[i % 6]} {words[i // 6 % 6]} thing" for i in range(ITEMS)]
    known = np.arange(ITEMS) < ITEMS - 2
    offsets = np.arange(ITEMS + 1, dtype=np.int64)
    return ItemFeatures.build(texts, offsets, np.arange(ITEMS, dtype=np.int32) % 3, 3, np.linspace(1, 9, ITEMS), known)


@pytest.fixture(scope="module")
def events(queries_of):
    """Everybody goes through the items in order, from somewhere on."""
    return queries_of([[(start + i) % (ITEMS - 2) for i in range(8)] for start in range(ITEMS * 2)])


@pytest.fixture(scope="module")
def training(features, events, system_test):
    made = TowerTraining(features, seed=0)
    made.fit(events, np.inf, 60)
    return made


@pytest.fixture(scope="module")
def tower(training):
    return training.source()


def loss_and_slope(logits, columns, log_q, seen=False):
    logits = tf.Variable(np.asarray(logits, np.float32))
    seen = tf.constant(np.broadcast_to(seen, logits.shape))
    with tf.GradientTape() as tape:
        loss = sampled_softmax_loss(logits, tf.constant(columns), tf.constant(log_q, tf.float32), seen)
    return np.asarray(loss), np.asarray(tape.gradient(loss, logits))


def test_without_corrections_it_is_cross_entropy():
    logits = np.array([[1.0, 2, -1], [0, 3, 0.5]])
    loss, _ = loss_and_slope(logits, [4, 7, 9], [0, 0, 0])
    expected = [np.log(np.exp(own).sum()) - own[i] for i, own in enumerate(logits)]
    assert loss == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("accidental", [0.0, 5.0, 60.0, 1e6])
def test_an_accidental_hit_has_no_mass_at_all(accidental):
    """Column 2 is a negative that holds the target of row 0."""
    loss, slope = loss_and_slope([[1.0, 2, accidental], [0, 3, 0.5]], [4, 7, 4], [0, 0, 0])
    assert loss[0] == pytest.approx(np.log(np.exp(1) + np.exp(2)) - 1, abs=1e-6)
    assert slope[0, 2] == 0
    assert slope[1, 2] > 0, "to another row it is a negative like any other"


@pytest.mark.parametrize("known", [0.0, 60.0, 1e6])
def test_what_the_user_has_seen_has_no_mass_but_the_target_has(known):
    """Column 2 is a negative that row 0 has seen; that its target counts as seen, too, changes nothing."""
    seen = [[True, False, True], [False, False, False]]
    loss, slope = loss_and_slope([[1.0, 2, known], [0, 3, 0.5]], [4, 7, 9], [0, 0, 0], seen)
    assert loss[0] == pytest.approx(np.log(np.exp(1) + np.exp(2)) - 1, abs=1e-6)
    assert slope[0, 2] == 0
    assert slope[1, 2] > 0, "the other row has not seen it"


def test_a_target_twice_in_the_batch_is_no_negative_to_itself():
    loss, slope = loss_and_slope([[1.0, 50, 2], [50, 1, 2]], [4, 4, 9], [0, 0, 0])
    assert loss == pytest.approx([np.log(np.exp(1) + np.exp(2)) - 1] * 2, abs=1e-6)
    assert slope[0, 1] == slope[1, 0] == 0


def test_the_correction_takes_back_how_often_an_item_is_sampled():
    """A negative sampled e times as often as the others weighs as much as one sampled once."""
    plain, _ = loss_and_slope([[1.0, 0.0, 2.0]], [4, 7, 9], [0, 0, 0])
    often, _ = loss_and_slope([[1.0, 0.0, 3.0]], [4, 7, 9], [0, 0, 1])
    assert often == pytest.approx(plain, abs=1e-6)
    rare, _ = loss_and_slope([[1.0, 0.0, 2.0]], [4, 7, 9], [0, 0, -3])
    assert rare > plain


def test_served_users_are_the_trained_towers(training, tower, queries_of):
    queries = queries_of([[1, 2, 3], [5], [], list(range(30)) * 2], types=[[1, 2, 4], [3], [], [8] * 60], now=70)
    mine = tower.encode(queries)
    history, *rest = latest(queries, queries.offsets[:-1], queries.offsets[1:], queries.now)
    theirs = keras.ops.convert_to_numpy(training.model.users(tower.index.vectors[history], *rest))
    assert mine == pytest.approx(theirs, abs=1e-5)


def test_strangers_are_zero(tower, queries_of):
    found = tower.encode(queries_of([[3], [], [3, 4, 5]]))
    assert found.any(axis=1).tolist() == [True, False, True]
    assert np.isfinite(tower.encode(queries_of([[], []]))).all()


def test_items_are_finite_unit_vectors(tower):
    assert np.linalg.norm(tower.index.vectors, axis=1) == pytest.approx(np.ones(ITEMS), abs=1e-5)


def test_it_learns_what_comes_next(tower, queries_of):
    """After i comes i + 1; an untrained tower would put it near the middle of the catalogue."""
    histories = [[i, i + 1, i + 2] for i in range(0, 30, 3)]
    scores = tower.scores(queries_of(histories)).at(np.arange(ITEMS, dtype=np.int32)[None].repeat(10, 0))
    places = [(scores[q] > scores[q, history[-1] + 1]).sum() for q, history in enumerate(histories)]
    assert np.mean(places) < ITEMS / 5


def test_an_item_without_id_is_told_by_its_text_alone(training, features):
    """The last two items were never seen: their vectors come from content, and another text makes another vector."""
    inputs = item_inputs(features, np.array([ITEMS - 1]))
    assert inputs["ids"].tolist() == [0]
    own = keras.ops.convert_to_numpy(training.model.item_vectors(inputs))
    other = dict(inputs, tokens=features.tokens[[0]])
    changed = keras.ops.convert_to_numpy(training.model.item_vectors(other))
    assert np.isfinite(own).all()
    assert np.abs(own - changed).max() > 1e-3


@pytest.mark.system
def test_same_seed_same_towers(features):
    """To begin with; tests/cli/test_train.py has the same for trained systems."""
    first, again, other = (TowerTraining(features, seed).source().index.vectors for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_a_loaded_tower_encodes_the_same(tower, stored, queries_of):
    queries = queries_of([[1, 2], [9]])
    loaded = TwoTower.load(stored(tower.write), "two_tower")
    assert np.array_equal(loaded.encode(queries), tower.encode(queries))


def batches_of(events, features, half_life=np.inf, steps=2, batch=16):
    return TowerBatches(events, features, half_life, steps, batch, 0)


def test_histories_lie_strictly_before_their_targets(features, queries_of):
    """Items 0 and 1 come in one invoice, then 2: neither of the two predicts the other."""
    events = queries_of([[0, 1, 2]], times=[[5, 5, 6]])
    batches = batches_of(events, features)
    batch, _ = batches[0]
    items = np.maximum(batch["ids"] - 1, 0)
    assert set(items[batch["targets"]].tolist()) == {2}
    present = batch["present"] > 0
    assert {tuple(sorted(items[own[here]].tolist())) for own, here in zip(batch["history"], present, strict=True)} == {
        (0, 1)
    }


def test_only_what_is_new_to_a_user_is_to_be_predicted_and_what_is_not_no_negative(features, queries_of):
    """A view, the purchase of the same, then another item: the purchase is no target, and no push away either."""
    batch, _ = batches_of(queries_of([[3, 3, 5]]), features)[0]
    items = batch["ids"] - 1
    columns = np.concatenate([batch["targets"], batch["negatives"]])
    assert set(items[batch["targets"]].tolist()) == {5}
    assert np.array_equal(batch["seen"], np.broadcast_to(items[columns] == 3, batch["seen"].shape))
    assert batch["seen"].any()


def test_newer_targets_are_drawn_more_often_where_interest_fades(features, queries_of):
    events = queries_of([[0, 1], [0, 2]], times=[[1, 2], [98, 99]])
    batch, _ = batches_of(events, features, half_life=5.0, batch=64)[0]
    assert {1, 2} > set((batch["ids"][batch["targets"]] - 1).tolist())


def test_log_q_is_the_log_of_the_expected_count(features, queries_of):
    events = queries_of([[0, 1], [0, 1], [0, 1], [0, 2]])
    batch, _ = batches_of(events, features)[0]
    items = batch["ids"] - 1
    for item, share in ((1, 0.75), (2, 0.25)):
        at = np.flatnonzero(items == item)
        if len(at):
            assert batch["log_q"][at[0]] == pytest.approx(np.log(16 * share + NEGATIVES / ITEMS), abs=1e-5)


def test_the_vectors_of_items_that_are_new_are_of_their_content_alone(features):
    made, new = TowerTraining(features, 0), np.zeros(ITEMS, bool)
    new[[2, 5]] = True
    tower = made.source(features.without_ids_of(new))
    content = tower.item_tower.vectors(item_inputs(features.without_ids_of(new), np.array([2, 5])))
    content /= np.linalg.norm(content, axis=1, keepdims=True)
    assert tower.index.take(np.array([2, 5])) == pytest.approx(content, abs=1e-5)
    usual = made.source().index
    assert np.abs(usual.take(np.array([2, 5])) - content).max() > 1e-2, "an id adds to it"
    assert np.array_equal(usual.take(np.flatnonzero(~new)), tower.index.take(np.flatnonzero(~new)))


def test_without_a_second_event_there_is_nothing_to_learn(features, queries_of):
    events = queries_of([[0], [1], []])
    assert len(batches_of(events, features)) == 0
    vectors = TowerTraining(features, 0).fit(events, np.inf, 5).index.vectors
    assert np.isfinite(vectors).all()
