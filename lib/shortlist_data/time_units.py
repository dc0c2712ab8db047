"""Numbers that are times: the units that are known by name, and how a number in one becomes a moment."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_YEAR_1, _YEAR_10000 = -62_135_596_800 * _SECOND, 253_402_300_800 * _SECOND

EARLIEST = 631_152_000 * _SECOND
"""1990-01-01, in microseconds since 1970: no number whose unit is found out means an earlier time."""


@dataclass(frozen=True)
class Unit:
    """What a number counts. Its time is `number * times // over + zero`, in microseconds since 1970."""

    what: str
    times: int
    over: int = 1
    zero: int = 0
    wall: bool = False  # whether the time is that of a clock on a wall, whose zone is not told
    earliest: int = EARLIEST  # the first time for which the unit is found out

    def window(self, latest: int) -> tuple[float, float]:
        """The numbers that mean `earliest` and `latest`."""
        return tuple((moment - self.zero) * self.over / self.times for moment in (self.earliest, latest))  # type: ignore[return-value]

    def micros(self, whole: pl.Expr, real: pl.Expr) -> pl.Expr:
        """Microseconds since 1970 of the integers `whole`, or of `real` where that is null; null outside years 1-9999.

        Integers are read exactly; what is below a microsecond is cut.
        """
        low, high = ((moment - self.zero) * self.over / self.times for moment in (_YEAR_1, _YEAR_10000))
        exact = whole * self.times // self.over + self.zero
        rounded = (real * (self.times / self.over)).round().cast(pl.Int64, strict=False) + self.zero
        return pl.when(real.is_between(low, high, closed="left")).then(pl.coalesce(exact, rounded))


# In the order in which they are found out: 100 ns since year 1 in our days are what ns since 1970 were early in 1990.
UNITS = {
    "unix-s": Unit("seconds since 1970", _SECOND),
    "unix-ms": Unit("milliseconds since 1970", 1_000),
    "unix-us": Unit("microseconds since 1970", 1),
    "ticks": Unit(".NET ticks: 100 ns since year 1", 1, 10, _YEAR_1),
    "unix-ns": Unit("nanoseconds since 1970", 1, 1_000, earliest=650_000_000 * _SECOND),
    "filetime": Unit("Windows FILETIME: 100 ns since 1601", 1, 10, -11_644_473_600 * _SECOND),
    "excel": Unit("Excel's serial days", _DAY, zero=-25_569 * _DAY, wall=True),
    "julian": Unit("Julian days", _DAY, zero=-2_440_587 * _DAY - _DAY // 2),
    "days": Unit("days since 1970", _DAY, wall=True),
}

COMPACT = {"yyyymmdd": "%Y%m%d", "yyyymmddhhmm": "%Y%m%d%H%M", "yyyymmddhhmmss": "%Y%m%d%H%M%S"}
"""Dates that are written as one number, each with its strptime format; times of a clock on a wall."""

FOUND_OUT = tuple(name for name in UNITS if name != "days")
"""The units that no number of another one can be taken for. Small numbers count many things, days among them."""

NAMES = (*UNITS, *COMPACT, "iso")
"""The names that a time format can have beside strptime formats; with "iso" no number is a time."""


def compact_of(number: pl.Expr) -> dict[str, pl.Expr]:
    """For each name of COMPACT, whether `number` (Float64) can be such a date of the years 1990 to 2099."""
    whole = pl.when(number.is_between(0, 1e15) & (number == number.floor())).then(number).cast(pl.Int64)
    found = {}
    for name in COMPACT:
        date = whole // 10 ** (len(name) - 8)
        year, month, day = date // 10_000, date // 100 % 100, date % 100
        found[name] = (year.is_between(1990, 2099) & month.is_between(1, 12) & day.is_between(1, 31)).fill_null(False)
    return found
