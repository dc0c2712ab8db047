"""An import reads the pictures that items name; what cannot be read is counted and listed, and the item stays."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from shortlist_core.errors import DataError
from shortlist_core.pictures import pixels_of
from shortlist_data.dataset import Dataset
from shortlist_data.rejects import Imported
from shortlist_data.summary import Summary
from shortlist_data.table import Tables, import_tables, parse_columns


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with pictures of two colours, in a folder of their own."""
    (tmp_path / "shop" / "photos").mkdir(parents=True)
    for colour in ("red", "blue"):
        Image.new("RGB", (50, 40), colour).save(tmp_path / "shop" / "photos" / f"{colour}.png")
    return tmp_path / "shop"


def imported(shop: Path, paths: list[str], column: str = "image_path") -> Imported:
    ids = [f"i{row}" for row in range(len(paths))]
    pl.DataFrame({"item_id": ids, "title": "T", column: paths}).write_csv(shop / "items.csv")
    events = pl.DataFrame({"user_id": "u", "item_id": ids, "timestamp": "2024-01-01"})
    events.write_csv(shop / "events.csv")
    mapping = parse_columns([] if column == "image_path" else [f"items.image_path={column}"])
    return import_tables(Tables(shop / "events.csv", shop / "items.csv", columns=mapping))


def events() -> pl.DataFrame:
    frame = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": ["2024-01-01"]})
    return frame.with_columns(pl.col("timestamp").str.to_datetime(time_zone="UTC"))


def rejected(found: Imported) -> list[tuple[int, str, str]]:
    return [row for rejects in found.rejects if rejects.table == "pictures" for row in rejects.frame().iter_rows()]


@pytest.mark.parametrize("column", ["image_path", "Image Path", "photo"])
def test_items_keep_the_pixels_of_the_pictures_that_they_name(shop: Path, column: str) -> None:
    absolute = str(shop / "photos" / "blue.png")
    found = imported(shop, ["photos/red.png", "", absolute, "photos/../photos/red.png", "photos/red.png"], column)
    red, blue = (pixels_of((shop / "photos" / f"{colour}.png").read_bytes()) for colour in ("red", "blue"))
    assert found.dataset.items["image_pixels"].to_list() == [red, None, blue, red, red]
    assert not rejected(found)
    found.publish(shop / "data")
    (shop / "photos" / "red.png").unlink()  # the originals are not needed any more
    items = Dataset.read(shop / "data").items
    assert items["image_pixels"].to_list() == [red, None, blue, red, red]
    assert items["image_path"][2] == absolute and items["image_path"][1] is None
    assert Path(items["image_path"][0]) == shop.absolute() / "photos" / "red.png"


def test_what_cannot_be_read_is_counted_and_listed_with_its_line_and_the_item_stays(shop: Path) -> None:
    (shop / "photos" / "notes.png").write_text("no picture")
    (shop / "photos" / "cut.png").write_bytes((shop / "photos" / "red.png").read_bytes()[:60])
    bad = ["photos/none.png", "photos", "https://shop/1.png", "photos/notes.png", "photos/cut.png", "x" * 5000, "a\0b"]
    found = imported(shop, ["photos/red.png", *bad, "photos/none.png"])
    assert found.dataset.items["image_pixels"].is_not_null().to_list() == [True] + 8 * [False]
    assert found.dataset.items["image_path"].is_not_null().to_list() == [True] + 8 * [False]
    assert found.dataset.items["title"].to_list() == 9 * ["T"]
    said = {content[:20]: (line, why) for line, why, content in rejected(found)}
    assert said["photos"] == (4, "picture is no file")
    assert said["https://shop/1.png"] == (5, "picture is an address on the web: nothing is downloaded")
    assert said["photos/notes.png"] == (6, "picture is none of PNG, JPEG, WEBP, GIF, BMP")
    assert said["photos/cut.png"] == (7, "picture is broken")
    assert [line for line, why, _ in rejected(found) if why == "picture is not there"] == [3, 9, 10]
    found.publish(shop / "data", max_rejects=0)
    with (shop / "data" / "rejects-pictures.csv").open() as file:
        assert [row["line"] for row in csv.DictReader(file)] == [str(line) for line in range(3, 11)]
    assert Dataset.read(shop / "data").items.height == 9


def test_a_summary_counts_pictures_and_says_where_there_are_none(shop: Path) -> None:
    summary = Summary.of(imported(shop, ["photos/red.png", "photos/blue.png", ""]).dataset)
    assert summary.filled["picture"] == 2
    none = Summary.of(imported(shop, ["", "", ""]).dataset)
    assert "no item has a picture, although there is a column for it" in none.missing({"image_path", "title"})


def test_no_column_of_a_file_stands_for_pixels(shop: Path) -> None:
    with pytest.raises(DataError, match=r"no column is items\.image_pixels"):
        parse_columns(["items.image_pixels=photo"])
    with pytest.raises(DataError, match="image_pixels are not 3,072 bytes, three for each of 32 x 32 pixels"):
        Dataset.of(events(), pl.DataFrame({"item_id": ["a"], "image_pixels": [b"abc"]}))


def test_a_folder_of_before_has_no_pictures(tmp_path: Path) -> None:
    Dataset.of(events()).write(tmp_path)
    items = pl.read_parquet(tmp_path / "items.parquet").drop("image_pixels")
    items.write_parquet(tmp_path / "items.parquet")
    assert Dataset.read(tmp_path).items["image_pixels"].to_list() == [None]
