"""Imports small tables, and tells what was kept and what was rejected."""

from pathlib import Path

import polars as pl

from shortlist_data.rejects import Imported
from shortlist_data.table import Tables, import_tables

HEADER = "user_id,item_id,timestamp\n"
GOOD = "u1,a,2024-01-01T10:00:00Z\n"


def run(tmp_path: Path, content: str | bytes, name: str = "events.csv", **how: object) -> Imported:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_tables(Tables(path, **how))  # type: ignore[arg-type]


def run_items(tmp_path: Path, content: str | bytes, name: str = "items.csv", **how: object) -> Imported:
    items = tmp_path / name
    items.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run(tmp_path, HEADER + GOOD, items=items, **how)


def rejected(imported: Imported, table: str = "interactions") -> list[tuple[int, str]]:
    rejects = next(each for each in imported.rejects if each.table == table)
    return [(line, reason) for line, reason, _ in rejects.frame().iter_rows()]


def events(imported: Imported) -> list[tuple[str, str]]:
    return [(row["user_id"], row["item_id"]) for row in imported.dataset.interactions.iter_rows(named=True)]


def item(imported: Imported, item_id: str) -> dict[str, object]:
    return imported.dataset.items.row(by_predicate=pl.col("item_id") == item_id, named=True)
