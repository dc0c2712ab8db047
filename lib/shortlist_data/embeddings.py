"""Embeddings: vectors of items in one column, as lists or as text such as [0.1, -2e-3] or 0.1 0.2."""

from __future__ import annotations

import numpy as np
import polars as pl

from shortlist_core.values import MAX_EMBEDDING
from shortlist_data.rejects import Rejects
from shortlist_data.schema import EMBEDDING


def embedding_of(raw: pl.DataFrame) -> pl.Series:
    """The column `embedding` as vectors, null where there is none that can be read and has a direction."""
    if "embedding" not in raw.columns:
        return pl.Series("embedding", [None], EMBEDDING).new_from_index(0, raw.height)
    column = raw["embedding"]
    if column.dtype == pl.String:
        plain = column.str.strip_chars("[](){} \t").str.replace_all(r"[,;|\s]+", " ").str.strip_chars()
        column = plain.replace("", None).str.split(" ")
    elif not isinstance(column.dtype, pl.List | pl.Array):
        return embedding_of(raw.drop("embedding"))
    vectors = column.cast(pl.List(pl.String)).list.eval(pl.element().cast(pl.Float32, strict=False)).to_frame("v")
    numbers = pl.col("v").list
    sound = (
        numbers.len().is_between(1, MAX_EMBEDDING) & numbers.eval(pl.element().is_finite().fill_null(False)).list.all()
    )
    some = numbers.eval(pl.element() != 0).list.any()
    return vectors.select(pl.when(sound & some).then("v").alias("embedding")).to_series()


def same_length(items: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """The canonical items without those embeddings that are not as long as most; what is left out is noted."""
    lengths = items["embedding"].list.len()
    if lengths.drop_nulls().n_unique() <= 1:
        return items
    usual = int(np.bincount(lengths.drop_nulls().to_numpy()).argmax())
    other = lengths != usual
    rejects.note(f"embedding of another length than most, which have {usual} numbers: none", int(other.sum()))
    return items.with_columns(embedding=pl.when(~other).then("embedding"))
