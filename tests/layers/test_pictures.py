"""Pictures as the encoder reads them: each distinct one once, and nothing for an item without one."""

import keras
import numpy as np
import pytest

from shortlist_core.values import PICTURE_SIDE as SIDE
from shortlist_core.values import PIXEL_BYTES
from shortlist_layers.item_encoder import ItemEncoder
from shortlist_layers.picture_cnn import PictureCNN
from shortlist_layers.pictures import BUCKET, Pictures

A, B, C = (np.random.default_rng(seed).bytes(PIXEL_BYTES) for seed in range(3))


def shown(inputs, position):
    place = inputs["pictures"][position]
    return inputs["pixels"][place - 1].tobytes() if place else None


@pytest.mark.parametrize(
    "rows", [[0, 1, 2, 3, 4], [4, 4, 0, 1], [1, 1], [0], [3, 0, 2], [], list(range(5)) * 400], ids=str
)
def test_a_batch_has_each_distinct_picture_once(rows):
    given = [A, None, B, A, C]
    inputs = Pictures.of(given).inputs(np.array(rows, np.int64))
    assert [shown(inputs, i) for i in range(len(rows))] == [given[row] for row in rows]
    assert inputs["pictures"].max(initial=0) <= len({given[row] for row in rows if given[row]})
    assert len(inputs["pixels"]) == BUCKET
    assert (inputs["pixels"].dtype, inputs["pictures"].dtype) == (np.uint8, np.int32)


def test_a_catalogue_without_pictures_has_no_inputs_of_them():
    assert Pictures.of([None, b""]).inputs(np.arange(2)) == {}


def test_a_picture_of_several_items_is_kept_once():
    made = Pictures.of([A, None, A, B])
    assert len(made) == 2 and made.has.tolist() == [True, False, True, True]
    assert made.select(np.array([3, 1, 3])).places.tolist() == [2, 0, 2]


def test_numpy_reads_a_picture_as_the_layer_does():
    keras.utils.set_random_seed(3)
    layer = PictureCNN()
    layer.build()
    for weight in layer.weights:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(0, 0.3, weight.shape))
    pixels = np.frombuffer(A + B + C, np.uint8).reshape(-1, SIDE, SIDE, 3)
    found = layer.encoding().vectors(pixels)
    assert found.shape == (3, layer.width) and found.dtype == np.float32
    assert found == pytest.approx(keras.ops.convert_to_numpy(layer(pixels)), rel=1e-4, abs=1e-4)
    assert np.abs(found[0] - found[1]).max() > 0.1


def test_without_pictures_the_weights_are_those_of_before():
    def made(**options):
        keras.utils.set_random_seed(1)
        encoder = ItemEncoder(5, 20, 3, dim=8, vector_dim=2, **options)
        encoder.build()
        return encoder.get_weights()

    plain = made(pictures=False)
    assert [weight.shape for weight in plain] == [weight.shape for weight in made()]
    assert all(np.array_equal(a, b) for a, b in zip(plain, made(), strict=True))
    assert len(made(pictures=True)) == len(plain) + 4
