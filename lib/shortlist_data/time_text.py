"""Text that is a time: ISO 8601, dates with the day or the month first, and English names of months."""

from __future__ import annotations

import polars as pl

_CLOCK = (
    r"(?:(?:[Tt_:]|,?\s+)\s*(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d+))?)?"
    r"(?:\s*(?<half>[AaPp])\.?[Mm]\.?)?)?"
)
_ZONE = (
    r"(?:\s*(?:(?<zulu>Z|z|UTC|GMT|utc|gmt)|(?:UTC|GMT)?(?<sign>[+\-\x{2212}])(?<hours>0?\d|1[0-4]):?(?<minutes>[0-5]\d)?)"
    r"(?:\s*[\[(][^\])]*[\])]|\s+[A-Z]{3,5})?)?"  # its name, which adds nothing to an offset
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"

_YEAR_FIRST = rf"^(?<year>\d{{4}})[-/.](?<month>\d{{1,2}})[-/.](?<day>\d{{1,2}}){_CLOCK}{_ZONE}$"
_DAY_FIRST = rf"^(?<day>\d{{1,2}})[-/.](?<month>\d{{1,2}})[-/.](?<year>\d{{4}}){_CLOCK}{_ZONE}$"
_MONTH_FIRST = rf"^(?<month>\d{{1,2}})[-/.](?<day>\d{{1,2}})[-/.](?<year>\d{{4}}){_CLOCK}{_ZONE}$"
_BASIC = (  # ISO 8601 without marks
    r"^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})[Tt ](?<hour>\d{2})(?<minute>\d{2})(?:(?<second>\d{2})"
    rf"(?:[.,](?<fraction>\d+))?)?{_ZONE}$"
)
_NAMED = (
    rf"(?i)^{_WEEKDAY}(?<day>\d{{1,2}})(?:st|nd|rd|th)?[ /.\-]+{_NAME}\.?[ ,/\-]+(?<year>\d{{4}}){_CLOCK}{_ZONE}$",
    rf"(?i)^{_WEEKDAY}{_NAME}\.?\s+(?<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?<year>\d{{4}}){_CLOCK}{_ZONE}$",
    rf"(?i)^{_WEEKDAY}{_NAME}\s+(?<day>\d{{1,2}}){_CLOCK}{_ZONE}\s+(?<year>\d{{4}})$",  # ctime, and `date`
)
TWO_NUMBERS = r"^(?<first>\d{1,2})(?<mark>[-/.])(?<second>\d{1,2})[-/.]\d{4}(?:\D|$)"
"""A date of which only the whole column can tell whether its day or its month comes first."""


def read_text(text: pl.Series, day_first: bool | None) -> pl.DataFrame:
    """`local` (Datetime[us], null where `text` is no time) and `offset` (minutes, null where no zone is told).

    Dates of two numbers and a year are read by `day_first`, and not at all where that is None.
    """
    by_number = () if day_first is None else (_DAY_FIRST if day_first else _MONTH_FIRST,)
    found = _matched(text, _YEAR_FIRST)
    for pattern in (_BASIC, *by_number, *_NAMED):
        rest = text.is_not_null() & found["local"].is_null()
        if not rest.any():
            break
        more = _matched(text.set(~rest, None), pattern)
        found = found.select(
            pl.coalesce("local", more["local"]).alias("local"), pl.coalesce("offset", more["offset"]).alias("offset")
        )
    return found


def _matched(text: pl.Series, pattern: str) -> pl.DataFrame:
    part = text.alias("text").str.strip_chars().str.extract_groups(pattern).struct.unnest()
    has = set(part.columns)

    def number(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Int32, strict=False) if name in has else pl.lit(None, pl.Int32)

    month = number("month")
    if "name" in has:
        names = pl.col("name").str.slice(0, 3).str.to_lowercase()
        month = names.replace_strict(dict(zip(_MONTHS, range(1, 13), strict=True)), default=None, return_dtype=pl.Int32)
    hour = number("hour")
    if "half" in has:
        of_twelve = pl.when(hour.is_between(1, 12)).then(hour % 12)
        afternoon = pl.col("half").str.to_lowercase() == "p"
        hour = pl.when(pl.col("half").is_null()).then(hour).when(afternoon).then(of_twelve + 12).otherwise(of_twelve)
        hour = pl.when(pl.col("half").is_not_null() & hour.is_null()).then(99).otherwise(hour)  # no such hour
    micros = pl.col("fraction").str.pad_end(6, "0").str.slice(0, 6)
    fields = [number("year"), month, number("day"), hour.fill_null(0), number("minute").fill_null(0)]
    fields += [number("second").fill_null(0), micros.fill_null("000000")]
    clock = pl.format("{}-{}-{} {}:{} {}.{}", *fields)
    sign = pl.when(pl.col("sign").is_null()).then(0).when(pl.col("sign") == "+").then(1).otherwise(-1)
    away = sign * (number("hours").fill_null(0) * 60 + number("minutes").fill_null(0))
    return part.select(
        local=clock.str.to_datetime("%Y-%m-%d %H:%M %S%.6f", time_unit="us", strict=False),
        offset=pl.when(pl.col("zulu").is_not_null() | pl.col("sign").is_not_null()).then(away),
    )
