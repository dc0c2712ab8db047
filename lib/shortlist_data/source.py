"""Files of rows, as frames of text: CSV, TSV, JSON Lines, JSON or Parquet, gzipped or not, a block at a time.

Rows that the format itself forbids (ragged lines, broken JSON, bytes that are no text) go to the rejects.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_data.reading import FORMATS, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.source_csv import csv_batches, separator_of
from shortlist_data.source_format import detect_format, start_of, unpacked
from shortlist_data.source_json import json_batches
from shortlist_data.source_jsonl import jsonl_batches
from shortlist_data.source_parquet import parquet_batches
from shortlist_data.source_text import encoding_of


def batches(path: Path, rejects: Rejects, how: Reading | None = None) -> Iterator[pl.DataFrame]:
    """The rows of `path` as frames, each with the file's columns and LINE; at least one frame, which may be empty.

    Columns are text (Parquet: text, numbers, times or lists). Counts every row into `rejects.read` and adds those it
    cannot read to `rejects`. Blank lines are no rows. Raises DataError when the file is missing, empty or not in its
    format.
    """
    how = how or Reading()
    if how.format is not None and how.format not in FORMATS:
        raise DataError(f"format {how.format!r} is not one of {', '.join(FORMATS)}{did_you_mean(how.format, FORMATS)}")
    if how.separator is not None and len(how.separator.encode()) != 1:
        raise DataError(f"delimiter {how.separator!r} is not one character")
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    format = file_format(path, how)
    if format == "parquet":
        yield from parquet_batches(path, rejects)
        return
    how = _decoded(path, how)
    try:
        with unpacked(path) as file:
            if format == "jsonl":
                yield from jsonl_batches(path, file, rejects, how)
            elif format == "json":
                yield from json_batches(path, file, rejects, how)
            else:
                yield from csv_batches(path, file, rejects, how, tab=format == "tsv")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot read: {error}") from error


def file_format(path: Path, how: Reading) -> str:
    """One of FORMATS: the one that is said, or else detected."""
    return how.format or detect_format(path, how.encoding)


def usual_decimal(path: Path, how: Reading) -> str | None:
    """The decimal mark of a number such as 1.234 in this file: "." where no comma parts its numbers, else None.

    A file with semicolons or tabs between its columns may come from where the comma is the decimal mark.
    """
    format = how.format or detect_format(path, how.encoding)
    if format not in ("csv", "tsv"):
        return "."
    with unpacked(path) as file:
        return "." if separator_of(path, file, _decoded(path, how), tab=format == "tsv") == "," else None


def _decoded(path: Path, how: Reading) -> Reading:
    """`how` with the encoding that the file's byte order mark tells."""
    return replace(how, encoding=encoding_of(path, start_of(path), how.encoding))
