"""Moments: the times of a raw table in UTC, with the zone that the caller names for those that tell none."""

from __future__ import annotations

import time

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, SECOND
from shortlist_data.cells import text_of
from shortlist_data.reading import LINE
from shortlist_data.rejects import Rejects
from shortlist_data.rules import Rules
from shortlist_data.times import located, read_times

_MINUTES = 5 * 60 * SECOND
"""By which clocks that are right may differ."""


def moments(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """`moment` (Datetime[us], UTC without a zone, null where there is none) and `early`, see `read_times`.

    Raises DataError where the column holds no times, and where times that tell no zone lie in the future.
    """
    times = read_times(raw["timestamp"], rules)
    if rules.time_zone is not None:
        rejects.note("time that tells its zone: not changed by --time-zone", int(times["moment"].count()))
    if times["local"].null_count() == times.height:
        return times
    if rules.time_zone is None:
        _refuse_future(raw, times["local"])
        return times.with_columns(moment=pl.coalesce("moment", "local"))
    placed = located(times["local"], rules.time_zone)
    told = (
        ("clocks showed twice: the first of the two", placed["twice"]),
        ("no clock showed: moved on", placed["never"]),
    )
    for what, holds in told:
        if holds.any():
            line, cell = raw.filter(holds).select(LINE, text_of(raw, "timestamp")).row(0)
            rejects.note(f"time that {what}", int(holds.sum()), cell, line)
    return times.with_columns(moment=pl.coalesce("moment", placed["moment"]))


def _refuse_future(raw: pl.DataFrame, local: pl.Series) -> None:
    """Raise DataError where times that tell no zone, taken for UTC, lie ahead by less than a day: clocks differ so."""
    now = int(time.time() * SECOND)
    ahead = local.dt.timestamp("us").is_between(now + _MINUTES, now + DAY)
    if not ahead.any():
        return
    first = raw.filter(ahead.fill_null(False)).select(LINE, cell=text_of(raw, "timestamp")).row(0, named=True)
    raise DataError(
        f"timestamp: {int(ahead.sum()):,} times, such as {first['cell']!r} (line {first[LINE]}), tell no zone and lie"
        " in the future if they are UTC: name the zone with --time-zone, such as --time-zone Europe/Berlin"
        " (--time-zone UTC takes them as they are)"
    )
