"""Cleaning: turns raw columns with canonical names into canonical tables.

Every rejected row has a reason. What is optional and cannot be read costs its value, not the row, and is noted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import polars as pl

from shortlist_core.types import DAY, SECOND
from shortlist_core.values import MAX_CATEGORIES, MAX_TEXT, MAX_TITLE
from shortlist_data.attributes import attribute_notes, attributes, context, unfolded
from shortlist_data.categories import to_lists
from shortlist_data.cells import (
    Checks,
    Notes,
    id_checks,
    id_of,
    is_filled,
    is_not_id,
    numbers_of,
    text_of,
    words,
)
from shortlist_data.embeddings import embedding_of
from shortlist_data.event_types import event_type_of
from shortlist_data.moments import moments
from shortlist_data.null_words import IN_TEXT
from shortlist_data.offers import available_of, released_of
from shortlist_data.reading import LINE
from shortlist_data.rejects import DUPLICATE, RETURN, Rejects
from shortlist_data.rules import Rules
from shortlist_data.schema import EVENT_NAMES, INTERACTIONS, ITEMS, USERS

_REASON = "#reason"
_NOTE = "#note"
_MISREAD = r"[\x80-\x9f]|[\x{c3}\x{e2}][\x{80}-\x{bf}\x{201a}\x{20ac}]"
"""What cp1252 becomes where it is read as latin-1, and UTF-8 where it is read as either."""
_NO_WISH = ("rating", "dislike", "impression")
"""Events whose value may be below 0 without being a return."""


_USER, _ITEM, _SESSION = pl.col("#clean user"), pl.col("#clean item"), pl.col("#clean session")
_MOMENT, _EVENT, _VALUE, _PRICE = (pl.col(f"#clean {name}") for name in ("moment", "event", "value", "price"))
_EMBEDDING, _AVAILABLE, _RELEASED = (pl.col(f"#clean {name}") for name in ("embedding", "available", "released"))
"""Columns that are computed once of raw ones, for the checks, notes and canonical columns that read them."""


def clean_interactions(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """Canonical interactions and LINE, in the order of `raw`; bad rows go to `rejects`, and so do notes.

    `raw` has LINE and columns under canonical names, user_id, item_id and timestamp among them. Raises DataError for a
    column of a type that cannot be what it is, and where times of no zone lie in the future.
    """
    times = moments(raw, rules, rejects)
    work = raw.with_columns(
        id_of(raw, "user_id").alias("#clean user"),
        id_of(raw, "item_id").alias("#clean item"),
        id_of(raw, "session_id").alias("#clean session"),
        times["moment"].alias("#clean moment"),
        times["early"].alias("#clean early"),
        event_type_of(raw, "event_type", rules).alias("#clean event"),
        numbers_of(raw, "value", rules.decimal).alias("#clean value"),
    )
    unread = is_filled(raw, "value") & _VALUE.is_null()
    low = _is_rating() & (rules.dislike_below > _VALUE) if rules.dislike_below is not None else pl.lit(False)
    notes: Notes = [
        ("value is no number: read as 1", unread, "value"),
        ("rating without a value: read as 1", _is_rating() & _VALUE.is_null(), "event_type"),
        (f"rating below {rules.dislike_below or 0:g}: a dislike", low, "value"),
        ("session_id breaks the rule for ids: left out", is_not_id(_SESSION), "session_id"),
        *_id_notes(raw, "user_id"),
        *_id_notes(raw, "item_id"),
    ]
    columns = [
        _USER.alias("user_id"),
        _ITEM.alias("item_id"),
        _MOMENT.dt.replace_time_zone("UTC").alias("timestamp"),
        pl.when(low).then(pl.lit("dislike")).otherwise(_EVENT).alias("event_type"),
        _VALUE.fill_null(1.0).cast(pl.Float32).alias("value"),
        pl.when(~is_not_id(_SESSION)).then(_SESSION).alias("session_id"),
        context(raw, rules.context).alias("context"),
    ]
    return _sound(raw, work, columns, _event_checks(raw, rules, unread), notes, rejects)


def _event_checks(raw: pl.DataFrame, rules: Rules, unread: pl.Expr) -> Checks:
    micros, now = _MOMENT.dt.timestamp("us"), int(time.time() * SECOND)
    return [
        *id_checks(raw, "user_id", _USER),
        *id_checks(raw, "item_id", _ITEM),
        ("missing timestamp", ~is_filled(raw, "timestamp")),
        (f"timestamp before {1990 if rules.earliest else 1970}", pl.col("#clean early")),
        ("unreadable timestamp", micros.is_null()),
        ("timestamp before 1970", micros < 0),
        ("timestamp in the future", micros > now + DAY),
        ("unknown event_type", ~_EVENT.is_in(EVENT_NAMES)),
        ("unreadable value", unread & _is_rating()),  # a rating that is none says nothing
        (RETURN, (_VALUE < 0).fill_null(False) & ~_EVENT.is_in(_NO_WISH)),
    ]


def _is_rating() -> pl.Expr:
    return _EVENT == "rating"


def clean_items(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """Canonical items and LINE; columns of `raw` that are not canonical become attributes; bad rows go to `rejects`."""
    raw = unfolded(raw)
    lists = to_lists(raw, "categories", rules.separator)
    once = pl.col("names").list.unique(maintain_order=True)
    lists = lists.with_columns(once=once).with_columns(
        kept=pl.col("once").list.eval(pl.element().filter(~is_not_id(pl.element())))
    )
    work = raw.with_columns(
        id_of(raw, "item_id").alias("#clean item"),
        numbers_of(raw, "price", rules.decimal).alias("#clean price"),
        *(text_of(raw, name).alias(f"#clean {name}") for name in ("title", "text", "image_path")),
        *(lists[name].alias(f"#clean {name}") for name in lists.columns),
        embedding_of(raw).alias("#clean embedding"),
        available_of(raw).alias("#clean available"),
        released_of(raw).alias("#clean released"),
    )
    notes = _item_notes(raw)
    checks = id_checks(raw, "item_id", _ITEM)
    if rules.strict:
        checks += [(text.partition(":")[0], holds) for text, holds, _ in notes]
    notes += [*_id_notes(raw, "item_id"), *attribute_notes(raw, ITEMS), _misread("title"), _misread("text")]
    columns = [
        _ITEM.alias("item_id"),
        *(_cut(name, most).alias(name) for name, most in (("title", MAX_TITLE), ("text", MAX_TEXT))),
        pl.col("#clean kept").list.head(MAX_CATEGORIES).alias("categories"),
        pl.when(_PRICE >= 0).then(_PRICE).cast(pl.Float32).alias("price"),
        words(pl.col("#clean image_path")).alias("image_path"),
        attributes(raw, ITEMS).alias("attributes"),
        _EMBEDDING.alias("embedding"),
        _AVAILABLE.fill_null(True).alias("available"),
        _RELEASED.alias("release_time"),
    ]
    return _sound(raw, work, columns, checks, notes, rejects)


def _item_notes(raw: pl.DataFrame) -> Notes:
    names, once, kept = (pl.col(f"#clean {name}").list.len() for name in ("names", "once", "kept"))
    return [
        ("price is no number: unknown", is_filled(raw, "price") & _PRICE.is_null(), "price"),
        ("price below 0: unknown", _PRICE < 0, "price"),
        (
            "embedding that is no vector: none",
            is_filled(raw, "embedding") & _EMBEDDING.is_null(),
            "embedding",
        ),
        ("available is neither yes nor no: yes", is_filled(raw, "available") & _AVAILABLE.is_null(), "available"),
        (
            "release_time is no ISO 8601 time of 1970 to 2100: unknown",
            is_filled(raw, "release_time") & _RELEASED.is_null(),
            "release_time",
        ),
        ("categories in a notation that is not read: none", pl.col("#clean broken"), "categories"),
        ("categories in brackets without quotes: read as a list", pl.col("#clean bare"), "categories"),
        ("category that breaks the rule for ids: left out", kept < once, "categories"),
        ("category that is there twice: read once", once < names, "categories"),
        (f"categories beyond the first {MAX_CATEGORIES}: left out", kept > MAX_CATEGORIES, "categories"),
        *_text_notes("title", MAX_TITLE),
        *_text_notes("text", MAX_TEXT),
    ]


def clean_users(raw: pl.DataFrame, rules: Rules, rejects: Rejects) -> pl.DataFrame:
    """Canonical users and LINE; every column but user_id becomes an attribute; bad rows go to `rejects`."""
    work = raw.with_columns(id_of(raw, "user_id").alias("#clean user"))
    columns = [_USER.alias("user_id"), attributes(raw, USERS).alias("attributes")]
    notes = [*_id_notes(raw, "user_id"), *attribute_notes(raw, USERS)]
    return _sound(raw, work, columns, id_checks(raw, "user_id", _USER), notes, rejects)


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
    """`frame` without exact duplicates, which agree in every canonical column but the context; the first one stays."""
    return first_of_each(frame, [name for name in INTERACTIONS if name != "context"], DUPLICATE, rejects)


def distinct_ids(frame: pl.DataFrame, id_column: str, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the first row of every id. Exact duplicates and other rows of the same id get different reasons."""
    frame = first_of_each(frame, [name for name in frame.columns if name != LINE], DUPLICATE, rejects)
    return first_of_each(frame, [id_column], f"repeated {id_column}", rejects)


def _sound(
    raw: pl.DataFrame, work: pl.DataFrame, columns: Sequence[pl.Expr], checks: Checks, notes: Notes, rejects: Rejects
) -> pl.DataFrame:
    """`columns` of the rows of `work` that no check holds for; `work` is `raw` and what was computed of it once."""
    reason = pl.coalesce([pl.when(bad).then(pl.lit(why)) for why, bad in checks]).alias(_REASON)
    told = [holds.fill_null(False).alias(f"{_NOTE}{i}") for i, (_, holds, _) in enumerate(notes)]
    shaped = work.lazy().select(LINE, *columns, reason, *told).collect()
    if shaped[_REASON].null_count() < shaped.height:
        fields = raw.filter(shaped[_REASON].is_not_null()).select(pl.exclude(LINE))
        content = fields.select(pl.struct(pl.all()).struct.json_encode()).to_series()
        bad = shaped.filter(pl.col(_REASON).is_not_null())
        rejects.add(bad.select(line=LINE, reason=_REASON).with_columns(content=content))
        shaped = shaped.filter(pl.col(_REASON).is_null())
    for i, (text, _, name) in enumerate(notes):
        holds = shaped.filter(pl.col(f"{_NOTE}{i}"))
        if holds.height:
            line = holds[LINE][0]
            cell = raw.filter(pl.col(LINE) == line).head(1).select(text_of(raw, name)).item()
            rejects.note(text, holds.height, cell, line)
    return shaped.select(LINE, *(column.meta.output_name() for column in columns))


def _id_notes(raw: pl.DataFrame, name: str) -> Notes:
    dtype, text = raw.schema.get(name), text_of(raw, name)
    if dtype == pl.String:
        floats = text.str.contains(r"^\d+\.0$")
        rounded = text.str.contains(r"^\d(?:[.,]\d+)?[eE]\+?\d+$")
        return [
            (f"{name} in a spreadsheet's notation of large numbers: digits may be lost", rounded, name),
            (f"{name} with a fraction of 0, as pandas writes whole numbers: kept, so 17.0 is not 17", floats, name),
        ]
    if dtype is None or not (dtype.is_float() or dtype.is_decimal()):
        return []
    return [(f"{name} is a number with a fraction of 0: read without it", text.str.contains(r"\.0*$"), name)]


def _text_notes(name: str, most: int) -> Notes:
    text = pl.col(f"#clean {name}")
    return [
        (f"{name} that programs write for nothing: none", text.is_in(IN_TEXT), name),
        (f"{name} of more than {most:,} characters: cut", text.str.len_chars() > most, name),
    ]


def _misread(name: str) -> tuple[str, pl.Expr, str]:
    text = pl.col(f"#clean {name}")
    return f"{name} that looks like another encoding: kept; try --encoding", text.str.contains(_MISREAD), name


def _cut(name: str, most: int) -> pl.Expr:
    return words(pl.col(f"#clean {name}")).fill_null("").str.slice(0, most).str.strip_chars()
