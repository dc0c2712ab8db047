"""Parquet: columns of any type as text, numbers, times, or lists of those."""

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
    """See `shortlist_data.source.batches`. LINE is the number of the row."""
    import pyarrow
    import pyarrow.parquet

    row = 1
    try:
        file = pyarrow.parquet.ParquetFile(path)
        yield _frame(path, file.schema_arrow.empty_table(), 1)
        for batch in file.iter_batches(batch_size=_BATCH):
            rejects.read += batch.num_rows
            yield _frame(path, batch, row)
            row += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {str(error).splitlines()[0]}") from error


def _frame(path: Path, batch: Any, row: int) -> pl.DataFrame:
    names = batch.schema.names
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(f"{path}: column {twice[0]!r} appears twice")
    columns = []
    for name in names:
        try:
            series = cast(pl.Series, pl.from_arrow(batch.column(name))).alias(name)
            columns.append(_plain(series))
        except (pl.exceptions.PolarsError, ValueError, TypeError, NotImplementedError) as error:
            kind, why = batch.schema.field(name).type, str(error).splitlines()[0]
            raise DataError(f"{path}: column {name!r} of type {kind} cannot be read: {why}") from error
    lines = pl.Series(LINE, range(row, row + batch.num_rows), dtype=pl.Int64)
    return pl.DataFrame([*columns, lines])


def _plain(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if isinstance(dtype, pl.Categorical | pl.Enum) or dtype == pl.Binary or dtype == pl.Time:
        return column.cast(pl.String)
    if isinstance(dtype, pl.Duration):
        return column.dt.to_string("iso")
    if isinstance(dtype, pl.Array):
        return _plain(column.arr.to_list())
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Categorical | pl.Enum):
        return column.cast(pl.List(pl.String))
    if isinstance(dtype, pl.List) and (dtype.inner.is_numeric() or dtype.inner in (pl.String, pl.Boolean, pl.Null)):
        return column
    if isinstance(dtype, pl.List | pl.Struct) and dtype != ATTRIBUTES:
        texts = [
            None if cell is None else json.dumps(cell, ensure_ascii=False, default=str) for cell in column.to_list()
        ]
        return pl.Series(column.name, texts, pl.String)
    return column


def _json(cell: Any) -> str | None:
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)
