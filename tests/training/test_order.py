"""What comes next follows from the order alone: training finds it out, and serves a model of order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_data.dataset import Dataset
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe
from shortlist_training.offline import serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare
from shortlist_training.worth import without_source, worth_of

USERS, ITEMS, STEPS, LEAP = 500, 60, 12, 7
START = datetime(2024, 1, 1, tzinfo=UTC)


def walks() -> tuple[Dataset, dict[str, str]]:
    """Everybody takes an item an hour, seven places on from the one before; and what each would take next."""
    generator = np.random.default_rng(2)
    rows, following = [], {}
    for user in range(USERS):
        item, hour = int(generator.integers(ITEMS)), float(generator.uniform(0, 2_000))
        for _ in range(STEPS):
            rows.append((f"u{user}", f"i{item}", START + timedelta(hours=hour), "purchase", 1.0))
            item, hour = (item + LEAP) % ITEMS, hour + 1
        following[f"u{user}"] = f"i{item}"
    frame = pl.DataFrame(rows, ["user_id", "item_id", "timestamp", "event_type", "value"], orient="row")
    return Dataset.of(frame.sort("timestamp").with_columns(pl.col("value").cast(pl.Float32))), following


@pytest.mark.system
@pytest.mark.parametrize("model", OrderModel)
def test_what_always_follows_is_recommended_first(tmp_path: Path, model: OrderModel) -> None:
    dataset, following = walks()
    recipe = Recipe(
        slices=2,
        queries_per_slice=200,
        candidates=50,
        tower_steps=10,
        sequence_batches=60,
        sequence_model=model,
        ranker_epochs=1,
    )
    said: list[str] = []
    publish(train(prepare(dataset, None), recipe, 1, said.append), tmp_path, 1)
    bundle = BundleStore(tmp_path).load()
    *_, last = (step for step in said if step.startswith("the order of events adds"))
    assert bundle.manifest.settings["retrieval"]["sequence_model"] == model
    assert bundle.manifest.settings["retrieval"]["sequence"] is ("it is read" in last)
    assert any(step.startswith("what follows what says more") for step in said)
    with serving_offline(bundle) as recommender:
        users = list(following)[:100]
        items = recommender.recommend([Query(user_id=user, count=3) for user in users]).items
        ids = recommender.bundle.bundled.ids
        first = [[ids[int(row)] for row in rows] for rows in items]
    assert np.mean([following[user] in shown for user, shown in zip(users, first, strict=True)]) >= 0.9


def sample(queries: int, seen: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signals of three sources, of which the last one sees what was taken so well, and the others a little."""
    generator = np.random.default_rng(seed)
    gains = np.zeros((queries, 40), np.float32)
    gains[np.arange(queries), generator.integers(40, size=queries)] = 1
    signals = generator.normal(size=(queries, 40, 6)).astype(np.float32)
    signals[..., 0] += gains
    signals[..., 2] += seen * gains
    return signals, gains, np.arange(queries) % 10 == 0, np.zeros(queries, np.int64)


@pytest.mark.parametrize("slices", [1, 3])
def test_a_source_that_sees_more_pays(slices: int) -> None:
    worth = worth_of(2, [sample(400, 2.0, seed) for seed in range(slices)])
    assert worth.gain > 0.05
    assert worth.pays() and worth.surely_pays


@pytest.mark.parametrize("seed", range(5))
def test_noise_adds_nothing(seed: int) -> None:
    worth = worth_of(2, [sample(400, 0.0, 10 * seed + i) for i in range(3)])
    assert worth.gain < 0.01
    assert not worth.surely_pays


def test_a_source_that_is_left_out_leaves_no_column() -> None:
    signals, *others = sample(5, 1.0, 0)
    left, *same = without_source((signals, *others), 1)
    assert np.array_equal(left, signals[..., [0, 2, 3, 5]])
    assert all(one is another for one, another in zip(same, others, strict=True))


def test_where_nobody_is_asked_nothing_pays() -> None:
    assert not worth_of(2, [sample(0, 1.0, 0)] * 2).pays(1.0)
