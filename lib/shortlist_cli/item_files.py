"""Item files: reads items from a file or standard input, and names mistakes by their lines."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from shortlist import ItemAttribute, ItemInput

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_core.pictures import png_of
from shortlist_core.terminal import quoted
from shortlist_data.clean import clean_items, distinct_ids
from shortlist_data.columns import read_header
from shortlist_data.pictures import with_pictures
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import batches
from shortlist_data.table_survey import TableSurvey

_READ = {
    "item_id",
    "title",
    "text",
    "categories",
    "price",
    "attributes",
    "embedding",
    "available",
    "release_time",
    "image_path",
}
_ATTRIBUTE = "attributes."
"""How the name of a column begins that holds an attribute; its key follows."""

SHOWN = 10
"""Mistakes that are named; further ones are only counted."""


@dataclass(frozen=True)
class Lines:
    """Items and their line numbers."""

    name: str  # of the file
    items: list[ItemInput]
    lines: list[int]  # from 1; row numbers of a Parquet file

    def mistakes(self, wrong: list[tuple[int, str]], written: int = 0) -> DataError:
        """An error that names lines and what is wrong with them; the first `written` items were already written."""
        what = "row" if self.name.endswith((".parquet", ".pq")) else "line"
        text = "; ".join(f"{what} {line}: {reason}" for line, reason in wrong[:SHOWN])
        more = f"; and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
        outcome = f"{written:,} items before {what} {self.lines[written]} are" if written else "nothing was"
        return DataError(f"{self.name}: {text}{more}; {outcome} written")


def read_items(source: str) -> Lines:
    """The items of a file (JSON Lines, CSV or Parquet), or of standard input for `-`, in its order.

    Columns are item_id, title, text, categories, price, available, release_time, embedding, image_path, and attributes:
    an object with a key for each, or a column `attributes.<key>` for each. Paths of pictures are relative to the file's
    folder, or to the current one for standard input. Raises DataError where the file cannot be read, has other columns,
    or has lines that are no items or whose picture cannot be read, which it names.
    """
    rejects = Rejects("items")
    with _file(source) as path:
        frames = _named(source, list(batches(path, rejects)), rejects)
        survey = TableSurvey("items", path, Rules(strict=True), Reading())
        for frame in frames:
            survey.add(frame)
        rules = survey.rules(rejects)
    clean = [clean_items(frame, rules, rejects) for frame in frames]
    frame = with_pictures(distinct_ids(pl.concat(clean), "item_id", rejects), Path(source).parent, rejects)
    items = [_item(row) for row in frame.iter_rows(named=True)]
    lines = Lines("standard input" if source == "-" else source, items, frame[LINE].to_list())
    if rejects.counts:
        rejected = rejects.frame()
        raise lines.mistakes(list(zip(rejected["line"], rejected["reason"], strict=True)))
    if not items:
        raise DataError(f"{lines.name}: there is no item in it")
    return lines


def _named(source: str, frames: list[pl.DataFrame], rejects: Rejects) -> list[pl.DataFrame]:
    """The frames under canonical names. Raises DataError for other columns, and where there is no item_id."""
    headers = [read_header("items", source, [name for name in frame.columns if name != LINE], {}) for frame in frames]
    read = [
        {column: name for name, column in header.found.items() if name in _READ}
        | {name: key for name in header.columns if (key := name.removeprefix(_ATTRIBUTE)) not in ("", name)}
        for header in headers
    ]
    unread = [set(header.columns).difference(names) for header, names in zip(headers, read, strict=True)]
    if unknown := sorted(set().union(*unread)):
        raise DataError(
            f"{quoted(source)}: items have no column {', '.join(map(repr, unknown))},"
            f" only {', '.join(sorted(_READ))} and those whose names begin with {_ATTRIBUTE}"
            f"{did_you_mean(unknown[0], _READ)}"
        )
    if not any("item_id" in names.values() for names in read) and not rejects.counts:
        raise DataError(f"{quoted(source)}: column 'item_id' is missing")
    return [frame.rename(names) for frame, names in zip(frames, read, strict=True)]


def _item(row: dict[str, object]) -> ItemInput:
    item = ItemInput(**{name: row[name] for name in ("item_id", "title", "text", "categories")})  # type: ignore[arg-type]
    if row["price"] is not None:  # it is a 32-bit number now, whose shortest text is what the file said
        item.price = float(str(np.float32(row["price"])))  # type: ignore[arg-type]
    if row["release_time"] is not None:
        item.release_time.FromDatetime(row["release_time"])  # type: ignore[arg-type]
    if not row["available"]:
        item.available = False
    item.embedding.extend(row["embedding"] or ())  # type: ignore[arg-type]
    if row["image_pixels"] is not None:  # which is all that servers read of a picture, so a large one is not sent
        item.image = png_of(row["image_pixels"])  # type: ignore[arg-type]
    item.attributes.extend(ItemAttribute(**pair) for pair in row["attributes"])  # type: ignore[attr-defined]
    return item


@contextmanager
def _file(source: str) -> Iterator[Path]:
    """The path of a file. Standard input is copied to one, because readers detect the format from its start."""
    if source != "-":
        yield Path(source)
        return
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(sys.stdin.buffer.read())
        copy.flush()
        yield Path(copy.name)
