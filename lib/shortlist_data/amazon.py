"""Amazon Reviews 2023 (Hou et al. 2024, arXiv 2403.03952): `<Category>.jsonl` and `meta_<Category>.jsonl`, or .gz."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data.categories import to_lists
from shortlist_data.clean import clean_interactions, clean_items, distinct_ids, distinct_interactions
from shortlist_data.download import download
from shortlist_data.reading import LINE
from shortlist_data.rejects import Imported, Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import batches
from shortlist_data.table import imported

BASE = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/raw"

_RULES = Rules("unix-ms", event_type="rating", decimal=".")


def fetch(folder: Path, category: str = "All_Beauty", base: str = BASE) -> None:
    """Download the reviews and products of one category into `folder`. Raises DataError."""
    download(f"{base}/review_categories/{category}.jsonl.gz", folder / f"{category}.jsonl.gz")
    download(f"{base}/meta_categories/meta_{category}.jsonl.gz", folder / f"meta_{category}.jsonl.gz")


def read(folder: Path) -> Imported:
    """The reviews of all categories in `folder`: stars are the value, items are parent products.

    An item's text is its features and description. A price that is not given as a number is unknown: the source
    writes it so, and no row is rejected for it. Raises DataError where files or columns are missing.
    """
    files = sorted(path for path in folder.glob("*.jsonl*") if path.suffix in (".jsonl", ".gz"))
    meta = [path for path in files if path.name.startswith("meta_")]
    reviews = [path for path in files if path not in meta]
    if not reviews:
        raise DataError(f"{folder}: there are no reviews, such as All_Beauty.jsonl.gz")
    ratings, products = Rejects("interactions"), Rejects("items")
    frames = {"interactions": _ratings(reviews, ratings)}
    if meta:
        frames["items"] = _products(meta, products)
    return imported(frames, (ratings, products))


def _ratings(paths: Sequence[Path], rejects: Rejects) -> pl.DataFrame:
    wanted = {"user_id": "user_id", "parent_asin": "item_id", "rating": "value", "timestamp": "timestamp"}
    frames = [
        clean_interactions(_columns(batch, wanted), _RULES, rejects)
        for path in paths
        for batch in batches(path, rejects)
    ]
    return distinct_interactions(pl.concat(frames), rejects).drop(LINE)


def _products(paths: Sequence[Path], rejects: Rejects) -> pl.DataFrame:
    frames = [clean_items(_product(batch), _RULES, rejects) for path in paths for batch in batches(path, rejects)]
    return distinct_ids(pl.concat(frames), "item_id", rejects).drop(LINE)


def _product(batch: pl.DataFrame) -> pl.DataFrame:
    wanted = {name: name for name in ("title", "features", "description", "categories", "price", "store")}
    raw = _columns(batch, wanted | {"parent_asin": "item_id", "main_category": "main_category"})
    parts = [pl.lit(to_lists(raw, name, "\n")["names"]) for name in ("features", "description")]
    price = pl.col("price").str.replace_all(",", "").str.extract(r"(\d+(?:\.\d+)?)")
    text = pl.concat_list(parts).list.join(" ").alias("text")
    return raw.with_columns(text, price).drop("features", "description")


def _columns(batch: pl.DataFrame, wanted: dict[str, str]) -> pl.DataFrame:
    """The wanted columns under their new names, null where no row of the batch has them."""
    have = batch.columns
    return batch.select(
        LINE, *((pl.col(old) if old in have else pl.lit(None, pl.String)).alias(new) for old, new in wanted.items())
    )
