"""Cells: reads columns of any simple type as text, ids and numbers; what is read otherwise than it stands is told."""

from __future__ import annotations

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.values import CONTROL, MAX_ID
from shortlist_data.null_words import IN_TEXT, without_null_words
from shortlist_data.numbers import finite, read_numbers

Checks = list[tuple[str, pl.Expr]]
"""Pairs of a reason and an expression over raw columns that is true where a row is rejected. The first one counts."""
Notes = list[tuple[str, pl.Expr, str]]
"""Of kept rows: what is told, an expression that is true where it holds, and the column whose cells it is about."""

_OBJECT = r'^\{\s*".*"\s*:.*\}$'
_EXACT = 2.0**53
"""From here on a float does not tell one integer from the next."""


def text_of(raw: pl.DataFrame, name: str) -> pl.Expr:
    """The column as text without outer blanks; null where it is empty or the table has no such column."""
    if name not in raw.columns:
        return pl.lit(None, pl.String)
    dtype = raw.schema[name]
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        column = column.cast(pl.List(pl.String)).list.drop_nulls().list.join("\n")
    elif dtype.is_float():
        column = column.fill_nan(None)
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def words(text: pl.Expr) -> pl.Expr:
    """Free text without outer blanks, null where it is what programs write for nothing, such as NaN."""
    return pl.when(~text.is_in(IN_TEXT)).then(text)


def id_of(raw: pl.DataFrame, name: str) -> pl.Expr:
    """The column as ids, null for null words. A float without a fraction is the integer that it stands for."""
    text = without_null_words(text_of(raw, name))
    dtype = raw.schema.get(name)
    return text if dtype is None or not (dtype.is_float() or dtype.is_decimal()) else text.str.replace(r"\.0*$", "")


def id_checks(raw: pl.DataFrame, name: str, value: pl.Expr) -> Checks:
    """Why rows have no such id; `value` is that of `id_of`. Raises DataError for a column whose type holds none."""
    dtype = raw.schema.get(name, pl.String())
    if isinstance(dtype, pl.List | pl.Struct | pl.Array):
        raise DataError(f"column {name!r} holds lists or objects; an id is text or a number")
    checks: Checks = [(f"missing {name}", value.is_null())]
    if dtype.is_float():
        checks.append((f"{name} that has lost digits as a float", (pl.col(name).abs() >= _EXACT).fill_null(False)))
    checks.append((f"{name} that is an object", value.str.contains(_OBJECT).fill_null(False)))
    return [*checks, *((reason.format(name), bad) for reason, bad in not_id(value))]


def not_id(value: pl.Expr) -> Checks:
    """Why text without outer blanks breaks the rule for ids; "{}" stands for its name."""
    return [
        (f"{{}} longer than {MAX_ID} characters", (value.str.len_chars() > MAX_ID).fill_null(False)),
        ("{} with a control character", value.str.contains(CONTROL).fill_null(False)),
    ]


def is_not_id(value: pl.Expr) -> pl.Expr:
    """Whether text without outer blanks breaks the rule for ids; false for null."""
    return pl.any_horizontal(*(bad for _, bad in not_id(value)))


def numbers_of(raw: pl.DataFrame, name: str, decimal: str | None) -> pl.Series:
    """The column as Float64, null where it is empty, a null word, or no number that 32 bits hold."""
    if name not in raw.columns:
        return pl.Series([None], dtype=pl.Float64).new_from_index(0, raw.height)
    if raw.schema[name].is_numeric():
        return raw.select(finite(pl.col(name).cast(pl.Float64))).to_series()
    return read_numbers(raw.select(without_null_words(text_of(raw, name))).to_series(), decimal)


def is_filled(raw: pl.DataFrame, name: str) -> pl.Expr:
    """Whether a cell holds more than a null word or NaN."""
    dtype = raw.schema.get(name)
    if dtype is not None and dtype.is_float():
        return pl.col(name).is_not_nan() & pl.col(name).is_not_null()
    known = dtype is None or dtype == pl.String
    return (without_null_words(text_of(raw, name)) if known else pl.col(name)).is_not_null()
