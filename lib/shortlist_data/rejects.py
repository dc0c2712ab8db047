"""Rejects and notes: the rows that an import rejected and why, what it read otherwise, and when the import fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data.columns import Header
from shortlist_data.dataset import Dataset
from shortlist_data.spreadsheet import safe_cells

DUPLICATE = "exact duplicate"
"""Nothing is lost with a duplicate, and retail data is full of them."""
RETURN = "return (value below 0)"
"""What came back is no wish for it."""
HARMLESS = (DUPLICATE, RETURN)
"""The reasons that never fail an import."""

_SHOWN = 60
"""Characters of a cell that an example shows."""

REJECTS = pl.Schema({"line": pl.Int64(), "reason": pl.String(), "content": pl.String()})


@dataclass(frozen=True)
class Note:
    """Something that an import did to rows that it kept, such as "price is no number: unknown"."""

    text: str
    count: int
    example: str = ""  # the first cell and its line, such as "12 or so" (line 7); empty where no cell stands for it


class Rejects:
    """The rejected rows of one table, and notes on its kept rows.

    Lines count from 1 in the unpacked source file. For a Parquet file they are row numbers. What is `optional`, such as
    the pictures of items, costs no row where it is rejected, and fails no import.
    """

    def __init__(self, table: str, optional: bool = False) -> None:
        self.table, self.optional = table, optional
        self.read = 0  # rows of the source, kept or rejected
        self.counts: Counter[str] = Counter()
        self._frames: list[pl.DataFrame] = []
        self._notes: dict[str, Note] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Add rows with the columns of REJECTS: line, reason, content (the raw line, or its fields as JSON)."""
        if frame.height:
            self._frames.append(frame.select(REJECTS.names()).cast(REJECTS))
            for reason, count in frame["reason"].value_counts().iter_rows():
                self.counts[reason] += count

    def note(self, text: str, count: int, cell: str | None = None, line: int | None = None) -> None:
        """Count `count` more rows for which `text` holds. The first `cell` of a text, with its line, is its example."""
        if not count:
            return
        where = "" if line is None else f" (line {line})"
        before = self._notes.get(text, Note(text, 0, "" if cell is None else f"{_short(cell)!r}{where}"))
        self._notes[text] = replace(before, count=before.count + count)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted, each text once and under the table's name, in the order of first appearance."""
        return tuple(replace(note, text=f"{self.table}: {note.text}") for note in self._notes.values())

    @property
    def share(self) -> float:
        """The share of rejected rows, 0 to 1, without those whose reason is harmless; 0 for what is optional."""
        if self.optional:
            return 0.0
        return (self.counts.total() - sum(self.counts[reason] for reason in HARMLESS)) / max(self.read, 1)

    def frame(self) -> pl.DataFrame:
        """All rejected rows in the order of the source: line, reason, content."""
        return pl.concat([pl.DataFrame(schema=REJECTS), *self._frames]).sort("line", maintain_order=True)

    def write(self, folder: Path) -> None:
        """Write `rejects-<table>.csv` into `folder`, or remove an old one where no row was rejected.

        People open it in a spreadsheet, so what would run there as a formula has an apostrophe in front.
        """
        path = folder / f"rejects-{self.table}.csv"
        path.unlink(missing_ok=True)
        if self.counts:
            folder.mkdir(parents=True, exist_ok=True)
            rows = self.frame()
            rows.with_columns(safe_cells(rows["content"])).write_csv(path)


@dataclass(frozen=True, eq=False)
class Imported:
    """The result of an import: the data set, the rejected rows, and notes on what was kept."""

    dataset: Dataset
    rejects: tuple[Rejects, ...]
    notes: tuple[Note, ...] = ()  # each of a count above 0; those of `rejects` among them
    headers: Mapping[str, Header] = field(default_factory=dict)  # of the tables of any shop; see shortlist_data.hints
    event_words: Mapping[str, int] = field(default_factory=dict)

    def publish(self, folder: Path, max_rejects: float = 0.05) -> None:
        """Write the data set and its `rejects-*.csv` into `folder`.

        Raises DataError when more than the share `max_rejects` of a table was rejected, or no interaction is left. Then
        only the rejects are written.
        """
        try:
            for rejects in self.rejects:
                rejects.write(folder)
        except OSError as error:
            raise DataError(f"{folder}: cannot write: {error.strerror or error}") from error
        for rejects in self.rejects:
            _refuse_if_too_many(rejects, folder, max_rejects)
        if not self.dataset.interactions.height:
            raise DataError("no interaction was read; nothing was written")
        self.dataset.write(folder)


def _refuse_if_too_many(rejects: Rejects, folder: Path, max_rejects: float) -> None:
    if rejects.share <= max_rejects:
        return
    worst = next(reason for reason, _ in rejects.counts.most_common() if reason not in HARMLESS)
    raise DataError(
        f"{rejects.share:.1%} of the {rejects.read} rows of {rejects.table} were rejected (most: {worst}), more than "
        f"{max_rejects:.1%}; nothing was imported, see {folder / f'rejects-{rejects.table}.csv'}"
    )


def _short(cell: str) -> str:
    return cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}..."
