"""Times: reads a column of moments, in the same way in all importers and on the command line."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean, nearest
from shortlist_data.rules import Rules
from shortlist_data.time_text import read_text
from shortlist_data.time_units import COMPACT, NAMES, UNITS, compact_of

_SAMPLE = datetime(2024, 3, 31, 13, 45, 56, tzinfo=UTC)


def read_times(column: pl.Series, rules: Rules) -> pl.DataFrame:
    """`local` and `moment`, both Datetime[us]: one of them, or neither where the cell is no time.

    `moment` (UTC) is what tells its zone, `local` what a clock on a wall showed. `early` says whether a number means a
    time before `rules.earliest`; it has neither then. Raises DataError for a column whose type holds no times.
    """
    dtype, format = column.dtype, rules.time_format
    if isinstance(dtype, pl.Datetime) or dtype == pl.Date:
        return _native(column, format)
    if dtype == pl.Null:
        column = column.cast(pl.String)
    elif not (dtype.is_numeric() or dtype == pl.String):
        raise DataError(f"column {column.name!r} holds {_type_name(dtype)}; times are dates, numbers or text")
    if format is not None and format not in NAMES:
        return _parsed(_digits(column), format)
    text = column.cast(pl.String).str.strip_chars() if dtype == pl.String else None
    numbers = _numbers(column if text is None else text, rules)
    if text is None:
        return numbers
    rest = text.set(numbers["number"], None) if numbers["number"].any() else text
    if rest.null_count() == len(rest):
        return numbers
    spoken = read_text(rest, rules.day_first)
    zoned = pl.col("offset").is_not_null()
    spoken = spoken.select(
        spoken_local=pl.when(~zoned).then("local"),
        spoken_moment=pl.when(zoned).then(pl.col("local") - pl.duration(minutes=pl.col("offset"))),
    )
    return pl.concat([numbers, spoken], how="horizontal").select(
        local=pl.coalesce("local", "spoken_local"),
        moment=pl.coalesce("moment", "spoken_moment"),
        early="early",
        number="number",
    )


def located(local: pl.Series, zone: str) -> pl.DataFrame:
    """`moment` (Datetime[us], UTC without a zone) of wall-clock times in `zone`; `twice` and `never` tell odd ones.

    A time that clocks showed twice, when they were set back, is the first of the two. One that no clock showed, when
    they were set forward, is as long after the change as it says.
    """

    def utc(times: pl.Expr, ambiguous: str) -> pl.Expr:
        placed = times.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")  # type: ignore[arg-type]
        return placed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)

    day = pl.duration(days=1)
    known = pl.col("local").is_not_null()
    return (
        local.alias("local")
        .to_frame()
        .with_columns(moment=utc(pl.col("local"), "earliest"), sure=utc(pl.col("local"), "null"))
        .select(
            moment=pl.coalesce("moment", utc(pl.col("local") - day, "earliest") + day),
            twice=pl.col("moment").is_not_null() & pl.col("sure").is_null(),
            never=known & pl.col("moment").is_null(),
        )
    )


def check_format(format: str) -> None:
    """Raise DataError unless `format` is a name of `time_units.NAMES` or a strptime format."""
    if format in NAMES:
        return
    if "%" in format:
        try:
            text = pl.Series([_SAMPLE]).dt.to_string(format)
            if text.str.to_datetime(format, strict=False, time_zone=_zone_of(format)).null_count() == 0:
                return
        except pl.exceptions.PolarsError:
            pass
    hint = did_you_mean(format, NAMES, 0.5)
    raise DataError(
        f"time format {format!r} is no strptime format such as '%d.%m.%Y %H:%M', and none of {', '.join(NAMES)}{hint}"
    )


def check_zone(zone: str) -> None:
    """Raise DataError, with the nearest name, unless `zone` is a time zone such as Europe/Berlin."""
    known = zoneinfo.available_timezones()
    if zone in known - {"Factory", "localtime"}:
        return
    names = {name.lower(): name for name in sorted(known)} | {name.lower().split("/")[-1]: name for name in known}
    near = nearest(zone, names)
    hint = f"; did you mean {names[near]!r}?" if near else "; names are like Europe/Berlin"
    raise DataError(f"there is no time zone {zone!r}{hint}")


def to_time(text: str) -> datetime | None:
    """The moment in one text: ISO 8601 (UTC without a zone), a date as one number, or a time since 1970.

    Whether such a number counts seconds, milliseconds, microseconds or nanoseconds is told by its size.
    """
    cell = pl.Series([text], dtype=pl.String)
    number = real_numbers(cell.str.strip_chars())
    dates = number.to_frame("number").select(**compact_of(pl.col("number"))).row(0, named=True)
    size = abs(number.item() or 0.0)
    unit = "unix-s" if size < 1e11 else "unix-ms" if size < 1e14 else "unix-us" if size < 1e17 else "unix-ns"
    unit = next((name for name, is_date in dates.items() if is_date), unit)
    read = read_times(cell, Rules(unit, earliest=-(2**62)))
    moment = read.select(pl.coalesce("moment", "local").dt.replace_time_zone("UTC")).item()
    return moment if isinstance(moment, datetime) else None


def _native(column: pl.Series, format: str | None) -> pl.DataFrame:
    if format is not None:
        raise DataError(f"column {column.name!r} holds {_type_name(column.dtype)} already: leave --time-format out")
    zoned = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
    moments = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zoned else column
    return _answer(moments.cast(pl.Datetime("us")), wall=not zoned)


def _numbers(column: pl.Series, rules: Rules) -> pl.DataFrame:
    """The numbers among the cells, by the unit of `rules`."""
    real = real_numbers(column)
    unit, compact = UNITS.get(rules.time_format or "iso"), COMPACT.get(rules.time_format or "iso")
    if compact is not None:
        answer = _parsed(_digits(column), compact)
    elif unit is None:
        answer = _answer(pl.Series([None] * len(column), dtype=pl.Datetime("us")), wall=True)
    else:
        whole = column.cast(pl.Int64, strict=False)
        frame = pl.DataFrame({"real": real, "whole": whole.set(whole.cast(pl.Float64) != real, None)})
        micros = frame.select(unit.micros(pl.col("whole"), pl.col("real")).alias("micros")).to_series()
        answer = _answer(micros.cast(pl.Datetime("us")), unit.wall)
    early = (pl.coalesce("local", "moment").dt.timestamp("us") < rules.earliest).fill_null(False)
    return answer.with_columns(early=early).select(
        pl.when(~early).then("local").alias("local"),
        pl.when(~early).then("moment").alias("moment"),
        "early",
        real.is_not_null().alias("number"),
    )


def real_numbers(column: pl.Series) -> pl.Series:
    """The numbers among cells as Float64, those of text with a decimal comma too; null where a cell is no number."""
    if column.dtype == pl.String:
        point = pl.when(pl.col("cell").str.contains(r"^\d+,\d+$")).then(pl.col("cell").str.replace(",", "."))
        column = column.alias("cell").to_frame().select(point.otherwise("cell")).to_series()
    real = column.cast(pl.Float64, strict=False)
    return real.set(~real.is_finite(), None)


def _digits(column: pl.Series) -> pl.Series:
    """Cells as text; numbers without a fraction as their digits."""
    if column.dtype.is_float() or column.dtype.is_decimal():
        whole = column.cast(pl.Int64, strict=False)
        column = whole.set(whole.cast(pl.Float64) != column.cast(pl.Float64), None)
    text = column.cast(pl.String).str.strip_chars()
    return text.str.replace(r"^(\d+)\.0+$", "$1")


def _parsed(text: pl.Series, format: str) -> pl.DataFrame:
    zone = _zone_of(format)
    times = text.str.to_datetime(format, time_unit="us", strict=False, time_zone=zone)
    return _answer(times if zone is None else times.dt.replace_time_zone(None), wall=zone is None)


def _zone_of(format: str) -> str | None:
    return "UTC" if any(mark in format for mark in ("%z", "%:z", "%#z", "%+")) else None


def _answer(times: pl.Series, wall: bool) -> pl.DataFrame:
    none = pl.lit(None, pl.Datetime("us"))
    told, other = ("local", "moment") if wall else ("moment", "local")
    both = times.alias(told).to_frame().with_columns(none.alias(other))
    return both.select("local", "moment", early=pl.lit(False), number=pl.lit(False))


def _type_name(dtype: pl.DataType) -> str:
    """A column's type in words."""
    return "times" if dtype in (pl.Datetime, pl.Date) else f"{dtype.base_type().__name__.lower()} values"
