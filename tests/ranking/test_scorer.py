import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_layers.history import HISTORY
from shortlist_ranking.scorer import HistoryLSTM, Scorer, ScorerConfig, listwise_loss


def loss_and_slope(labels, logits):
    logits = tf.Variable(np.asarray(logits, np.float32))
    with tf.GradientTape() as tape:
        loss = listwise_loss(tf.constant(labels, tf.float32), logits)
    return np.asarray(loss), np.asarray(tape.gradient(loss, logits))


def test_listwise_loss_is_cross_entropy_with_what_was_taken():
    loss, _ = loss_and_slope([[1, 0, 0], [1, 1, 0]], [[1.0, 2, 0], [1, 0, -1]])
    first, second = np.log(np.exp([1, 2, 0]).sum()), np.log(np.exp([1, 0, -1]).sum())
    assert loss == pytest.approx([first - 1, second - 0.5], abs=1e-6)


def test_what_was_worth_more_counts_more():
    loss, _ = loss_and_slope([[1, 0.5, 0]], [[1.0, 2, 0]])
    assert loss[0] == pytest.approx(np.log(np.exp([1, 2, 0]).sum()) - (1 * 1 + 0.5 * 2) / 1.5, abs=1e-6)


@pytest.mark.parametrize("padding", [-50.0, 0.0, 60.0, 1e6])
def test_padding_has_no_mass(padding):
    loss, slope = loss_and_slope([[1, 0, -1]], [[1.0, 2, padding]])
    assert loss[0] == pytest.approx(np.log(np.exp(1) + np.exp(2)) - 1, abs=1e-6)
    assert slope[0, 2] == 0


def test_a_row_without_a_taken_candidate_costs_nothing():
    loss, slope = loss_and_slope([[0, 0, -1], [-1, -1, -1]], [[1.0, 2, 3], [1, 2, 3]])
    assert loss.tolist() == [0, 0]
    assert not slope.any()


@pytest.fixture(scope="module")
def lstm():
    keras.utils.set_random_seed(0)
    layer = HistoryLSTM(6)
    layer.build((None, None, 5))
    return layer


def read(lstm, history, length=HISTORY, gaps=None):
    """The layer's answer for vectors, newest first, padded to `length`."""
    vectors = np.zeros((1, length, 5), np.float32)
    vectors[0, : len(history)] = history
    present = (np.arange(length) < len(history))[None].astype(np.float32)
    types = np.zeros((1, length), np.int32)
    return keras.ops.convert_to_numpy(lstm(vectors, present, types, types if gaps is None else gaps))[0]


def test_a_history_is_read_whatever_the_padding(lstm):
    history = np.random.default_rng(0).normal(size=(4, 5))
    assert read(lstm, history, 4) == pytest.approx(read(lstm, history, 20), abs=1e-6)


def test_order_and_time_count(lstm):
    history = np.random.default_rng(0).normal(size=(4, 5))
    usual = read(lstm, history)
    assert np.abs(read(lstm, history[::-1]) - usual).max() > 1e-3
    assert np.abs(read(lstm, history, gaps=np.full((1, HISTORY), 9, np.int32)) - usual).max() > 1e-3


def test_the_newest_event_is_read_last(lstm):
    """An LSTM that has not been trained forgets: a change of the newest event moves it more than one of the oldest."""
    history = np.random.default_rng(0).normal(size=(20, 5))
    newest, oldest = history.copy(), history.copy()
    newest[0], oldest[-1] = -newest[0], -oldest[-1]
    usual = read(lstm, history)
    assert np.abs(read(lstm, newest) - usual).sum() > 2 * np.abs(read(lstm, oldest) - usual).sum()


def test_no_history_is_zeros(lstm):
    assert read(lstm, np.zeros((0, 5))).tolist() == [0] * 6


def test_a_layer_is_made_anew_from_its_configuration(lstm):
    assert HistoryLSTM.from_config(lstm.get_config()).units == 6


CONFIG = ScorerConfig(10, 20, 3, 4, dim=8, lstm_units=6, hidden=(8,))


def batch(history_length=3):
    generator = np.random.default_rng(1)
    present = (np.arange(HISTORY) < history_length)[None].repeat(2, 0).astype(np.float32)
    return {
        "ids": np.arange(1, 11, dtype=np.int32),
        "tokens": generator.integers(1, 20, (10, 5)).astype(np.int32),
        "categories": generator.integers(0, 4, (10, 4)).astype(np.int32),
        "prices": generator.normal(size=(10, 2)).astype(np.float32),
        "vectors": np.zeros((10, 0), np.float32),
        "candidates": generator.integers(0, 10, (2, 7)).astype(np.int32),
        "features": generator.normal(size=(2, 7, 4)).astype(np.float32),
        "history": generator.integers(0, 10, (2, HISTORY)).astype(np.int32),
        "present": present,
        "types": np.zeros((2, HISTORY), np.int32),
        "gaps": np.zeros((2, HISTORY), np.int32),
    }


def logits(config, inputs):
    keras.utils.set_random_seed(0)
    scorer = Scorer(config)
    scorer.build()
    scorer.deep.set_weights([np.ones_like(w) for w in scorer.deep.get_weights()])  # it starts at zero
    return keras.ops.convert_to_numpy(scorer(inputs))


@pytest.mark.parametrize(
    ("off", "name"), [({"use_text": False}, "tokens"), ({"use_lstm": False}, "history"), ({"use_lstm": False}, "types")]
)
def test_an_ablated_part_is_not_looked_at(off, name):
    inputs = batch()
    other = inputs | {name: np.roll(inputs[name], 1, axis=-1) + (name == "types")}
    assert np.abs(logits(CONFIG, inputs) - logits(CONFIG, other)).max() > 1e-5
    without = ScorerConfig(**{**CONFIG.to_json(), **off})
    assert np.array_equal(logits(without, inputs), logits(without, other))


def as_layers_say(scorer, history, present, types, gaps, candidates, features):
    """The scorer layer by layer, nothing taken apart: what Wide & Deep over [features, item, intent * item, sum] is."""
    intent = scorer.intent(scorer.reader(history, present, types, gaps))[:, None]
    agreement = intent * candidates
    x = keras.ops.concatenate([features, candidates, agreement, keras.ops.sum(agreement, -1, keepdims=True)], -1)
    for layer in scorer.hidden:
        x = layer(x)
    return keras.ops.convert_to_numpy(scorer.wide(features) + scorer.deep(x))[..., 0]


@settings(max_examples=6)  # each builds a scorer
@given(st.integers(0, 2**31), st.integers(1, 3), st.integers(1, 9), st.sampled_from([(8,), (16, 8), (8, 4, 4)]))
def test_the_first_layer_by_user_is_the_first_layer(seed, users, n, hidden):
    keras.utils.set_random_seed(seed)
    scorer = Scorer(ScorerConfig(10, 20, 3, 4, dim=8, lstm_units=6, hidden=hidden))
    scorer.build()
    generator = np.random.default_rng(seed)
    scorer.set_weights([generator.normal(0, 0.5, w.shape).astype(np.float32) for w in scorer.get_weights()])
    inputs = (
        generator.normal(size=(users, HISTORY, 8)).astype(np.float32),
        (np.arange(HISTORY) < generator.integers(0, HISTORY, (users, 1))).astype(np.float32),
        generator.integers(0, 8, (users, HISTORY)).astype(np.int32),
        generator.integers(0, 16, (users, HISTORY)).astype(np.int32),
        generator.normal(size=(users, n, 8)).astype(np.float32),
        generator.normal(size=(users, n, 4)).astype(np.float32),
    )
    assert keras.ops.convert_to_numpy(scorer.score(*inputs)) == pytest.approx(as_layers_say(scorer, *inputs), abs=1e-4)


def test_the_configuration_of_a_bundle_of_before_has_the_shapes_of_before():
    stored = ScorerConfig(5, 20, 3, 4, seed=2).to_json()
    del stored["pictures"], stored["vector_dim"]
    before = Scorer(ScorerConfig.from_json(stored))
    before.build()
    width = before.items.text.filters * len(before.items.text.widths) + 16 + 2
    assert before.items.project.kernel.shape == (width, before.config.dim)


def test_a_configuration_travels_as_json():
    assert ScorerConfig.from_json({**CONFIG.to_json(), "hidden": [8]}) == CONFIG
