"""Cleaning: turns raw columns with canonical names into canonical tables; every rejected row has a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from shortlist_core.types import EventType
from shortlist_data.reading import LINE
from shortlist_data.rejects import DUPLICATE, Rejects
from shortlist_data.schema import ATTRIBUTES, EVENT_NAMES, INTERACTIONS, ITEMS, USERS
from shortlist_data.times import to_time

_REASON = "#reason"
Checks = Sequence[tuple[str, pl.Expr]]
"""Pairs of a reason and an expression over raw columns that is true where a row is rejected. The first one counts."""


@dataclass(frozen=True)
class Rules:
    """How raw values are interpreted."""

    time_format: str | None = None  # strptime; ISO 8601 or unix time where None
    event_types: Mapping[str, str] = field(default_factory=dict)  # the source's name -> a canonical one
    event_type: str = EventType.INTERACTION.name.lower()  # of rows without one
    separator: str = "|"  # between categories


def clean_interactions(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """Canonical interactions and LINE, in the order of `raw`; bad rows go to `rejects`.

    `raw` has LINE and columns under canonical names, user_id, item_id and timestamp among them.
    """
    time = to_time(pl.col("timestamp"), raw.schema["timestamp"], rules.time_format)
    event = _event(raw, "event_type", rules)
    value = _number(raw, "value")
    checks = [
        ("missing user_id", _text(raw, "user_id").is_null()),
        ("missing item_id", _text(raw, "item_id").is_null()),
        ("missing timestamp", _text(raw, "timestamp").is_null()),
        ("unreadable timestamp", time.is_null()),
        ("timestamp after tomorrow", time > datetime.now(UTC) + timedelta(days=1)),
        ("unknown event_type", ~event.is_in(EVENT_NAMES)),
        ("unreadable value", _unreadable(raw, "value")),
    ]
    columns = [
        _text(raw, "user_id").alias("user_id"),
        _text(raw, "item_id").alias("item_id"),
        time.alias("timestamp"),
        event.alias("event_type"),
        value.fill_null(1.0).cast(pl.Float32).alias("value"),
        _text(raw, "session_id").alias("session_id"),
    ]
    return _sound(raw, columns, checks, rejects)


def unknown_events(raw: pl.DataFrame, column: str, rules: Rules) -> Counter[str]:
    """How many rows have each word in `column` that is no event type and that `rules` do not explain."""
    if column not in raw.columns:
        return Counter()
    words = raw.filter(~_event(raw, column, rules).is_in(EVENT_NAMES)).select(_text(raw, column)).to_series()
    return Counter(dict(words.value_counts().iter_rows()))


def _event(raw: pl.DataFrame, column: str, rules: Rules) -> pl.Expr:
    names = {name.lower(): kind for name, kind in rules.event_types.items()}
    return _text(raw, column).str.to_lowercase().replace(names).fill_null(rules.event_type)


def clean_items(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """Canonical items and LINE; columns of `raw` that are not canonical become attributes; bad rows go to `rejects`."""
    price = _number(raw, "price", drop=r"[\s$€£]")
    checks = [
        ("missing item_id", _text(raw, "item_id").is_null()),
        ("unreadable price", _unreadable(raw, "price", drop=r"[\s$€£]")),
        ("negative price", (price < 0).fill_null(False)),
    ]
    columns = [
        _text(raw, "item_id").alias("item_id"),
        _text(raw, "title").fill_null("").alias("title"),
        _text(raw, "text").fill_null("").alias("text"),
        to_list(raw, "categories", rules.separator).alias("categories"),
        price.cast(pl.Float32).alias("price"),
        _text(raw, "image_path").alias("image_path"),
        _attributes(raw, ITEMS).alias("attributes"),
    ]
    return _sound(raw, columns, checks, rejects)


def clean_users(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """Canonical users and LINE; every column but user_id becomes an attribute; bad rows go to `rejects`."""
    checks = [("missing user_id", _text(raw, "user_id").is_null())]
    columns = [_text(raw, "user_id").alias("user_id"), _attributes(raw, USERS).alias("attributes")]
    return _sound(raw, columns, checks, rejects)


def to_list(raw: pl.DataFrame, name: str, separator: str) -> pl.Expr:
    """Column `name` as lists of text, from lists, JSON lists or text with a separator; no outer blanks, none empty."""
    if name not in raw.columns:
        return pl.lit([], pl.List(pl.String))
    if isinstance(raw.schema[name], pl.List):
        names = pl.col(name).cast(pl.List(pl.String))
    else:
        text = _text(raw, name)
        quoted = text.str.extract_all(r'"(?:[^"\\]|\\.)*"').list.eval(
            pl.element().str.slice(1, pl.element().str.len_chars() - 2).str.replace_all(r'\\(["\\/])', "$1")
        )
        names = pl.when(text.str.starts_with("[")).then(quoted).otherwise(text.str.split(separator))
    stripped = names.list.eval(pl.element().str.strip_chars())
    return stripped.list.eval(pl.element().filter(pl.element() != "")).fill_null([])


def first_of_each(frame: pl.DataFrame, key: Sequence[str], reason: str, rejects: Rejects) -> pl.DataFrame:
    """`frame` without rows that repeat the `key` of an earlier row; these go to `rejects` with `reason`."""
    first = pl.struct(key).is_first_distinct() if len(key) > 1 else pl.col(key[0]).is_first_distinct()
    repeated = frame.filter(~first)
    if not repeated.height:
        return frame
    content = pl.struct(pl.exclude(LINE)).struct.json_encode()
    rejects.add(repeated.select(line=LINE, reason=pl.lit(reason), content=content))
    return frame.filter(first)


def distinct_interactions(frame: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """`frame` without exact duplicates, which agree in every canonical column; the first one stays."""
    return first_of_each(frame, list(INTERACTIONS), DUPLICATE, rejects)


def distinct_ids(frame: pl.DataFrame, id_column: str, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the first row of every id. Exact duplicates and other rows of the same id get different reasons."""
    frame = first_of_each(frame, [name for name in frame.columns if name != LINE], DUPLICATE, rejects)
    return first_of_each(frame, [id_column], f"repeated {id_column}", rejects)


def _sound(raw: pl.DataFrame, columns: Sequence[pl.Expr], checks: Checks, rejects: Rejects) -> pl.DataFrame:
    reason = pl.coalesce([pl.when(bad).then(pl.lit(why)) for why, bad in checks]).alias(_REASON)
    # Lazily, so that expressions that checks and columns share are computed once.
    shaped = raw.lazy().select(LINE, *columns, reason).collect()
    bad = pl.col(_REASON).is_not_null()
    if shaped[_REASON].null_count() < shaped.height:
        fields = raw.filter(shaped[_REASON].is_not_null()).select(pl.exclude(LINE))
        content = fields.select(pl.struct(pl.all()).struct.json_encode()).to_series()
        rejects.add(shaped.filter(bad).select(line=LINE, reason=_REASON).with_columns(content=content))
    return shaped.filter(~bad).drop(_REASON)


def _text(raw: pl.DataFrame, name: str) -> pl.Expr:
    """The column as text without outer blanks; null where it is empty or the table has no such column."""
    if name not in raw.columns:
        return pl.lit(None, pl.String)
    dtype = raw.schema[name]
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        column = column.cast(pl.List(pl.String)).list.drop_nulls().list.join("\n")
    elif isinstance(dtype, pl.Struct):
        column = column.struct.json_encode()
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _number(raw: pl.DataFrame, name: str, drop: str = r"\s") -> pl.Expr:
    """The column as Float64, null where it is empty or no finite number."""
    if name not in raw.columns:
        return pl.lit(None, pl.Float64)
    if raw.schema[name].is_numeric():
        number = pl.col(name).cast(pl.Float64)
    else:
        number = _text(raw, name).str.replace_all(drop, "").cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _unreadable(raw: pl.DataFrame, name: str, drop: str = r"\s") -> pl.Expr:
    return _text(raw, name).is_not_null() & _number(raw, name, drop).is_null()


def _attributes(raw: pl.DataFrame, schema: pl.Schema) -> pl.Expr:
    """Canonical attributes, if there are any, and one more for every filled column that `schema` does not have."""
    lists = []
    extra = [name for name in raw.columns if name not in schema and name != LINE]
    if raw.schema.get("attributes") == ATTRIBUTES:
        lists.append(pl.col("attributes").fill_null([]))
    elif "attributes" in raw.columns:
        extra.append("attributes")
    for name in extra:
        pair = pl.struct(pl.lit(name).alias("key"), _text(raw, name).alias("value"))
        lists.append(pl.concat_list(pl.when(_text(raw, name).is_not_null()).then(pair)).list.drop_nulls())
    return pl.concat_list(lists).cast(ATTRIBUTES) if lists else pl.lit([], ATTRIBUTES)
