"""Live attributes as training data: what callers wrote of users joins what the data set has of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from shortlist_core.catalog import Attribute
from shortlist_data import schema
from shortlist_training.table import attributes_of


def with_described(users: pl.DataFrame, described: Mapping[str, Sequence[Attribute]]) -> pl.DataFrame:
    """The canonical users with what was written of them; those who were written come last.

    As in answers, what was written takes the place of all that the data set has under the same key.
    """
    if not described:
        return users
    known = attributes_of(users)
    rows = [(user_id, _pairs(known.get(user_id, []), pairs)) for user_id, pairs in described.items()]
    written = pl.DataFrame(rows, schema.USERS, orient="row")
    stays = users.join(written.select("user_id"), on="user_id", how="anti", maintain_order="left")
    return schema.conform("users", pl.concat([stays, written]), "live attributes")


def _pairs(known: Sequence[Attribute], written: Sequence[Attribute]) -> list[dict[str, str]]:
    keys = {key for key, _ in written}
    kept = [pair for pair in known if pair[0] not in keys]
    return [{"key": key, "value": value} for key, value in (*written, *kept)]
