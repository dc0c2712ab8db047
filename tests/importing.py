"""Imports of small tables that tests write as text, bytes or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from shortlist_data.rejects import Imported
from shortlist_data.table import Tables, import_tables

EVENT = "user_id,item_id,timestamp\nu,a,2024-01-01\n"


def import_events(folder: Path, content: str | bytes | pl.DataFrame, name: str = "events.csv", **how: Any) -> Imported:
    return import_tables(Tables(_write(folder / name, content), **how))


def import_items(folder: Path, content: str | bytes | pl.DataFrame, name: str = "items.csv", **how: Any) -> Imported:
    return import_events(folder, EVENT, items=_write(folder / name, content), **how)


def import_times(folder: Path, *cells: object, **how: Any) -> list[str]:
    """The times that were kept, in the order of the source, of a column of these cells."""
    rows = "".join(f'u{i},a,"{cell}"\n' for i, cell in enumerate(cells))
    imported = import_events(folder, "user_id,item_id,timestamp\n" + rows, **how)
    kept = imported.dataset.interactions.sort(pl.col("user_id").str.slice(1).cast(pl.Int64))
    return [time.isoformat(timespec="auto").removesuffix("+00:00") for time in kept["timestamp"]]


def counts(imported: Imported) -> dict[str, int]:
    """How many rows of all tables were rejected, by reason."""
    return {reason: count for rejects in imported.rejects for reason, count in rejects.counts.items()}


def notes(imported: Imported, about: str) -> list[tuple[str, int, str]]:
    """The notes in whose text `about` occurs."""
    return [(note.text, note.count, note.example) for note in imported.notes if about in note.text]


def prices(imported: Imported) -> list[float | None]:
    """The prices of the items that `import_items` imported, in their order."""
    kept = imported.dataset.items.filter(pl.col("item_id") != "a")
    return [None if price is None else round(price, 4) for price in kept["price"]]


def _write(path: Path, content: str | bytes | pl.DataFrame) -> Path:
    if isinstance(content, pl.DataFrame):
        content.write_parquet(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
