"""A shop in which a user's taste shows in one input alone: items sell a few times while they are new, then never."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shortlist_bundle import BundleStore
from shortlist_core.catalog import CatalogItem
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe
from shortlist_training.offline import serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare

USERS, ITEMS, BUYERS, TASTES, NEW = 150, 800, 3, 5, 60
START = datetime(2024, 1, 1, tzinfo=UTC)
RECIPE = Recipe(slices=2, queries_per_slice=150, candidates=100, tower_steps=150, sequence_batches=0, ranker_epochs=2)


def taste_of(number: int) -> int:
    """The taste that an item meets, or that a user has."""
    return number % TASTES


def sales() -> pl.DataFrame:
    """Each item is bought by a few users of its taste within a day."""
    generator = np.random.default_rng(5)
    of_taste = [np.flatnonzero(taste_of(np.arange(USERS)) == taste) for taste in range(TASTES)]
    rows = [
        (f"u{user}", f"i{item}", START + timedelta(hours=hour + generator.random() * 24))
        for hour, item in enumerate(generator.permutation(ITEMS).tolist())
        for user in generator.choice(of_taste[taste_of(item)], BUYERS, replace=False)
    ]
    frame = pl.DataFrame(rows, ["user_id", "item_id", "timestamp"], orient="row")
    return frame.with_columns(event_type=pl.lit("purchase"))


def liked_shares(columns: dict[str, Sequence[Any]], new: Sequence[CatalogItem], folder: Path) -> dict[str, float]:
    """For each stage, which share of the first ten new items meets the user's taste, over all users.

    `columns` say of the items i0, i1 ... what callers know, and `new` are items that came later, of n0, n1 ...
    """
    items = pl.DataFrame({"item_id": [f"i{item}" for item in range(ITEMS)], **columns})
    dataset = Dataset.of(sales(), items)
    publish(train(prepare(dataset, None), RECIPE, 1, lambda _: None), folder, 1)
    with serving_offline(BundleStore(folder).load(), dataset.interactions, new) as recommender:
        queries = [Query(user_id=f"u{user}", count=ITEMS // 2) for user in range(USERS)]
        lists = {
            "both stages": recommender.recommend(queries).items,
            "stage one": recommender.retrieve(queries).items,
        }
    return {stage: float(np.mean(list(map(_liked_share, range(USERS), items)))) for stage, items in lists.items()}


def _liked_share(user: int, rows: np.ndarray[Any, Any]) -> float:
    new = [row - ITEMS for row in rows.tolist() if row >= ITEMS][:10]
    return float(np.mean([taste_of(number) == taste_of(user) for number in new])) if new else 0.0
