"""Times: reads moments from text and numbers, in the same way in all importers and on the command line."""

from __future__ import annotations

import polars as pl

from shortlist_data.schema import TIME

_ISO = (
    r"^\s*(?<date>\d{4}[-/]\d{2}[-/]\d{2})"
    r"(?:[T ](?<minute>\d{2}:\d{2})(?::(?<second>\d{2}(?:[.,]\d+)?))?"
    r"\s*(?:(?<zulu>[Zz]|UTC)|(?<sign>[+-])(?<hours>\d{2}):?(?<minutes>\d{2})?)?)?\s*$"
)


def to_time(column: pl.Expr, dtype: pl.DataType, format: str | None = None) -> pl.Expr:
    """`column` of type `dtype` as Datetime(us, UTC), null where it cannot be read.

    Text is ISO 8601 (UTC without a zone) or a number, or in the strptime `format`. Numbers are seconds,
    milliseconds, microseconds or nanoseconds since the epoch, told apart by size: seconds below 10^11 (year 5138),
    milliseconds below 10^14, microseconds below 10^17.
    """
    if isinstance(dtype, pl.Datetime):
        return column.dt.replace_time_zone("UTC").cast(TIME) if dtype.time_zone is None else column.cast(TIME)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if dtype.is_numeric():
        return _from_number(column)
    text = column.cast(pl.String)
    if format is not None:
        zoned = "%z" in format or "%#z" in format
        parsed = text.str.to_datetime(format, time_unit="us", strict=False, time_zone="UTC" if zoned else None)
        return parsed if zoned else parsed.dt.replace_time_zone("UTC")
    whole, fraction = text.cast(pl.Int64, strict=False), text.cast(pl.Float64, strict=False)
    return pl.coalesce(_from_iso(text), _from_number(whole), _from_number(fraction))


def _from_number(number: pl.Expr) -> pl.Expr:
    size = number.abs()
    micros = (
        pl.when(size < 10**11)
        .then((number * 1_000_000).round())
        .when(size < 10**14)
        .then((number * 1_000).round())
        .when(size < 10**17)
        .then(number)
        .otherwise(number // 1_000)
    )
    return micros.cast(pl.Int64, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _from_iso(text: pl.Expr) -> pl.Expr:
    part = text.str.extract_groups(_ISO).struct
    date = part.field("date").str.replace_all("/", "-", literal=True)
    second = part.field("second").str.replace(",", ".", literal=True).fill_null("00")
    clock = pl.concat_str(date, part.field("minute").fill_null("00:00"), second, separator=" ")
    offset = part.field("hours").cast(pl.Int64) * 60 + part.field("minutes").cast(pl.Int64).fill_null(0)
    signed = pl.when(part.field("sign") == "-").then(-offset).otherwise(offset).fill_null(0)
    local = clock.str.to_datetime("%Y-%m-%d %H:%M %S%.f", time_unit="us", strict=False)
    return (local - pl.duration(minutes=signed)).dt.replace_time_zone("UTC")
