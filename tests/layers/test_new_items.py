"""Items that came later read to the models as they would have if training had known them."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from shortlist_bundle.items import write_items
from shortlist_core.catalog import CatalogItem
from shortlist_core.values import PIXEL_BYTES
from shortlist_layers.item_encoder import ItemEncoder
from shortlist_layers.item_features import ITEM_INPUTS, ItemFeatures, PriceScale, item_inputs, item_text
from shortlist_layers.new_items import NewItems
from shortlist_layers.pictures import Pictures

TITLES = ["blue tea cup", "red tea cup", "large blue plate", "tea towel", "red scarf", ""]
TEXTS = ["for tea", "", "made of clay " * 9, "linen", "wool, warm", ""]
CATEGORIES = [["tea", "cups"], ["cups"], [], ["tea", "linen"], ["a", "b", "cups", "linen", "tea"], []]
NAMES = ["a", "b", "cups", "linen", "tea"]
PRICES = np.array([3.5, 4, np.nan, 12, 0, -1])
N = len(TITLES)
PICTURES = [np.random.default_rng(i).bytes(PIXEL_BYTES) if i not in (2, 4) else None for i in range(N)]
VECTORS = [[1, 0, 2], [2, 0, 4], None, [-1, 1, 0], [0, 0, 1], None]


def items(last: int = N):
    prices = [None if np.isnan(price) else price for price in PRICES.tolist()]
    parts = zip(TITLES, TEXTS, map(tuple, CATEGORIES), prices, strict=True)
    made = [
        CatalogItem(f"i{i}", *each, embedding=tuple(VECTORS[i] or ()), pixels=PICTURES[i] or b"")
        for i, each in enumerate(parts)
    ]
    return made[:last]


def features(known=None):
    texts = list(map(item_text, TITLES, CATEGORIES, TEXTS))
    offsets = np.cumsum([0, *map(len, CATEGORIES)])
    rows = np.array([NAMES.index(name) for own in CATEGORIES for name in own], np.int32)
    known = np.zeros(N, bool) if known is None else known
    return ItemFeatures.build(texts, offsets, rows, len(NAMES), PRICES, known, vectors=VECTORS, pictures=PICTURES)


@pytest.fixture
def new(stored):
    def write(writer):
        write_items(writer, [f"i{i}" for i in range(N)], TITLES, CATEGORIES, PRICES)
        features().write(writer)

    return NewItems.load(stored(write), 4)


def encoder(**options):
    keras.utils.set_random_seed(1)
    made = ItemEncoder(N, features().words.size, len(NAMES), 24, **{"vector_dim": 3, "pictures": True} | options)
    made.build()
    for weight in made.weights:
        weight.assign(np.random.default_rng(len(weight.path)).normal(0, 0.3, weight.shape))
    return made


def of_layer(made, inputs):
    return keras.ops.convert_to_numpy(made(*(inputs.get(n) for n in ITEM_INPUTS)))


@pytest.mark.parametrize("options", [{}, {"use_text": False}, {"pictures": False}])
def test_numpy_says_what_the_layer_says(options):
    made, inputs = encoder(**options), item_inputs(features(), np.arange(N))
    assert made.encoding().vectors(inputs) == pytest.approx(of_layer(made, inputs), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("count", [0, 1, 700])
def test_any_number_of_items(count):
    made, inputs = encoder(), item_inputs(features(), np.arange(count) % N)
    found = made.encoding().vectors(inputs)
    assert found.shape == (count, 24) and found.dtype == np.float32
    if count:
        assert found == pytest.approx(of_layer(made, inputs), rel=1e-5, abs=1e-4)


def test_the_same_item_reads_the_same_in_training_and_later(new):
    trained, later = item_inputs(features(), np.arange(N)), new.inputs(items())
    length = trained["tokens"].shape[1]
    assert np.array_equal(later["tokens"][:, :length], trained["tokens"])
    assert not later["tokens"][:, length:].any() or length == later["tokens"].shape[1]
    assert np.array_equal(later["categories"], trained["categories"])
    assert later["prices"] == pytest.approx(trained["prices"], abs=1e-6)
    assert later["vectors"] == pytest.approx(trained["vectors"], abs=1e-3)
    assert (later["pictures"] > 0).tolist() == (trained["pictures"] > 0).tolist()
    encoding = encoder().encoding()
    assert encoding.vectors(later) == pytest.approx(encoding.vectors(trained), rel=1e-5, abs=1e-4)


def test_categories_that_the_bundle_does_not_know_say_nothing(new):
    plain, odd = new.inputs([CatalogItem("x", categories=("tea",)), CatalogItem("x", categories=("odd", "tea"))])[
        "categories"
    ]
    assert np.array_equal(plain, odd)


def test_what_the_id_says_stays_when_content_changes(new):
    made = encoder()
    encoding, known = made.encoding(), np.ones(N, bool)
    published = of_layer(made, item_inputs(features(known), np.arange(N)))
    rows = np.array([3, 0], np.int32)
    changed = [CatalogItem("i3", "red plate", "of wool", ("cups",), 4.0, pixels=PICTURES[1]), items()[0]]
    found = new.vectors(encoding, rows, new.inputs(changed), published.__getitem__)
    wanted = of_layer(made, new.inputs(changed) | {"ids": rows + 1})
    assert found == pytest.approx(wanted, rel=1e-5, abs=1e-4)
    assert found[1] == pytest.approx(published[0], rel=1e-5, abs=1e-4)  # nothing of it changed


def test_a_published_item_that_is_written_without_a_picture_keeps_its_own(new):
    made = encoder()
    published = of_layer(made, item_inputs(features(np.ones(N, bool)), np.arange(N)))
    rows = np.array([3, 4], np.int32)  # one of them never had one
    with_theirs = [CatalogItem(f"i{i}", "red plate", price=4.0, pixels=PICTURES[i] or b"") for i in rows]
    without = [CatalogItem(f"i{i}", "red plate", price=4.0) for i in rows]
    given, kept = (
        new.vectors(made.encoding(), rows, new.inputs(each), published.__getitem__) for each in (with_theirs, without)
    )
    assert kept == pytest.approx(given, rel=1e-5, abs=1e-4)


def test_a_bundle_without_pictures_takes_items_with_one(stored):
    def write(writer):
        write_items(writer, [f"i{i}" for i in range(N)], TITLES, CATEGORIES, PRICES)
        replace(features(), pictures=Pictures.none(N)).write(writer)

    made, new = encoder(pictures=False), NewItems.load(stored(write), 4)
    shown, plain = new.inputs(items()), new.inputs([replace(item, pixels=b"") for item in items()])
    assert np.array_equal(made.encoding().vectors(shown), made.encoding().vectors(plain))


def test_prices_are_scaled_by_what_was_known():
    scale = PriceScale.of(PRICES)
    assert scale.apply(PRICES) == pytest.approx(features().prices)
    assert PriceScale.of(np.full(3, np.nan)).apply(np.array([np.nan, 3.0]))[0].tolist() == [0, 0]
