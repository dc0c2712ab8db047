"""Items as models read them: tokens, features, and the encoder's vectors."""

import keras
import numpy as np
import pytest

from shortlist_core.values import PIXEL_BYTES
from shortlist_layers.item_encoder import ItemEncoder, TextCNN
from shortlist_layers.item_features import ITEM_INPUTS, MAX_CATEGORIES, ItemFeatures, item_inputs
from shortlist_layers.item_words import MAX_TOKENS
from shortlist_layers.picture_cnn import PictureCNN
from shortlist_layers.tokens import TextEncoder

PICTURES = [bytes([shade]) * PIXEL_BYTES if shade else None for shade in (9, 9, 200, 0, 120, 30, 0, 255)]
VECTORS = [[1, 0, 2], [1, 0, 2], [0, -1, 1], None, [3, 1, 1], [0, 0, 1], None, [-1, 2, 0]]
TEXTS = [
    "red mug",
    "Red  MUG",
    "blue mug with a very long handle",
    "",
    "синяя кружка",
    "赤いマグ",
    "blue kettle",
    "red pot",
]


def features(prices=None):
    offsets = np.array([0, 2, 2, 8, 8, 9, 9, 9, 9], np.int64)
    rows = np.array([0, 2, 0, 1, 2, 3, 4, 5, 1], np.int32)
    prices = np.array([1, 2, np.nan, -1, 10, 100, 3, 2], np.float32) if prices is None else prices
    return ItemFeatures.build(TEXTS * 1, offsets, rows, 6, prices, np.arange(8) < 6, vectors=VECTORS, pictures=PICTURES)


def test_texts_of_any_script_become_tokens_and_case_does_not_count():
    tokens = TextEncoder.learn(TEXTS * 3).encode(TEXTS, 12)
    assert np.array_equal(tokens[0], tokens[1])
    assert not tokens[3].any()
    assert tokens[4].any()
    assert tokens[5].any()
    assert tokens.dtype == np.int32


def test_long_texts_are_cut_and_unknown_words_are_read():
    encoder = TextEncoder.learn(TEXTS * 3)
    assert encoder.encode(["mug " * 100], 5).shape == (1, 5)
    assert encoder.encode(["zebra \U0001f600"], 8).any()
    assert encoder.encode(["x"] * 3, 4).max() < encoder.size


def test_a_vocabulary_travels_with_its_definition():
    encoder = TextEncoder.learn(TEXTS * 3)
    assert np.array_equal(TextEncoder(encoder.definition).encode(TEXTS, 9), encoder.encode(TEXTS, 9))


def test_a_catalogue_without_words():
    made = ItemFeatures.build(
        ["", ""], np.zeros(3, np.int64), np.zeros(0, np.int32), 0, np.full(2, np.nan), np.ones(2, bool)
    )
    assert not made.tokens.any()
    assert made.tokens.shape[1] >= 1
    assert not made.prices.any()
    assert made.categories.shape == (2, MAX_CATEGORIES)


def test_categories_are_padded_and_cut():
    found = features().categories
    assert found[0].tolist() == [1, 3, 0, 0]
    assert found[1].tolist() == [0, 0, 0, 0]
    assert found[2].tolist() == [1, 2, 3, 4]


def test_unknown_and_broken_prices_read_as_unknown():
    scaled, known = features().prices.T
    assert known.tolist() == [1, 1, 0, 0, 1, 1, 1, 1]
    assert not scaled[known == 0].any()
    assert scaled[known == 1].mean() == pytest.approx(0, abs=1e-5)
    assert (np.diff(scaled[[0, 1, 4, 5]]) > 0).all()


def test_an_id_that_nobody_took_says_nothing():
    assert item_inputs(features(), np.array([5, 6]))["ids"].tolist() == [6, 0]


def test_token_rows_are_as_wide_as_the_longest_text():
    assert 1 <= features().tokens.shape[1] <= MAX_TOKENS
    assert features().tokens.any(axis=0).all()


def test_loaded_features_are_the_same(stored):
    made = features()
    loaded = ItemFeatures.load(stored(made.write))
    for name in ("tokens", "categories", "prices", "has_history"):
        assert np.array_equal(getattr(loaded, name), getattr(made, name))
    assert loaded.n_categories == made.n_categories
    assert np.array_equal(loaded.vectors.values, made.vectors.values)
    assert np.array_equal(loaded.pictures.pixels, made.pictures.pixels)
    assert np.array_equal(loaded.pictures.places, made.pictures.places)
    nothing = [()] * len(TEXTS)
    assert np.array_equal(loaded.words.encode(TEXTS, nothing), made.words.encode(TEXTS, nothing))


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(0)
    made = ItemEncoder(8, features().words.size, 6, dim=16, vector_dim=3, pictures=True)
    made.build()
    return made


def vectors(encoder, training=False, **changed):
    inputs = item_inputs(features(), np.arange(8)) | changed
    return keras.ops.convert_to_numpy(encoder(*(inputs[name] for name in ITEM_INPUTS), training=training))


@pytest.mark.parametrize("changed", ITEM_INPUTS)
def test_every_input_counts(encoder, changed):
    inputs = item_inputs(features(), np.arange(8))[changed]
    other = vectors(encoder, **{changed: np.roll(inputs, 1, axis=0)})
    assert np.abs(other - vectors(encoder))[4].max() > 1e-4


def test_without_id_an_item_is_its_content(encoder):
    """Two items of one content and no id are one to the encoder; with ids they differ."""
    same = item_inputs(features(), np.zeros(8, np.int32))
    nameless = vectors(encoder, **(same | {"ids": np.zeros(8, np.int32)}))
    named = vectors(encoder, **(same | {"ids": np.arange(1, 9, dtype=np.int32)}))
    assert np.isfinite(nameless).all()
    assert np.abs(nameless - nameless[0]).max() < 1e-6
    assert np.abs(named - named[0])[1:].max(axis=1).min() > 1e-4


def test_training_drops_ids_and_serving_does_not():
    keras.utils.set_random_seed(0)
    half = ItemEncoder(8, features().words.size, 6, dim=16, vector_dim=3, pictures=True, id_dropout=0.5)
    half.build()
    served, nameless = vectors(half), vectors(half, ids=np.zeros(8, np.int32))
    dropped = 0
    for _ in range(50):
        seen = vectors(half, training=True)
        as_nameless, as_served = (np.abs(seen - known).max(axis=1) < 1e-6 for known in (nameless, served))
        assert (as_nameless | as_served).all()
        dropped += int((as_nameless & ~as_served).sum())
    assert 0.35 < dropped / (50 * 6) < 0.65, "of six items that have an id of their own"
    assert np.array_equal(vectors(half), served)


def test_padding_adds_nothing_to_a_text():
    keras.utils.set_random_seed(0)
    text = TextCNN(20)
    text.build((None, None))
    short = keras.ops.convert_to_numpy(text(np.array([[3, 4, 5]])))
    padded = keras.ops.convert_to_numpy(text(np.array([[3, 4, 5, 0, 0, 0, 0]])))
    assert padded == pytest.approx(short, abs=1e-6)
    assert not keras.ops.convert_to_numpy(text(np.zeros((1, 5), np.int32))).any()


def test_word_order_counts():
    keras.utils.set_random_seed(0)
    text = TextCNN(20)
    text.build((None, None))
    found = keras.ops.convert_to_numpy(text(np.array([[3, 4, 5], [5, 4, 3]])))
    assert np.abs(found[0] - found[1]).max() > 1e-4


@pytest.mark.parametrize(
    "layer",
    [TextCNN(20, 8, 4, (1, 2)), PictureCNN(8, 4), ItemEncoder(5, 20, 3, dim=8, use_text=False, seed=4, pictures=True)],
)
def test_a_layer_is_made_anew_from_its_configuration(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("lengths", [(3, 20), (1, 2), (18, 20), (20, 1, 9, 8, 0)])
def test_short_texts_are_read_apart_from_long_ones_and_come_out_the_same(lengths):
    keras.utils.set_random_seed(0)
    text = TextCNN(30)
    text.build((None, None))
    generator = np.random.default_rng(1)
    tokens = generator.integers(1, 30, (len(lengths), 20)) * (np.arange(20) < np.array(lengths)[:, None])
    together = keras.ops.convert_to_numpy(text(tokens))
    alone = [
        keras.ops.convert_to_numpy(text(row[None, : max(length, 1)]))[0]
        for row, length in zip(tokens, lengths, strict=True)
    ]
    assert together == pytest.approx(np.array(alone), abs=1e-6)
