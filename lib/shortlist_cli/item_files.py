"""Items out of a file of the terminal's, and mistakes in it by their lines."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from shortlist import ItemInput

from shortlist_core.errors import DataError
from shortlist_data.clean import Rules, clean_items, distinct_ids
from shortlist_data.reading import LINE
from shortlist_data.rejects import Rejects
from shortlist_data.source import batches

SHOWN = 10
"""Mistakes that are named before the rest is counted."""


@dataclass(frozen=True)
class Lines:
    """Items and where each of them stands."""

    name: str  # of the file
    items: list[ItemInput]
    lines: list[int]  # from 1; row numbers of a Parquet file

    def mistakes(self, found: list[tuple[int, str]], written: int = 0) -> DataError:
        """The error that names lines and what is wrong with them; the first `written` items were written before."""
        what = "row" if self.name.endswith((".parquet", ".pq")) else "line"
        text = "; ".join(f"{what} {line}: {reason}" for line, reason in found[:SHOWN])
        more = f"; and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        outcome = f"{written:,} items before {what} {self.lines[written]} are" if written else "nothing was"
        return DataError(f"{self.name}: {text}{more}; {outcome} written")


def read_items(source: str) -> Lines:
    """The items of a file (JSON Lines, CSV or Parquet), or of standard input for `-`, in its order.

    Columns as in items of a data folder: item_id, title, text, categories, price. Raises DataError where the file
    cannot be read, has other columns, or any line is no item, with all these lines.
    """
    rejects = Rejects("items")
    with _file(source) as path:
        frames = list(batches(path, rejects))
    known = {LINE, "item_id", "title", "text", "categories", "price"}
    columns = {name for frame in frames for name in frame.columns}
    if unknown := sorted(columns - known):
        there = ", ".join(sorted(known - {LINE}))
        raise DataError(f"{source}: items have no column {unknown[0]!r}, only {there}")
    if "item_id" not in columns and not rejects.counts:
        raise DataError(f"{source}: column 'item_id' is missing")
    rules = Rules()
    clean = [clean_items(frame, rules, rejects) for frame in frames]
    frame = distinct_ids(pl.concat(clean), "item_id", rejects)
    items = [_item(row) for row in frame.iter_rows(named=True)]
    lines = Lines("standard input" if source == "-" else source, items, frame[LINE].to_list())
    if rejects.counts:
        turned_down = rejects.frame()
        raise lines.mistakes(list(zip(turned_down["line"], turned_down["reason"], strict=True)))
    if not items:
        raise DataError(f"{lines.name}: there is no item in it")
    return lines


def _item(row: dict[str, object]) -> ItemInput:
    item = ItemInput(**{name: row[name] for name in ("item_id", "title", "text", "categories")})  # type: ignore[arg-type]
    if row["price"] is not None:  # has become a 32-bit number: its shortest text is what the file said
        item.price = float(str(np.float32(row["price"])))  # type: ignore[arg-type]
    return item


@contextmanager
def _file(source: str) -> Iterator[Path]:
    """Standard input becomes a file: a reader looks at its start to find out what it is."""
    if source != "-":
        yield Path(source)
        return
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(sys.stdin.buffer.read())
        copy.flush()
        yield Path(copy.name)
