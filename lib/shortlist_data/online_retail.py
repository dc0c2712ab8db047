"""The Online Retail orders (Chen 2015, UCI, doi 10.24432/C5BW33) as prepared in two gzipped CSV files.

`interactions.csv.gz`: customer_id, item_id, invoice, timestamp (local, taken as UTC), quantity, unit_price, country.
`items.csv.gz`: item_id, title, all_titles (`|` between, the title first).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data import schema
from shortlist_data.clean import clean_interactions, clean_items, distinct_ids, distinct_interactions
from shortlist_data.reading import LINE
from shortlist_data.rejects import Imported, Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import batches
from shortlist_data.table import imported

_RULES = Rules("iso", event_type="purchase", decimal=".")


def read(folder: Path) -> Imported:
    """The data set in `folder`: purchases with quantity as value and invoice as session.

    An item's price is the median of what was paid for it, its text its other titles; a user's only attribute is the
    country. Raises DataError for missing files or columns.
    """
    orders, products = Rejects("interactions"), Rejects("items")
    raw = _raw(folder / "interactions.csv.gz", orders)
    named = raw.rename({"customer_id": "user_id", "invoice": "session_id", "quantity": "value"})
    events = distinct_interactions(clean_interactions(named, _RULES, orders), orders).drop(LINE)
    frames = {"interactions": events, "items": _items(folder, raw, products), "users": _users(raw)}
    return imported(frames, (orders, products))


def _raw(path: Path, rejects: Rejects) -> pl.DataFrame:
    raw = pl.concat(batches(path, rejects))
    needed = ("customer_id", "item_id", "invoice", "timestamp", "quantity", "unit_price", "country")
    missing = [name for name in needed if name not in raw.columns]
    if missing:
        names = ", ".join(map(repr, missing))
        raise DataError(f"{path}: there is no column {names}; the columns are {', '.join(raw.columns[:-1])}")
    return raw


def _items(folder: Path, orders: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    paid = pl.col("unit_price").cast(pl.Float64, strict=False)
    prices = orders.group_by("item_id").agg(paid.median().cast(pl.Float32).alias("price"))
    items = pl.concat(batches(folder / "items.csv.gz", rejects)).join(
        prices, on="item_id", how="left", maintain_order="left"
    )
    others = (
        pl.col("all_titles")
        .str.strip_prefix(pl.col("title"))
        .str.strip_chars("|")
        .str.replace_all("|", ", ", literal=True)
    )
    raw = items.select(LINE, "item_id", "title", others.alias("text"), "price")
    return distinct_ids(clean_items(raw, _RULES, rejects), "item_id", rejects).drop(LINE)


def _users(orders: pl.DataFrame) -> pl.DataFrame:
    users = orders.group_by("customer_id", maintain_order=True).agg(pl.col("country").last())
    pair = pl.struct(pl.lit("country").alias("key"), pl.col("country").alias("value"))
    return users.select(
        pl.col("customer_id").alias("user_id"), pl.concat_list(pair).cast(schema.ATTRIBUTES).alias("attributes")
    )
