"""Vectors of items from their pictures, by a model of Keras Applications whose weights lie in a file."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import polars as pl
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group
from PIL import Image

from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
from shortlist_training.embed_pictures import embedded_pictures, picture_model, picture_models

pytestmark = pytest.mark.system
COLOURS = ["red", "blue", "red", "green"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones of a small model, in a file."""
    keras.utils.set_random_seed(1)
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    file = tmp_path_factory.mktemp("weights") / "mine.weights.h5"
    model.save_weights(file)
    return file


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with five items: two alike, one whose file is gone, and one without a picture."""
    for number, colour in enumerate(COLOURS):
        Image.new("RGB", (30, 60), colour).save(tmp_path / f"{number}.png")
    paths = [str(tmp_path / f"{number}.png") for number in range(len(COLOURS))]
    items = pl.DataFrame(
        {
            "item_id": list("abcde"),
            "image_path": [*paths, None],
            "embedding": [None, None, None, [9.0], [9.0]],
        }
    )
    (tmp_path / "3.png").unlink()
    events = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": ["2024-01-01"]})
    events = events.with_columns(pl.col("timestamp").str.to_datetime(time_zone="UTC"))
    Dataset.of(events, items).write(tmp_path / "data")
    return tmp_path / "data"


def test_items_get_the_vectors_of_their_pictures_and_what_is_not_read_is_told(data: Path, weights: Path) -> None:
    heard: list[int] = []
    items = Dataset.read(data).items
    found, unread = embedded_pictures(items, picture_model("MobileNetV2", weights), heard.append)
    red, blue, again, *others = found["embedding"].to_list()
    assert (red == again, red == blue, len(red), others) == (True, False, 1280, [None, None])
    assert len(unread) == 1 and "3.png" in unread[0] and "is not there" in unread[0]
    assert sum(heard) == 4


def test_vectors_are_those_of_the_weights_in_the_file(data: Path, weights: Path) -> None:
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    model.load_weights(weights)
    ground = Image.new("RGB", (224, 224), "white")
    ground.paste(Image.new("RGB", (112, 224), "red"), (56, 0))
    prepared = keras.applications.mobilenet_v2.preprocess_input(np.asarray(ground, np.float32)[None].copy())
    expected = keras.ops.convert_to_numpy(model(prepared))[0]
    found, _ = embedded_pictures(Dataset.read(data).items, picture_model("MobileNetV2", weights))
    assert found["embedding"][0].to_list() == pytest.approx(expected.tolist(), abs=1e-4)


def test_weights_of_another_model_a_broken_file_and_an_unknown_model_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as weights of MobileNet without its classifier"):
        picture_model("MobileNet", weights)
    (tmp_path / "broken.weights.h5").write_bytes(b"broken")
    (tmp_path / "weights.bin").write_bytes(b"")
    for name in ("broken.weights.h5", "weights.bin"):
        with pytest.raises(DataError, match="cannot be read as weights of MobileNetV2"):
            picture_model("MobileNetV2", tmp_path / name)
    with pytest.raises(
        DataError, match=r"there is no model 'MobileNetV4' in Keras Applications, only .*did you mean 'MobileNetV2'"
    ):
        picture_model("MobileNetV4", weights)


def test_the_usual_models_are_known_by_name() -> None:
    assert {"MobileNetV2", "EfficientNetB0", "EfficientNetV2B0", "ResNet50", "ConvNeXtTiny"} <= picture_models().keys()


def test_the_command_writes_them_into_the_data_folder(data: Path, weights: Path, capsys, monkeypatch) -> None:
    from shortlist_cli import main

    def shortlist(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", "data", "embed", "--data", str(data), *arguments])
        with pytest.raises(SystemExit) as exit:
            main.run()
        said = capsys.readouterr()
        return int(exit.value.code or 0), said.out, said.err

    code, out, _ = shortlist("--pictures", "MobileNetV2", "--weights", str(weights))
    assert (code, "3 of 5 items have a vector of 1,280 numbers" in out) == (0, True)
    assert "warning: 1 pictures were not read" in out
    assert Dataset.read(data).items["embedding"].null_count() == 2
    code, _, err = shortlist("--model", str(data), "--pictures", "MobileNetV2")
    assert (code, "say one of --model" in err, "--pictures and --weights go together" in err) == (2, True, True)
    code, _, err = shortlist("--pictures", "MobileNetV2", "--weights", str(data / "none.h5"))
    assert (code, "there is no such file" in err) == (2, True)


def test_files_of_weights_as_keras_publishes_them_are_read(data: Path, weights: Path, tmp_path: Path) -> None:
    """They are of an older form, which lists the layers by name."""
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    model.load_weights(weights)
    with h5py.File(tmp_path / "no_top.h5", "w") as file:
        save_weights_to_hdf5_group(file, model)
    items = Dataset.read(data).items
    found, expected = (
        embedded_pictures(items, picture_model("MobileNetV2", each))[0]["embedding"][0].to_list()
        for each in (tmp_path / "no_top.h5", weights)
    )
    assert found == pytest.approx(expected)
