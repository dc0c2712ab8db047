from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time


def interactions(*rows: tuple[str, str, int]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "day"], orient="row")
    return frame.select(
        "user_id", "item_id", pl.datetime(2024, 1, pl.col("day"), time_unit="us", time_zone="UTC").alias("timestamp")
    )


def small() -> Dataset:
    events = interactions(("u2", "b", 5), ("u1", "a", 3), ("u1", "b", 4), ("u3", "c", 5), ("u3", "a", 9))
    return Dataset.of(events, pl.DataFrame({"item_id": ["a", "b", "never"], "title": ["A", "B", "N"]}))


def test_interactions_are_sorted_and_ties_keep_their_order() -> None:
    events = small().interactions
    assert events["item_id"].to_list() == ["a", "b", "b", "c", "a"]
    assert events["event_type"].unique().to_list() == ["interaction"]
    assert events["value"].to_list() == [1.0] * 5


def test_items_known_only_from_interactions_get_an_untitled_row() -> None:
    items = small().items
    assert items["item_id"].to_list() == ["a", "b", "never", "c"]
    assert items.filter(pl.col("item_id") == "c")["title"].item() == ""


def test_what_is_read_back_is_what_was_written(tmp_path: Path) -> None:
    data = small()
    data.write(tmp_path / "new" / "folder")
    again = Dataset.read(tmp_path / "new" / "folder")
    for name in ("interactions", "items", "users"):
        assert getattr(again, name).equals(getattr(data, name)), name
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == [
        "interactions.parquet",
        "items.parquet",
        "users.parquet",
    ]


def test_until_keeps_what_was_known_then() -> None:
    past = small().until(parse_time("2024-01-05"))
    assert past.interactions["item_id"].to_list() == ["a", "b"]
    assert past.items["item_id"].to_list() == ["a", "b", "never"]  # c came at that very moment


def test_until_the_first_event_is_empty_and_valid(tmp_path: Path) -> None:
    past = small().until(parse_time("2024-01-03"))
    assert past.interactions.height == 0
    assert past.items["item_id"].to_list() == ["never"]
    past.write(tmp_path)
    assert Dataset.read(tmp_path).interactions.height == 0


def test_missing_folder_and_file_are_one_line_errors(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DataError, match=r"no such folder|is missing") as caught:
            Dataset.read(folder)
        assert "\n" not in str(caught.value)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    small().write(tmp_path)
    (tmp_path / "items.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"items\.parquet: not a readable Parquet file"):
        Dataset.read(tmp_path)


@pytest.mark.parametrize("column", ["user_id", "item_id", "timestamp"])
def test_missing_columns_are_named(column: str) -> None:
    with pytest.raises(DataError, match=f"there is no column '{column}'; the columns are "):
        Dataset.of(small().interactions.drop(column))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("user_id", pl.lit(""), "rows have no user_id"),
        ("item_id", pl.lit(None, pl.String), "rows have no item_id"),
        ("event_type", pl.lit("bought"), "event_type 'bought' is unknown"),
        ("timestamp", pl.lit("yesterday"), "interactions"),
        ("value", pl.lit("many"), "interactions"),
    ],
)
def test_wrong_values_are_refused(column: str, value: pl.Expr, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        Dataset.of(small().interactions.with_columns(value.alias(column)))
    assert "\n" not in str(caught.value)


def test_an_item_must_not_appear_twice() -> None:
    with pytest.raises(DataError, match="item_id 'a' appears more than once"):
        Dataset.of(small().interactions, pl.DataFrame({"item_id": ["a", "a"]}))


@pytest.mark.parametrize(
    "text",
    [
        "2011-10-01",
        "2011-10-01T00:00:00Z",
        "2011-10-01 02:00+02:00",
        "2011-09-30T19:30:00-0430",
        "1317427200",
        "1317427200000",
        "1317427200.0",
        "1317427200000000",
        "20111001",
        "20111001000000",
    ],
)
def test_all_spellings_of_one_moment_agree(text: str) -> None:
    assert parse_time(text) == int(datetime(2011, 10, 1, tzinfo=UTC).timestamp()) * 1_000_000


def test_fractions_of_a_second_survive() -> None:
    assert parse_time("1970-01-01T00:00:00.000001Z") == 1
    assert parse_time("1.5") == 1_500_000


@pytest.mark.parametrize("text", ["", "soon", "2011-13-01", "2011-10-01T25:00", "nan"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is not a time"):
        parse_time(text)
