"""Low ratings are dislikes where the data say so: everybody likes one kind of item, and rates the other one low."""

from __future__ import annotations

import math
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
from shortlist_training.ratings import dislikes_below
from shortlist_training.recipe import train
from shortlist_training.table import prepare

USERS, ITEMS, RATINGS = 120, 40, 2_880
START = datetime(2024, 1, 1, tzinfo=UTC)
SMALL = Recipe(slices=2, queries_per_slice=200, candidates=100, tower_steps=30, sequence_batches=0, ranker_epochs=2)


def rated(high: float = 5.0, low: float = 1.0, taste: bool = True, kind: str = "rating") -> Dataset:
    """Users of even numbers like items of even numbers, or else `high` and `low` say nothing."""
    generator = np.random.default_rng(5)
    users, items = generator.integers(USERS, size=RATINGS), generator.integers(ITEMS, size=RATINGS)
    likes = users % 2 == items % 2 if taste else generator.random(RATINGS) < 0.5
    frame = {
        "user_id": [f"u{user}" for user in users],
        "item_id": [f"i{item}" for item in items],
        "timestamp": [START + timedelta(hours=hour) for hour in range(RATINGS)],
        "event_type": kind,
        "value": np.where(likes, high, low).astype(np.float32),
    }
    return Dataset.of(pl.DataFrame(frame))


def line(dataset: Dataset) -> float:
    table = prepare(dataset, None)
    return dislikes_below(table.histories, table.features, 1_500, 1)


@pytest.mark.parametrize(("high", "low", "middle"), [(5, 1, 3), (10, 0, 5), (1, -1, 0), (5, 4, 4.5)])
def test_the_middle_of_the_scale_parts_what_is_liked_from_what_is_not(high: float, low: float, middle: float) -> None:
    assert line(rated(high, low)) == middle


def test_all_ratings_are_wishes_where_low_ones_say_nothing() -> None:
    assert line(rated(taste=False)) == -math.inf


@pytest.mark.parametrize("other", [rated(kind="purchase"), rated(high=3, low=3)])
def test_there_is_no_line_without_ratings_or_with_equal_ones(other: Dataset) -> None:
    assert line(other) == -math.inf


@pytest.mark.system
def test_what_people_rate_low_is_not_recommended(tmp_path: Path) -> None:
    dataset = rated()
    publish(train(prepare(dataset, None), SMALL, 1, lambda _: None), tmp_path, 1)
    bundle = BundleStore(tmp_path).load()
    assert bundle.manifest.dislike_below == 3
    with serving_offline(bundle) as recommender:
        queries = [Query(user_id=f"u{user}", count=8) for user in range(40)]
        items = recommender.recommend(queries).items
        ids = recommender.bundle.bundled.ids
        liked = [int(ids[int(row)][1:]) % 2 == user % 2 for user in range(40) for row in items[user]]
    assert np.mean(liked) >= 0.95


@pytest.mark.system
def test_the_recipe_may_say_which_ratings_are_dislikes(tmp_path: Path) -> None:
    trained = train(prepare(rated(), None), SMALL.model_copy(update={"dislike_below": 0.5}), 1, lambda _: None)
    publish(trained, tmp_path, 1)
    assert BundleStore(tmp_path).manifest(BundleStore(tmp_path).current()).dislike_below == 0.5
