"""Columns of interactions that tell where and how events happened."""

from pathlib import Path

import pytest
from table_imports import HEADER

from shortlist_core.errors import DataError
from shortlist_data.hints import hints
from shortlist_data.rejects import Imported
from shortlist_data.rules import Rules
from shortlist_data.table import Tables, import_tables

NAMED = HEADER.strip() + ",device,page,colour\n"


def read(tmp_path: Path, rows: str, *context: str) -> Imported:
    (tmp_path / "e.csv").write_text(NAMED + rows)
    return import_tables(Tables(tmp_path / "e.csv", rules=Rules(context=context)))


def test_named_columns_are_read_and_the_others_are_left_out(tmp_path: Path) -> None:
    rows = [
        "u1,a,2024-01-01T10:00:00Z,phone,home,red",
        "u1,b,2024-01-02T10:00:00Z,,cart,red",
        f"u1,c,2024-01-03T10:00:00Z,{'x' * 129},NaN,red",
    ]
    result = read(tmp_path, "\n".join(rows), "device", "page")
    assert [[tuple(pair.values()) for pair in pairs] for pairs in result.dataset.interactions["context"].to_list()] == [
        [("device", "phone"), ("page", "home")],
        [("page", "cart")],
        [],
    ]
    assert hints(result.headers, {}) == ["interactions: columns that are left out: 'colour'"]


def test_the_same_event_in_two_contexts_is_one(tmp_path: Path) -> None:
    result = read(tmp_path, "u1,a,2024-01-01T10:00:00Z,phone,,\nu1,a,2024-01-01T10:00:00Z,desk,,\n", "device")
    assert result.dataset.interactions.height == 1


@pytest.mark.parametrize("name", ["browser", "user_id"])
def test_a_column_that_is_not_there_or_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"no further column '{name}' for --context .the columns are user_id, item_id"):
        read(tmp_path, "u1,a,2024-01-01T10:00:00Z,phone,,\n", name)


def test_a_data_folder_keeps_what_was_read(tmp_path: Path) -> None:
    dataset = read(tmp_path, "u1,a,2024-01-01T10:00:00Z,phone,,\n", "device").dataset
    dataset.write(tmp_path / "data")
    assert type(dataset).read(tmp_path / "data").interactions.equals(dataset.interactions)
