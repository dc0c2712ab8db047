"""Formats: which one a file has, by its name and its first bytes, and its plain bytes where it is gzipped."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from shortlist_core.errors import DataError
from shortlist_data.progress import reading
from shortlist_data.source_json import is_whole
from shortlist_data.source_text import encoding_of

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_OTHERS = {
    b"PK\x03\x04": "an Excel workbook or a zip file: save the sheet as CSV (UTF-8), or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV (UTF-8)",
    b"<!DOCTYPE": "a web page: download the file that it links to",
    b"<!doctype": "a web page: download the file that it links to",
    b"<html": "a web page: download the file that it links to",
    b"<?xml": "an XML file: write it as CSV or JSON",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file itself with `git lfs pull`",
    b"SQLite format 3": "an SQLite database: export the table as CSV",
    b"ARROW1": "an Arrow or Feather file: write it with DataFrame.to_parquet",
    b"FEA1": "a Feather file: write it with DataFrame.to_parquet",
    b"ORC": "an ORC file: write it as Parquet",
    b"Obj\x01": "an Avro file: write it as Parquet",
    b"\x89HDF": "an HDF5 file: write it with DataFrame.to_parquet",
    b"\x80\x04\x95": "a Python pickle: write it with DataFrame.to_parquet",
    b"\x80\x05\x95": "a Python pickle: write it with DataFrame.to_parquet",
    b"BZh": "a bzip2 file: unpack it with bunzip2, or pack it with gzip",
    b"\xfd7zXZ": "an xz file: unpack it with unxz, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "a zstd file: unpack it with unzstd, or pack it with gzip",
}
"""How files begin that are not read, and what to do."""


def detect_format(path: Path, encoding: str = "utf-8") -> str:
    """One of FORMATS, by the suffix before any .gz and by the first bytes. Raises DataError for what is none."""
    start = start_of(path)
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise DataError(f"{path}: {what}")
    suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    known = _SUFFIXES.get(suffix.lower())
    if known in ("csv", "tsv", "parquet"):
        return known
    if start.startswith(b"PAR1"):
        return "parquet"
    text = start.decode(encoding_of(path, start, encoding), errors="replace").removeprefix("\ufeff").lstrip()
    if text.startswith("["):
        return "json"
    if known == "jsonl" or not text.startswith("{"):
        return known or "csv"
    return "json" if _is_whole_json(path, encoding) else "jsonl"


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """The bytes of `path`, gunzipped where its content says so."""
    with reading(path) as file, _gunzipped(file, path) as plain:
        yield plain


def start_of(path: Path) -> bytes:
    """The first bytes of the unpacked file. Raises DataError where it cannot be read."""
    try:
        with _gunzipped(path.open("rb"), path) as file:
            return file.read(4096)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot read: {error}") from error


def _is_whole_json(path: Path, encoding: str) -> bool:
    """Whether a file that begins with a brace is one JSON object rather than a line of JSON Lines."""
    encoding = encoding_of(path, start_of(path), encoding)
    try:
        with _gunzipped(path.open("rb"), path) as file:
            lines = io.TextIOWrapper(cast(io.BufferedReader, file), encoding, errors="replace", newline="\n")
            filled = (line.removeprefix("\ufeff") for line in lines if line.strip("\ufeff \t\r\n"))
            return is_whole(next(filled, ""), next(filled, ""))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot read: {error}") from error


def _gunzipped(file: BinaryIO, path: Path) -> BinaryIO:
    with path.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
