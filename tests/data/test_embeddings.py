"""Embeddings are read in any notation; those that are none, or of another length than most, are left out and noted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from importing import import_items
from table_imports import item

from shortlist_core.errors import DataError
from shortlist_data import schema
from shortlist_data.embeddings import embedding_of


@pytest.mark.parametrize(
    "cells",
    [
        pl.Series(["[0.5, -2e-3]"]),
        pl.Series(["0.5 -0.002"]),
        pl.Series([" (0.5; -0.002) "]),
        pl.Series([[0.5, -0.002]]),
        pl.Series([[0.5, -0.002]], dtype=pl.Array(pl.Float64, 2)),
        pl.Series([["0.5", "-0.002"]]),
    ],
)
def test_any_notation_is_read(cells: pl.Series) -> None:
    found = embedding_of(cells.alias("embedding").to_frame())
    assert found.dtype == schema.EMBEDDING
    assert found[0].to_list() == pytest.approx([0.5, -0.002])


@pytest.mark.parametrize("cell", ["", "[]", "x", "1, x", "1,,nan", "nan 1", "[0, 0.0]", "inf", "1 " * 5_000, None])
def test_what_has_no_direction_is_none(cell: str | None) -> None:
    assert embedding_of(pl.DataFrame({"embedding": [cell, "1"]})).to_list() == [None, [1.0]]


def test_a_column_of_numbers_holds_no_vectors() -> None:
    assert embedding_of(pl.DataFrame({"embedding": [1.5, 2.5]})).to_list() == [None, None]


def test_those_of_another_length_than_most_are_left_out_and_noted(tmp_path: Path) -> None:
    rows = ["item_id,embedding", "a,1 2", "b,1 2 3", "c,3 4", "d,red", "e,"]
    result = import_items(tmp_path, "\n".join(rows), "items.csv")
    assert [item(result, name)["embedding"] for name in "abcde"] == [[1, 2], None, [3, 4], None, None]
    assert [(note.text, note.count) for note in result.notes[:2]] == [
        ("items: embedding that is no vector: none", 1),
        ("items: embedding of another length than most, which have 2 numbers: none", 1),
    ]


@pytest.mark.parametrize(
    ("embeddings", "what"),
    [
        ([[1.0], [1.0, 2.0]], "2 different lengths"),
        ([[], None], "0 numbers"),
        ([[1.0, None], None], "no finite number"),
        ([[float("nan")], None], "no finite number"),
    ],
)
def test_a_data_folder_holds_vectors_of_one_length(embeddings: list[list[float] | None], what: str) -> None:
    frame = pl.DataFrame(
        {"item_id": ["a", "b"], "embedding": embeddings}, schema_overrides={"embedding": schema.EMBEDDING}
    )
    with pytest.raises(DataError, match=what):
        schema.conform("items", frame, "items")
