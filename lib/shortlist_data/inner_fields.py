"""Fields inside of objects, such as user.id: JSON has them where other files have columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import polars as pl

_PATH = re.compile(r"[\w$@-]+(?:\.[\w$@-]+)+")


def inner_fields(batch: pl.DataFrame) -> tuple[str, ...]:
    """The plain values in the first object of each column, as "column.field"."""
    fields = list[str]()
    for column in batch.select(pl.col(pl.String)):
        filled = column.drop_nulls().head(1)
        if len(filled) and filled[0].startswith("{"):
            fields += [f"{column.name}.{key}" for key, value in object_of(filled[0]).items() if _plain(value)]
    return tuple(field for field in fields if _PATH.fullmatch(field))


def with_inner_fields(batch: pl.DataFrame, wanted: Iterable[str]) -> pl.DataFrame:
    """`batch` with a column of text for each wanted name that is no column, but a field inside of one."""
    types = batch.schema
    paths = {name: name.split(".") for name in wanted if name not in types and _PATH.fullmatch(name)}
    return batch.with_columns(
        pl.col(column).str.json_path_match("$" + "".join(f"['{field}']" for field in fields)).alias(name)
        for name, (column, *fields) in paths.items()
        if types.get(column) == pl.String
    )


def object_of(text: str) -> dict[str, object]:
    """The object that a text is in JSON; an empty one for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _plain(value: object) -> bool:
    return value is not None and not isinstance(value, dict | list)
