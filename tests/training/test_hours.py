"""The time of the day decides where nothing else does, and is left out where it says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe
from shortlist_training.offline import serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare

pytestmark = pytest.mark.system

USERS, ITEMS, EVENTS, KINDS = 200, 200, 4_000, 4
START = datetime(2024, 1, 1, tzinfo=UTC)
RECIPE = Recipe(slices=2, queries_per_slice=200, candidates=100, tower_steps=10, sequence_batches=0, ranker_epochs=2)


def shop() -> Dataset:
    """Everybody takes at random, but in each quarter of the day only items of its kind."""
    generator = np.random.default_rng(3)
    hours = np.sort(generator.uniform(0, 24 * 60, EVENTS))
    kinds = (hours % 24 // 6).astype(int)
    items = generator.integers(ITEMS // KINDS, size=EVENTS) * KINDS + kinds
    return Dataset.of(
        pl.DataFrame(
            {
                "user_id": [f"u{user}" for user in generator.integers(USERS, size=EVENTS)],
                "item_id": [f"i{item}" for item in items],
                "timestamp": [START + timedelta(hours=hour) for hour in hours],
                "event_type": "purchase",
            }
        )
    )


def test_items_of_the_hour_come_first(tmp_path: Path) -> None:
    dataset = shop()
    publish(train(prepare(dataset, None), RECIPE, 1, lambda _: None), tmp_path, 1)
    bundle = BundleStore(tmp_path).load()
    newest = dataset.interactions.tail(1)
    for kind in range(KINDS):
        clock = newest.with_columns(pl.lit(START + timedelta(days=61, hours=6 * kind + 3)).alias("timestamp"))
        past = pl.concat([dataset.interactions, clock.cast(dict(newest.schema))])
        with serving_offline(bundle, past) as recommender:
            queries = [Query(user_id=f"u{user}", count=10) for user in range(60)]
            ids = list(recommender.bundle.bundled.ids)
            for lists in (recommender.recommend(queries).items, recommender.retrieve(queries).items):
                right = [int(ids[row][1:]) % KINDS == kind for row in lists.ravel().tolist()]
                assert np.mean(right) > 0.7, f"chance is {1 / KINDS}"


def test_the_time_is_left_out_where_it_says_nothing(trained_bundle) -> None:
    bundle = trained_bundle.load()
    assert not bundle.manifest.settings["retrieval"]["hours"]
    assert "hours" not in [source["name"] for source in bundle.json("retrieval/sources")["sources"]]
