"""Vectors of items from their text, by a small sentence model that the test makes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
from shortlist_training.embed import embedded, sentence_model

WORDS = ["[UNK]", "green", "black", "tea", "kettle"]
VECTORS = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [-1, 0, 0]], np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tokenizer = Tokenizer(WordLevel({word: row for row, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    StaticModel(VECTORS, tokenizer, normalize=False).save_pretrained(str(tmp_path / "model"))
    return tmp_path / "model"


def shop() -> Dataset:
    events = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": ["2024-01-01"]})
    items = pl.DataFrame(
        {
            "item_id": ["a", "b", "c", "d"],
            "title": ["green tea", "kettle", "", "nothing known"],
            "text": ["", "black", "", ""],
            "embedding": [[9.0], None, [9.0], [9.0]],
        }
    )
    return Dataset.of(events.with_columns(pl.col("timestamp").str.to_datetime(time_zone="UTC")), items)


def test_items_get_the_vectors_of_their_words_in_place_of_those_of_before(model: Path) -> None:
    heard: list[int] = []
    found = embedded(shop().items, sentence_model(model), heard.append)["embedding"].to_list()
    assert found[0] == pytest.approx([0.5, 0.5, 0.0])
    assert found[1] == pytest.approx([-0.5, 0.0, 0.5])
    assert found[2:] == [None, None]  # without words, or without one that the model knows
    assert sum(heard) == 4


def test_the_command_writes_them_into_the_data_folder(model: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    from shortlist_cli import main

    shop().write(tmp_path / "data")

    def shortlist(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", "data", "embed", *arguments])
        with pytest.raises(SystemExit) as exit:
            main.run()
        said = capsys.readouterr()
        return int(exit.value.code or 0), said.out, said.err

    code, out, _ = shortlist("--data", str(tmp_path / "data"), "--model", str(model))
    assert (code, "2 of 4 items have a vector of 3 numbers" in out) == (0, True)
    assert Dataset.read(tmp_path / "data").items["embedding"].null_count() == 2
    code, _, err = shortlist("--data", str(tmp_path / "data"), "--model", str(tmp_path / "none"))
    assert (code, "there is no such folder" in err) == (2, True)


def test_what_is_no_model_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(DataError, match="there is no sentence model in it"):
        sentence_model(tmp_path)
    (model / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(DataError, match="cannot read the model"):
        sentence_model(model)


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modules.json").write_text("[]")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(DataError, match="pip install sentence-transformers"):
        sentence_model(tmp_path)


def test_models_of_sentence_transformers_are_read_by_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SentenceTransformer:
        """As far as it is used."""

        def __init__(self, folder: str, local_files_only: bool) -> None:
            assert (folder, local_files_only) == (str(tmp_path), True)

        def encode(self, texts: list[str]) -> list[list[float]]:
            return [[len(text.strip()), 1.0] for text in texts]

    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    (tmp_path / "modules.json").write_text("[]")
    found = embedded(shop().items, sentence_model(tmp_path))["embedding"].to_list()
    assert found == [[9.0, 1.0], [13.0, 1.0], None, [13.0, 1.0]]


def test_vectors_that_are_too_long_are_refused() -> None:
    with pytest.raises(DataError, match="have 4,097 numbers; at most 4,096 are read"):
        embedded(shop().items, lambda texts: np.ones((len(texts), 4_097), np.float32))
