"""Notes on whole tables: ids that two tables write differently, and what becomes of ratings and repeats."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from shortlist_data import schema
from shortlist_data.dataset import untitled_items
from shortlist_data.rejects import Note


def whole_notes(frames: Mapping[str, pl.DataFrame]) -> tuple[Note, ...]:
    """What is noted of clean canonical frames ("interactions" and any of "items", "users") once all are read."""
    events = frames["interactions"]
    items, users = frames.get("items", schema.empty("items")), frames.get("users", schema.empty("users"))
    untitled = len(untitled_items(events, items))
    notes = [
        Note("items only in interactions (no title)", untitled),
        _written_otherwise("item_id", events, items),
        _written_otherwise("user_id", events, users),
        _low_ratings(events),
        _repeats(events),
    ]
    return tuple(note for note in notes if note.count)


def _written_otherwise(name: str, events: pl.DataFrame, described: pl.DataFrame) -> Note:
    """Ids of interactions that the other table lacks, but has with other zeros, a ".0" behind or in other case."""
    plain = pl.col(name).str.to_lowercase().str.replace(r"\.0+$", "").str.strip_chars_start("0").alias("plain")
    known = described.select(name)
    unknown = events.select(pl.col(name).unique(maintain_order=True)).join(known, on=name, how="anti")
    used = known.join(events.select(pl.col(name).unique()), on=name, how="anti")  # nobody has these otherwise
    pairs = unknown.with_columns(plain).join(used.select(plain, other=name), on="plain", maintain_order="left")
    table = name.removesuffix("_id") + "s"
    text = f"{name} that interactions write otherwise than {table} do, such as 17 and 17.0 or 017: not the same {table}"
    if not pairs.height:
        return Note(text, 0)
    return Note(text, pairs[name].n_unique(), f"{pairs[name][0]!r} and {pairs['other'][0]!r}")


def _low_ratings(events: pl.DataFrame) -> Note:
    ratings = events.filter(pl.col("event_type") == "rating")["value"]
    if not len(ratings) or (events["event_type"] == "dislike").any():
        return Note("ratings", 0)
    low, high = ratings.min(), ratings.max()
    assert isinstance(low, float) and isinstance(high, float)
    middle = (low + high) / 2
    return Note(
        f"ratings below {middle:g}, in a scale of {low:g} to {high:g}: wishes like all ratings"
        " (`import table` makes dislikes of them with --dislike-below)",
        int((ratings < middle).sum()),
    )


def _repeats(events: pl.DataFrame) -> Note:
    distinct = events.select(pl.struct("user_id", "item_id").n_unique()).item() if events.height else 0
    return Note("repeats of a user and an item: all are kept, as events of their own", events.height - distinct)
