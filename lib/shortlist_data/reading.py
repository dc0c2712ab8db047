"""How a file of rows is to be read, and what its readers call the line that a row is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet")

LINE = "#line"
"""Column of every batch: where the row starts, 1-based line in the unpacked file (row number for Parquet)."""


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; the defaults find everything out from its name and content."""

    format: str | None = None  # one of FORMATS
    encoding: str = "utf-8"  # a byte order mark goes before it
    separator: str | None = None  # of CSV; found in the header line where None
    header: Sequence[str] | None = None  # column names of a file that has no header line
    quotes: bool = True  # whether a double quote at the start of a field opens a quoted one
