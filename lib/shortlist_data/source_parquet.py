"""Parquet: columns of any type as text, numbers, times, or lists of those; what nests deeper becomes JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data.reading import LINE
from shortlist_data.rejects import Rejects
from shortlist_data.schema import ATTRIBUTES

_BATCH = 1 << 18


def parquet_batches(path: Path, rejects: Rejects) -> Iterator[pl.DataFrame]:
    """See `shortlist_data.source.batches`. LINE is the row's number. Columns of bytes that are no text become null."""
    import pyarrow
    import pyarrow.parquet

    row = 1
    try:
        file = pyarrow.parquet.ParquetFile(path)
        yield _frame(path, pyarrow.RecordBatch.from_pylist([], schema=file.schema_arrow), 1, rejects)
        for batch in file.iter_batches(batch_size=_BATCH):
            rejects.read += batch.num_rows
            yield _frame(path, batch, row, rejects)
            row += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {str(error).splitlines()[0]}") from error


def _frame(path: Path, batch: Any, row: int, rejects: Rejects) -> pl.DataFrame:
    names = batch.schema.names
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(f"{path}: column {twice[0]!r} appears twice")
    columns = []
    for name in names:
        try:
            columns.append(_plain(name, batch.column(name), rejects))
        except (pl.exceptions.PolarsError, ValueError, TypeError, NotImplementedError) as error:
            kind, why = batch.schema.field(name).type, str(error).splitlines()[0]
            raise DataError(f"{path}: column {name!r} of type {kind} cannot be read: {why}") from error
    lines = pl.Series(LINE, range(row, row + batch.num_rows), dtype=pl.Int64)
    return pl.DataFrame([*columns, lines])


def _plain(name: str, array: Any, rejects: Rejects) -> pl.Series:
    import pyarrow.types as kinds

    kind = array.type
    if kinds.is_decimal256(kind):
        return pl.Series(name, [None if cell is None else str(cell) for cell in array.to_pylist()], pl.String)
    if kinds.is_nested(kind) and not _is_attributes(kind) and not _holds_scalars(kind):
        return pl.Series(name, [_json(cell) for cell in array.to_pylist()], pl.String)
    column = cast(pl.Series, pl.from_arrow(array)).alias(name)
    dtype = column.dtype
    if dtype == pl.Binary:
        try:
            return column.cast(pl.String)
        except pl.exceptions.ComputeError:
            rejects.note(f"column {name!r} holds bytes that are no text: left out", len(column) - column.null_count())
            return column.is_null().replace_strict({True: None, False: None}, return_dtype=pl.String)
    if isinstance(dtype, pl.Duration):
        return column.dt.to_string("iso")
    if isinstance(dtype, pl.Array):
        column = column.arr.to_list()
    if isinstance(column.dtype, pl.List) and column.dtype != ATTRIBUTES:
        return column.cast(pl.List(pl.String))
    return column.cast(pl.String) if isinstance(dtype, pl.Categorical | pl.Enum) or dtype == pl.Time else column


def _holds_scalars(kind: Any) -> bool:
    """Whether a type is a list of numbers, dates or text."""
    import pyarrow.types as kinds

    if not (kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind)):
        return False
    inner = kind.value_type
    inner = inner.value_type if kinds.is_dictionary(inner) else inner
    text = kinds.is_string(inner) or kinds.is_large_string(inner) or kinds.is_string_view(inner)
    return bool(text or kinds.is_integer(inner) or kinds.is_float64(inner) or kinds.is_date(inner))


def _is_attributes(kind: Any) -> bool:
    """Whether a type is that of canonical attributes: a list of {key, value}."""
    inner = getattr(kind, "value_type", None)
    fields = [inner.field(i) for i in range(inner.num_fields)] if inner is not None else []
    return [(field.name, str(field.type).removeprefix("large_")) for field in fields] in (
        [("key", "string"), ("value", "string")],
        [("key", "string_view"), ("value", "string_view")],
    )


def _json(cell: Any) -> str | None:
    """A nested cell as JSON: maps as objects, bytes as text."""
    if isinstance(cell, list) and cell and all(isinstance(each, tuple) for each in cell):
        cell = {str(key): value for key, value in cell}
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=_scalar)


def _scalar(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
