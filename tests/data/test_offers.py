"""Whether an item can be had, and when it came out, are read where they can be and noted where they cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from importing import import_items
from table_imports import item

from shortlist_data.dataset import Dataset
from shortlist_data.offers import available_of, released_of


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["yes", " No ", "TRUE", "f", "", "sold out"], [True, False, True, False, None, None]),
        ([1, 0, None], [True, False, None]),
        ([1.0, 0.0], [True, False]),
        ([True, False], [True, False]),
    ],
)
def test_yes_and_no(cells: list[object], read: list[bool | None]) -> None:
    frame = pl.DataFrame({"available": cells})
    assert frame.select(available_of(frame)).to_series().to_list() == read


def test_times_are_those_that_requests_can_say() -> None:
    cells = ["2026-11-30", "2026-11-30T01:00:00+01:00", "1969-12-31", "2101-01-01", "soon", None]
    frame = pl.DataFrame({"release_time": cells})
    day = datetime(2026, 11, 30, tzinfo=UTC)
    assert frame.select(released_of(frame)).to_series().to_list() == [day, day, None, None, None, None]
    typed = pl.DataFrame({"release_time": [day, None]})
    assert typed.select(released_of(typed)).to_series().to_list() == [day, None]


def test_an_import_reads_both_and_notes_what_it_cannot_read(tmp_path: Path) -> None:
    imported = import_items(tmp_path, "item_id,available,release_time\na,no,2026-11-30\nb,perhaps,soon\nc,,\n")
    first, second, third = (item(imported, item_id) for item_id in "abc")
    assert (first["available"], first["release_time"]) == (False, datetime(2026, 11, 30, tzinfo=UTC))
    assert (second["available"], second["release_time"]) == (True, None) == (third["available"], third["release_time"])
    assert all(each["attributes"] == [] for each in (first, second, third))
    noted = {note.text for each in imported.rejects for note in each.notes}
    assert {
        "items: available is neither yes nor no: yes",
        "items: release_time is no ISO 8601 time of 1970 to 2100: unknown",
    } <= noted


def test_a_folder_of_before_has_items_that_can_be_had(tmp_path: Path) -> None:
    events = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": [datetime(2026, 1, 1, tzinfo=UTC)]})
    Dataset.of(events, pl.DataFrame({"item_id": ["a"]})).write(tmp_path)
    old = pl.read_parquet(tmp_path / "items.parquet").drop("available", "release_time")
    old.write_parquet(tmp_path / "items.parquet")
    assert Dataset.read(tmp_path).items.select("available", "release_time").row(0) == (True, None)
