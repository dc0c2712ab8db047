"""Attributes: the columns of items and users that have no canonical name, as pairs of a key and a value."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import polars as pl

from shortlist_data.cells import Notes, is_filled, is_not_id, text_of, words
from shortlist_data.inner_fields import object_of
from shortlist_data.null_words import IN_TEXT
from shortlist_data.reading import LINE
from shortlist_data.schema import ATTRIBUTES, USERS

_NAMELESS = re.compile(r"Unnamed: \d+(_level_\d+)?|__index_level_\d+__")
"""What pandas calls a column without a name, which mostly holds row numbers."""


def unfolded(raw: pl.DataFrame) -> pl.DataFrame:
    """`raw` with a column of text for each key of the JSON objects in its column `attributes`, in place of that one."""
    if raw.schema.get("attributes") != pl.String or not raw["attributes"].str.starts_with("{").any():
        return raw
    objects = [object_of(cell or "") for cell in raw["attributes"]]
    keys = dict.fromkeys(key for each in objects for key in each)
    columns = [pl.Series(key, [_text(each.get(key)) for each in objects], pl.String) for key in keys]
    rest = raw.with_columns(attributes=pl.when(~pl.col("attributes").str.starts_with("{")).then("attributes"))
    return rest.with_columns(column for column in columns if column.name and column.name not in raw.columns)


def attributes(raw: pl.DataFrame, schema: pl.Schema) -> pl.Expr:
    """Canonical attributes, if there are any, and one more for every filled column that `schema` does not have."""
    lists = [pl.col("attributes").fill_null([])] if raw.schema.get("attributes") == ATTRIBUTES else []
    for name in _names(raw, schema):
        value = words(text_of(raw, name))
        if schema is not USERS and raw.schema[name] == pl.String and raw[name].str.starts_with("[").any():
            value = value.map_elements(_lines, pl.String)
        lists.append(_pair(name, _nameable(value) if schema is USERS else value))
    return _together(lists)


def context(raw: pl.DataFrame, names: Sequence[str]) -> pl.Expr:
    """What the columns `names`, as far as they are there, say of where and how each event happened."""
    return _together([_pair(name, _nameable(words(text_of(raw, name)))) for name in names if name in raw.columns])


def _nameable(value: pl.Expr) -> pl.Expr:
    """The value where it follows the rule for ids: what requests name has to."""
    return pl.when(~is_not_id(value)).then(value)


def _pair(key: str, value: pl.Expr) -> pl.Expr:
    """A list of the key and the value, empty where there is none."""
    pair = pl.struct(pl.lit(key).alias("key"), value.alias("value"))
    return pl.concat_list(pl.when(value.is_not_null()).then(pair)).list.drop_nulls()


def _together(lists: Sequence[pl.Expr]) -> pl.Expr:
    return pl.concat_list(lists).cast(ATTRIBUTES) if lists else pl.lit([], ATTRIBUTES)


def attribute_notes(raw: pl.DataFrame, schema: pl.Schema) -> Notes:
    """Which values are left out."""
    notes: Notes = [
        (f"column {name!r}, which has no name of its own: left out", is_filled(raw, name), name)
        for name in raw.columns
        if _NAMELESS.fullmatch(name)
    ]
    for name in _names(raw, schema):
        text = text_of(raw, name)
        notes.append((f"attribute {name!r} that programs write for nothing: left out", text.is_in(IN_TEXT), name))
        if schema is USERS:
            odd = is_not_id(words(text))
            notes.append((f"attribute {name!r} that breaks the rule for ids: left out", odd, name))
    return notes


def _names(raw: pl.DataFrame, schema: pl.Schema) -> list[str]:
    """The columns that become attributes, one for each."""
    extra = [name for name in raw.columns if name not in schema and name != LINE and not _NAMELESS.fullmatch(name)]
    return extra + ["attributes"] * ("attributes" in raw.columns and raw.schema["attributes"] != ATTRIBUTES)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _lines(cell: str) -> str:
    """A list in JSON as one line for each of its plain values; any other text as it is."""
    try:
        found = json.loads(cell) if cell.startswith("[") else None
    except (ValueError, RecursionError):
        return cell
    if not isinstance(found, list) or any(isinstance(each, dict | list) for each in found):
        return cell
    return "\n".join(text for each in found if (text := _text(each)))
