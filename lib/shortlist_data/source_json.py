"""JSON that is no JSON Lines: an array of objects, or a whole table as pandas writes it; pretty-printed or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.source_jsonl import parse_objects

_ROWS = 1 << 16
_SPACE = re.compile(r"[ \t\r\n]*")
_HOW = "write it with DataFrame.to_json(orient='records')"


def json_batches(path: Path, file: BinaryIO, rejects: Rejects, how: Reading) -> Iterator[pl.DataFrame]:
    """See `shortlist_data.source.batches`. Reads the whole file into memory. Elements that are no objects are rejected.

    LINE is the line on which an object starts; for a table by columns it is the number of the row.
    """
    data = file.read()
    try:
        text = data.decode(how.encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        raise DataError(f"{path}: not {how.encoding} text: {error}: try --encoding cp1252") from error
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    rows: list[tuple[int, bytes]] = []
    objects = _elements(path, text) if text.lstrip().startswith("[") else _of_table(path, text)
    any_row = False
    for line, content in objects:
        any_row = True
        rows.append((line, content.replace("\r", " ").replace("\n", " ").encode(errors="surrogatepass")))
        if len(rows) == _ROWS:
            yield _batch(rows, rejects)
            rows = []
    if not any_row:
        raise DataError(f"{path}: there is no row in it")
    if rows:
        yield _batch(rows, rejects)


def is_whole(first: str, second: str) -> bool:
    """Whether a file is JSON but no JSON Lines, by its first two lines that are not blank."""
    try:
        return _columns(json.loads(first)) is not None and not second
    except ValueError:
        return not second.startswith("{")  # pretty-printed, rather than JSON Lines with a broken first line
    except RecursionError:
        return True


def _batch(rows: list[tuple[int, bytes]], rejects: Rejects) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={LINE: pl.Int64, "content": pl.Binary}, orient="row")
    rejects.read += frame.height
    return parse_objects(frame, rejects)


def _elements(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """The elements of an array as text, each with the line on which it starts."""
    decoder = json.JSONDecoder()
    at, line, counted = text.index("[") + 1, 1, 0
    comma = False
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, at), at
        if text[at : at + 1] == "]":
            break
        if comma:
            if text[at : at + 1] != ",":
                raise DataError(f"{path}: not readable as JSON: line {line} has no comma between two elements")
            at, comma = at + 1, False
            continue
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not readable as JSON: element that starts on line {line}: {error}") from error
        yield line, text[at:end]
        at, comma = end, True
    if text[at + 1 :].strip():
        raise DataError(f"{path}: not readable as JSON: there is more after the array that ends on line {line}")


def _of_table(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """The rows of a table that is one object."""
    try:
        columns = _columns(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not readable as JSON: {error}; {_HOW}") from error
    if columns is None:
        raise DataError(f"{path}: this JSON is no array of objects, and no table by columns: {_HOW}")
    for row, values in enumerate(zip(*columns.values(), strict=True), 1):
        yield row, json.dumps(dict(zip(columns, values, strict=True)), ensure_ascii=False)


def _columns(table: Any) -> dict[str, list[Any]] | None:
    """The columns of what pandas writes with orient "columns", "split" or "table"; None where it is something else.

    An object that holds nothing but an array of objects is read as that array.
    """
    if not isinstance(table, dict) or not table:
        return None
    data = table.get("data")
    if isinstance(data, list) and isinstance(table.get("columns"), list):
        names, width = [str(name) for name in table["columns"]], len(table["columns"])
        sound = all(isinstance(row, list) and len(row) == width for row in data)
        return {name: [row[i] for row in data] for i, name in enumerate(names)} if sound else None
    if len(table) == 1:  # {"events": [...]}
        data = next(iter(table.values()))
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        names = list(dict.fromkeys(name for row in data for name in row))
        return {name: [row.get(name) for row in data] for name in names}
    columns = list(table.values())
    if all(isinstance(column, dict) for column in columns):
        keys = list(dict.fromkeys(key for column in columns for key in column))
        return {name: [column.get(key) for key in keys] for name, column in table.items()}
    if all(isinstance(column, list) for column in columns) and len({len(column) for column in columns}) == 1:
        return table
    return None
