"""Files of rows, as frames of text: CSV, TSV, JSON Lines or Parquet, gzipped or not, a block at a time.

Rows that the format itself forbids (ragged lines, broken JSON, bytes that are no text) go to the rejects.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_data.progress import reading
from shortlist_data.reading import FORMATS, LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.source_csv import csv_batches
from shortlist_data.source_jsonl import jsonl_batches

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def batches(path: Path, rejects: Rejects, how: Reading | None = None) -> Iterator[pl.DataFrame]:
    """The rows of `path` as frames, each with the file's columns and LINE; at least one frame, which may be empty.

    Columns are text (Parquet: as stored). Counts every row into `rejects.read` and adds those it cannot read to
    `rejects`. Blank lines are no rows. Raises DataError when the file is missing, empty or not in its format.
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
        yield from _parquet_batches(path, rejects)
        return
    try:
        with unpacked(path) as file:
            if format == "jsonl":
                yield from jsonl_batches(path, file, rejects, how)
            else:
                yield from csv_batches(path, file, rejects, how, tab=format == "tsv")
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot read: {error}") from error


def file_format(path: Path, how: Reading) -> str:
    """One of FORMATS: the one that is said, or else detected."""
    return how.format or detect_format(path)


def detect_format(path: Path) -> str:
    """One of FORMATS, by the suffix before any .gz, else by the first bytes."""
    suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    if suffix.lower() in _SUFFIXES:
        return _SUFFIXES[suffix.lower()]
    try:
        with _gunzipped(path.open("rb"), path) as file:
            start = file.read(4096)
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot read: {error}") from error
    if start.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """The bytes of `path`, gunzipped where its content says so."""
    with reading(path) as file, _gunzipped(file, path) as plain:
        yield plain


def _gunzipped(file: BinaryIO, path: Path) -> BinaryIO:
    with path.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def _parquet_batches(path: Path, rejects: Rejects) -> Iterator[pl.DataFrame]:
    import pyarrow
    import pyarrow.parquet

    row = 1
    try:
        file = pyarrow.parquet.ParquetFile(path)
        yield (
            pl.DataFrame(pl.from_arrow(file.schema_arrow.empty_table()))
            .with_columns(pl.lit(0, pl.Int64).alias(LINE))
            .clear()
        )
        for batch in file.iter_batches(batch_size=1 << 18):
            frame = cast(pl.DataFrame, pl.from_arrow(batch))
            rejects.read += frame.height
            yield frame.with_columns(pl.Series(LINE, range(row, row + frame.height), dtype=pl.Int64))
            row += frame.height
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {str(error).splitlines()[0]}") from error
