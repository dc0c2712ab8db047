"""Live attributes as training data: what callers wrote of users joins what the data set has of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from shortlist_core.catalog import Attribute, with_given
from shortlist_data import schema
from shortlist_training.table import attributes_of


def with_described(users: pl.DataFrame, described: Mapping[str, Sequence[Attribute]]) -> pl.DataFrame:
    """The canonical users with what was written of them; those who were written come last.

    As in answers, what was written takes the place of all that the data set has under the same key.
    """
    if not described:
        return users
    known = attributes_of(users)
    joined = ((user_id, with_given(pairs, known.get(user_id, []))) for user_id, pairs in described.items())
    rows = [(user_id, [{"key": key, "value": value} for key, value in pairs]) for user_id, pairs in joined]
    written = pl.DataFrame(rows, schema.USERS, orient="row")
    stays = users.join(written.select("user_id"), on="user_id", how="anti", maintain_order="left")
    return schema.conform("users", pl.concat([stays, written]), "live attributes")
