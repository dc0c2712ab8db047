"""A small shop whose data set live events and items join."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from shortlist_data.dataset import Dataset


def dataset() -> Dataset:
    """Thirty users with two events each on items of a small shop, and a table of users."""
    rows = [
        (f"u{user}", f"i{(user + step) % 5}", datetime(2024, 1, 1 + step, tzinfo=UTC), "click")
        for user in range(30)
        for step in range(2)
    ]
    interactions = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp", "event_type"], orient="row")
    items = pl.DataFrame({"item_id": [f"i{number}" for number in range(6)]})
    return Dataset.of(interactions, items, pl.DataFrame({"user_id": [f"u{user}" for user in range(30)]}))


def at(day: int) -> int:
    return int(datetime(2024, 1, day, tzinfo=UTC).timestamp() * 1_000_000)
