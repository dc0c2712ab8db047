"""Tables in the forms of other programs are imported: every cell is read right, rejected or noted, or the whole table
is refused with one line that says what to do. No cell is changed silently, and nothing but a DataError is raised.

Formats (CSV, TSV, JSON Lines, JSON, Parquet), encodings, separators, decimal marks, null words, forms of times,
notations of lists and broken rows are drawn by chance.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from generated_tables import NONSENSE, Table, interactions, items

from shortlist_core.errors import DataError
from shortlist_data.reading import Reading
from shortlist_data.rejects import Imported
from shortlist_data.rules import Rules
from shortlist_data.table import Tables, import_tables

TITLE = "Imports of other programs' tables"
FULL = {"tables": 10_000}
SHORT = {"tables": 60}


def torture(folder: Path, seed: int, tables: int) -> list[str]:
    """Import tables that are drawn by chance, two at a time; what was counted. AssertionError where a cell is wrong."""
    counted: Counter[str] = Counter()
    for number in range(tables // 2):
        chance = random.Random(f"{seed} {number}")
        events, things = interactions(chance, folder), items(chance, folder)
        try:
            counted += _import(events, things)
        except BaseException as error:
            error.add_note(f"import {number} of seed {seed}: {events.path.name}, {things.path.name}, {events.rules}")
            raise
        finally:
            events.path.unlink()
            things.path.unlink()
    assert counted["open tables refused"] < tables / 20, counted
    return [
        f"{tables:,} tables: {counted['refused']:,} refused as nobody could know what their times mean",
        f"{counted['read']:,} cells read right, {counted['noted']:,} noted as unreadable,"
        f" {counted['rejected']:,} rows rejected, 0 cells changed silently",
    ]


def _import(events: Table, things: Table) -> Counter[str]:
    counted: Counter[str] = Counter()
    files = {"interactions": (events.path, None), "items": (_one_event(events.path.parent), things.path)}
    for table, expected in (("interactions", events), ("items", things)):
        reading = Reading(encoding=expected.encoding)
        try:
            imported = import_tables(Tables(*files[table], rules=Rules(**expected.rules), reading=reading))
        except DataError as error:
            said = str(error)
            assert "\n" not in said and "--time-format" in said and table == "interactions", said
            assert expected.refused or "cannot be told" in said or "no cell is a time" in said, said
            counted["refused"] += 1
            counted["open tables refused"] += not expected.refused
            continue
        assert not expected.refused, f"{expected.path}: times that nobody can know were read"
        counted += _check(imported, table, expected)
    return counted


def _one_event(folder: Path) -> Path:
    path = folder / "one.parquet"
    if not path.exists():
        pl.DataFrame({"user_id": ["u"], "item_id": ["none"], "timestamp": ["2024-01-01"]}).write_parquet(path)
    return path


def _check(imported: Imported, table: str, expected: Table) -> Counter[str]:
    rejects = next(each for each in imported.rejects if each.table == table)
    frame = imported.dataset.interactions if table == "interactions" else imported.dataset.items
    kept = {row["item_id"]: row for row in frame.iter_rows(named=True)}
    kept.pop("none", None)
    counted = Counter({"rejected": rejects.counts.total()})
    assert rejects.read == len(expected.rows) + expected.broken, "rows are lost"
    assert len(kept) + rejects.counts.total() == rejects.read, "rows are neither kept nor rejected"
    unread: Counter[str] = Counter()
    for row in expected.rows:
        sound = not any(row[name].means is NONSENSE for name in ("user_id", "timestamp") if name in row)
        found = kept.get(row["item_id"].means)
        assert (found is not None) == sound, f"{_written(row)}: {'kept' if found else 'rejected'}"
        if found:
            counted["read"] += _compare(row, found, unread)
    for name, count in unread.items():
        noted = sum(note.count for note in rejects.notes if note.text.startswith(f"{table}: {name} is no number"))
        assert noted >= count, f"{count} cells of {name} are changed, {noted} are noted"
        counted["noted"] += count
    return counted


def _compare(row: dict[str, Any], found: dict[str, Any], unread: Counter[str]) -> int:
    """How many cells are right; those that only a note may explain are counted in `unread`."""
    right = 0
    for name, cell in row.items():
        value = found[name]
        if name in ("value", "price"):
            nothing = 1.0 if name == "value" else None
            means = cell.means if isinstance(cell.means, float) else nothing
            same = value == means or (None not in (value, means) and np.isclose(value, means, rtol=1e-6, atol=0))
            if cell.means is NONSENSE or not same:
                assert value == nothing, f"{_written(row)}: {name} is read as {value}"
                unread[name] += 1
                continue
        elif name == "timestamp":
            same = abs(value - cell.means) < timedelta(microseconds=2)
        elif name == "title":
            same = value == cell.means.strip()
        else:
            same = value == cell.means
        assert same, f"{_written(row)}: {name} is read as {value!r}, it means {cell.means!r}"
        right += 1
    return right


def _written(row: dict[str, Any]) -> dict[str, Any]:
    return {name: cell.written for name, cell in row.items()}
