"""Survey of times: finds out from a whole column what its numbers count, and whether days or months come first."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field, replace

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, SECOND
from shortlist_data.rules import Rules
from shortlist_data.time_text import TWO_NUMBERS, read_text
from shortlist_data.time_units import COMPACT, EARLIEST, FOUND_OUT, UNITS, compact_of
from shortlist_data.times import real_numbers

_MOST = 0.5
"""A column has a unit when more than this share of its numbers lie in the unit's years, 1990 to tomorrow ..."""
_OTHER = 0.05
"""... and no more than this share lies in those of another unit."""
_SAMPLE = 1_000
_DATE = re.compile(r"\d{1,2}([-/.])\d{1,2}[-/.](\d{4}|\d{2})(?!\d)")
_SHORT = r"^(?<first>\d{1,2})[-/.](?<second>\d{1,2})[-/.]\d{2}(?:\D|$)"
_CLOCK = re.compile(r"(\d{1,2}):\d{2}(:\d{2})?")


@dataclass
class TimeSurvey:
    """What the cells of one column look like, batch by batch."""

    where: str  # of the column, for messages
    latest: int = field(default_factory=lambda: int(time.time() * SECOND) + DAY)
    numbers: int = 0
    units: Counter[str] = field(default_factory=Counter)  # name -> numbers that lie in its years
    texts: int = 0
    readable: bool = False  # whether one of a sample of the texts is a time in itself
    dates: int = 0  # of two numbers and a year
    days_first: int = 0  # such as 31/01/2024, 01/31/2024 and 01/02/2024
    months_first: int = 0
    either: int = 0
    dotted: bool = True  # whether all of them have dots, as where days come first
    ruled_out: dict[bool, bool] = field(default_factory=lambda: {True: False, False: False})
    """Whether no date with two digits for the year can begin with the day (True) or the month (False)."""
    examples: dict[str, tuple[str, int]] = field(default_factory=dict)  # kind of cell -> the first one and its line

    def add(self, column: pl.Series, lines: pl.Series) -> None:
        """Look at more cells. A column of a type that is no number and no text is left alone."""
        if not (column.dtype.is_numeric() or column.dtype == pl.String):
            return
        text = column.dtype == pl.String
        cells = column.str.strip_chars() if text else column
        frame = pl.DataFrame({"cell": cells, "line": lines, "number": real_numbers(cells)})
        frame = frame.filter(pl.col("cell").is_not_null())
        self._add_numbers(frame.filter(pl.col("number").is_not_null()))
        if text:
            self._add_texts(frame.filter(pl.col("number").is_null()))

    def rules(self, rules: Rules) -> Rules:
        """`rules` with what the column says. Raises DataError, with the line to type, where it says nothing clear."""
        if rules.time_format is not None:
            return rules
        if self.numbers:
            unit = self._unit()
            if unit is None and (self.numbers > self.texts or not self.readable):
                self._refuse_numbers()
            rules = replace(rules, time_format=unit or "iso", earliest=EARLIEST)
        if self.texts and not (self.numbers or self.readable):
            self._refuse_texts()
        if self.dates:
            rules = replace(rules, day_first=self._day_first())
        return rules

    def _add_numbers(self, frame: pl.DataFrame) -> None:
        if not frame.height:
            return
        number = pl.col("number")
        inside = compact_of(number)
        inside |= {name: number.is_between(*UNITS[name].window(self.latest)) for name in UNITS}
        whole = number == number.floor()
        inside |= {"%Y": whole & number.is_between(1900, 2100), "%Y%m": whole & (number // 100).is_between(1990, 2100)}
        inside |= {"%Y%j": whole & (number // 1000).is_between(1990, 2100)}
        counts = frame.select(**{name: expr.sum() for name, expr in inside.items()}).row(0, named=True)
        self.units.update({name: count for name, count in counts.items() if count})
        self.numbers += frame.height
        for name, count in counts.items():
            if count and name not in self.examples:
                self._example(name, frame.filter(inside[name]))
        self._example("number", frame)

    def _add_texts(self, frame: pl.DataFrame) -> None:
        if not frame.height:
            return
        self._example("text", frame)
        self.texts += frame.height
        if not self.readable:
            sample = frame["cell"].head(_SAMPLE)
            self.readable = any(read_text(sample, first)["local"].is_not_null().any() for first in (True, False))
        short = frame["cell"].str.extract_groups(_SHORT).struct.unnest().cast(pl.Int32)
        self.ruled_out[True] |= bool((short["second"] > 12).any())  # a month
        self.ruled_out[False] |= bool((short["first"] > 12).any())
        dates = frame.filter(pl.col("cell").str.contains(TWO_NUMBERS))
        if not dates.height:
            return
        parts = dates["cell"].str.extract_groups(TWO_NUMBERS).struct.unnest()
        first, second = parts["first"].cast(pl.Int32), parts["second"].cast(pl.Int32)
        days, months = (first > 12) & (second <= 12), (second > 12) & (first <= 12)
        self.dates += dates.height
        self.days_first += int(days.sum())
        self.months_first += int(months.sum())
        self.either += int(((first <= 12) & (second <= 12) & (first != second)).sum())
        self.dotted = self.dotted and bool((parts["mark"] == ".").all())
        for kind, mask in (("day first", days), ("month first", months)):
            self._example(kind, dates.filter(mask))
        self._example("date", dates)

    def _example(self, kind: str, frame: pl.DataFrame) -> None:
        if frame.height:
            self.examples.setdefault(kind, (str(frame["cell"][0]), int(frame["line"][0])))

    def _unit(self) -> str | None:
        known = Counter({name: self.units[name] for name in (*FOUND_OUT, *COMPACT) if self.units[name]})
        if known["ticks"] and known["unix-ns"]:  # the years of one are some months of the other
            del known[min(("unix-ns", "ticks"), key=lambda name: known[name])]
        if not known:
            return None
        (best, count), *others = known.most_common()
        for other, more in others:
            if more > _OTHER * self.numbers:
                (one, at), (two, there) = self.examples[best], self.examples[other]
                raise DataError(
                    f"{self.where}: the numbers are of several kinds: {one} (line {at}) would be {_what(best)}, {two}"
                    f" (line {there}) {_what(other)}: name the one that holds with --time-format {best} or {other}"
                )
        return best if count > _MOST * self.numbers else None

    def _refuse_numbers(self) -> None:
        cell, line = self.examples["number"]
        near = [name for name, count in self.units.most_common() if count > _MOST * self.numbers]
        ways = " or ".join(f"--time-format {name} ({_what(name)})" for name in near)
        raise DataError(
            f"{self.where}: it cannot be told what numbers such as {cell} (line {line}) count: "
            + (f"say {ways} if they are that; else " if ways else "")
            + "write the times as ISO 8601, or say --time-format unix-s if they are seconds since 1970 all the same"
        )

    def _refuse_texts(self) -> None:
        cell, line = self.examples["text"]
        ways = "such as --time-format '%d.%m.%y %H:%M'"
        if _DATE.match(cell):
            orders = [first for first in (True, False) if not self.ruled_out[first]] or [True, False]
            ways = " or ".join(f"--time-format {_form(cell, first)!r}" for first in orders)
        raise DataError(
            f"{self.where}: no cell is a time, such as {cell!r} (line {line}): write the times as ISO 8601, or say"
            f" their strptime format, {ways}"
        )

    def _day_first(self) -> bool:
        if self.days_first and self.months_first:
            (one, at), (two, there) = self.examples["day first"], self.examples["month first"]
            if min(self.days_first, self.months_first) > _OTHER * (self.days_first + self.months_first):
                raise DataError(
                    f"{self.where}: in {one!r} (line {at}) the day comes first, in {two!r} (line {there}) the month:"
                    f" name the form that holds, such as --time-format {_form(one, True)!r}"
                )
        if self.days_first or self.months_first:
            return self.days_first > self.months_first
        if self.dotted or not self.either:
            return True
        cell, line = self.examples["date"]
        raise DataError(
            f"{self.where}: it cannot be told whether {cell!r} (line {line}) begins with the day or with the month:"
            f" say --time-format {_form(cell, True)!r} or --time-format {_form(cell, False)!r}"
        )


def _what(name: str) -> str:
    """A unit or a form of dates in words."""
    forms = {"%Y": "years", "%Y%m": "years and months", "%Y%j": "years and days of the year"}
    return UNITS[name].what if name in UNITS else forms.get(name, "dates as one number")


def _form(cell: str, day_first: bool) -> str:
    """The strptime format of a cell that begins with two numbers and a year, with its clock and words such as Uhr."""
    date = _DATE.match(cell)
    assert date is not None
    year = "%Y" if len(date[2]) == 4 else "%y"
    form = date[1].join(("%d", "%m", year) if day_first else ("%m", "%d", year))
    rest = cell[date.end() :].replace("%", "%%")
    half = re.search(r"\s*[ap]\.?m\.?$", rest, re.IGNORECASE)
    hour = "%I" if half else "%H"
    rest = rest[: half.start()] + " %p" if half else rest
    return form + _CLOCK.sub(lambda clock: f"{hour}:%M" + (":%S" if clock[2] else ""), rest, count=1)
