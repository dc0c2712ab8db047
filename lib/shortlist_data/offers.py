"""Offers: whether an item can be had, and when it came out, as columns of a table say it."""

from __future__ import annotations

import polars as pl

from shortlist_core.attribute_values import micros_of, time_in
from shortlist_core.types import SECOND
from shortlist_core.values import LAST_RELEASE
from shortlist_data.cells import text_of

_YES, _NO = ("true", "yes", "y", "t", "1", "1.0"), ("false", "no", "n", "f", "0", "0.0")
_TIME = pl.Datetime("us", "UTC")


def available_of(raw: pl.DataFrame) -> pl.Expr:
    """The column `available`, Boolean; null where it is empty or says neither yes nor no."""
    text = text_of(raw, "available").str.to_lowercase()
    return pl.when(text.is_in(_YES)).then(True).when(text.is_in(_NO)).then(False)


def released_of(raw: pl.DataFrame) -> pl.Expr:
    """The column `release_time` in UTC; null where it is empty or no time (ISO 8601) that requests could say, too."""
    if "release_time" not in raw.columns:
        return pl.lit(None, _TIME)
    if isinstance(raw.schema["release_time"], pl.Datetime) and raw.schema["release_time"].time_zone:
        micros = pl.col("release_time").dt.epoch("us")
    else:
        micros = text_of(raw, "release_time").map_elements(_micros, pl.Int64)
    inside = pl.when((micros >= 0) & (micros < LAST_RELEASE * SECOND)).then(micros)
    return pl.from_epoch(inside, "us").dt.replace_time_zone("UTC")


def _micros(text: str) -> int | None:
    time = time_in(text)
    return None if time is None else micros_of(time)
