"""Canonical tables: their columns and types, and how a frame is brought into that shape."""

from __future__ import annotations

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.types import EventType
from shortlist_core.values import (
    CONTROL,
    ID_RULE,
    MAX_EMBEDDING,
    MAX_ID,
    MAX_TEXT,
    MAX_TITLE,
    PICTURE_SIDE,
    PIXEL_BYTES,
)

TIME = pl.Datetime("us", "UTC")
EMBEDDING = pl.List(pl.Float32)
ATTRIBUTES = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))

INTERACTIONS = pl.Schema(
    {
        "user_id": pl.String(),
        "item_id": pl.String(),
        "timestamp": TIME,
        "event_type": pl.String(),  # a name of core.types.EventType in lower case
        "value": pl.Float32(),  # quantity, rating or seconds, depending on the event type
        "session_id": pl.String(),  # null where the source has no sessions
        "context": ATTRIBUTES,  # where and how it happened: the device, the page, the place
    }
)
ITEMS = pl.Schema(
    {
        "item_id": pl.String(),
        "title": pl.String(),
        "text": pl.String(),
        "categories": pl.List(pl.String()),
        "price": pl.Float32(),  # null: unknown
        "image_path": pl.String(),  # of the picture file; null: none
        "image_pixels": pl.Binary(),  # of the picture, as shortlist_core.pictures makes them; null: none
        "attributes": ATTRIBUTES,
        "embedding": EMBEDDING,  # null: none; of the same length for all items that have one
        "available": pl.Boolean(),  # whether it can be had
        "release_time": TIME,  # when it came out; null: with its first event
    }
)
USERS = pl.Schema({"user_id": pl.String(), "attributes": ATTRIBUTES})

TABLES = {"interactions": INTERACTIONS, "items": ITEMS, "users": USERS}
"""The table of each file `<name>.parquet` in a data folder."""

REQUIRED = {"interactions": ("user_id", "item_id", "timestamp"), "items": ("item_id",), "users": ("user_id",)}

MADE = {
    "context": "--context names those that it is made of",
    "image_pixels": "it is made of the files that items.image_path names",
}
"""Columns that no column of a file stands for, and what they are made of."""

EVENT_NAMES = tuple(kind.name.lower() for kind in EventType)

_DEFAULTS: dict[str, pl.Expr] = {
    "event_type": pl.lit(EventType.INTERACTION.name.lower()),
    "value": pl.lit(1.0, pl.Float32),
    "context": pl.lit([], ATTRIBUTES),
    "title": pl.lit(""),
    "text": pl.lit(""),
    "categories": pl.lit([], pl.List(pl.String)),
    "attributes": pl.lit([], ATTRIBUTES),
    "available": pl.lit(True),
}


def empty(table: str) -> pl.DataFrame:
    """The table `table` ("interactions", "items" or "users") with no rows."""
    return pl.DataFrame(schema=TABLES[table])


def conform(table: str, frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """`frame` with exactly the columns and types of `table`; optional columns that are missing get their defaults.

    `where` names the origin in errors. Raises DataError for a missing required column, a type that cannot become the
    canonical one, a missing id or time, an unknown event type, a repeated id of an item or user, and what breaks the
    rules of `shortlist_core.values`: whatever is answered must be something that can be asked for.
    """
    schema = TABLES[table]
    missing = [name for name in REQUIRED[table] if name not in frame.columns]
    if missing:
        names = ", ".join(map(repr, missing))
        raise DataError(f"{where}: there is no column {names}; the columns are {', '.join(frame.columns)}")
    try:
        shaped = frame.select(_column(name, dtype, frame) for name, dtype in schema.items())
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{where}: {str(error).splitlines()[0]}") from error
    _check(table, shaped, where)
    return shaped


def _column(name: str, dtype: pl.DataType, frame: pl.DataFrame) -> pl.Expr:
    default = _DEFAULTS.get(name)
    if name not in frame.columns:
        return (pl.lit(None) if default is None else default).cast(dtype).alias(name)
    column = pl.col(name)
    given = frame.schema[name]
    if dtype == TIME and isinstance(given, pl.Datetime) and given.time_zone is None:
        column = column.dt.replace_time_zone("UTC")
    column = column.cast(dtype)
    return column if default is None else column.fill_null(default.cast(dtype))


def _check(table: str, frame: pl.DataFrame, where: str) -> None:
    for name in REQUIRED[table]:
        bad = frame[name].null_count() + (int((frame[name] == "").sum()) if frame.schema[name] == pl.String else 0)
        if bad:
            raise DataError(f"{where}: {bad} rows have no {name}")
    for name in REQUIRED[table][:-1] if table == "interactions" else REQUIRED[table]:
        _check_names(frame[name], f"{where}: {name}")
    if table == "interactions":
        unknown = frame["event_type"].unique().filter(~frame["event_type"].unique().is_in(EVENT_NAMES))
        if len(unknown):
            raise DataError(f"{where}: event_type {unknown[0]!r} is unknown; known are {', '.join(EVENT_NAMES)}")
    elif frame[REQUIRED[table][0]].is_duplicated().any():
        name = REQUIRED[table][0]
        twice = frame.filter(pl.col(name).is_duplicated())[name][0]
        raise DataError(f"{where}: {name} {twice!r} appears more than once")
    if table == "items":
        _check_items(frame, where)


def _check_names(names: pl.Series, what: str) -> None:
    """Raise DataError where a name breaks the rule for ids."""
    odd = (names.str.len_chars() > MAX_ID) | names.str.contains(CONTROL) | names.str.contains(r"^\s|\s$")
    if odd.any():
        raise DataError(f"{what} {names.filter(odd)[0][: MAX_ID + 1]!r} {ID_RULE}")


def _check_items(frame: pl.DataFrame, where: str) -> None:
    """Raise DataError where an item could not be written by a request."""
    _check_names(frame["categories"].explode().drop_nulls(), f"{where}: category")
    for name, most in (("title", MAX_TITLE), ("text", MAX_TEXT)):
        if (frame[name].str.len_chars() > most).any():
            raise DataError(f"{where}: a {name} has more than {most:,} characters; `shortlist data import` cuts it")
    if reason := embeddings_wrong(frame["embedding"]):
        raise DataError(f"{where}: {reason}; `shortlist data import` leaves such ones out")
    if not (frame["image_pixels"].bin.size().drop_nulls() == PIXEL_BYTES).all():
        square = f"{PIXEL_BYTES:,} bytes, three for each of {PICTURE_SIDE} x {PICTURE_SIDE} pixels"
        raise DataError(f"{where}: image_pixels are not {square}")
    if not (frame["price"].is_null() | (frame["price"].is_finite() & (frame["price"] >= 0))).all():
        raise DataError(f"{where}: a price is negative or no finite number")


def embeddings_wrong(embeddings: pl.Series) -> str:
    """What is wrong with a column of embeddings; empty where nothing is."""
    lengths = embeddings.list.len().drop_nulls().unique()
    if len(lengths) > 1:
        return f"embeddings have {len(lengths)} different lengths, such as {lengths[0]} and {lengths[1]}"
    if len(lengths) and not 0 < lengths[0] <= MAX_EMBEDDING:
        return f"embeddings have {lengths[0]:,} numbers, not 1 to {MAX_EMBEDDING:,}"
    if not embeddings.list.eval(pl.element().is_finite().fill_null(False)).list.all().fill_null(True).all():
        return "an embedding holds null or no finite number"
    return ""
