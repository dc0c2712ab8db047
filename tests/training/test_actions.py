"""Weights of actions decide what comes first, and each action is as likely as it is said to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.types import EventType
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe
from shortlist_training.offline import Recommender, serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare

USERS, ITEMS, EVENTS = 300, 100, 9_000
START = datetime(2024, 1, 1, tzinfo=UTC)
RECIPE = Recipe(
    slices=2,
    queries_per_slice=300,
    candidates=ITEMS,
    tower_steps=10,
    sequence_batches=0,
    ranker_epochs=4,
    action_weights={"dislike": -1.0, "view": 0.0},
)


def kind(item: int) -> int:
    """Items of kind 0 are viewed, those of kind 1 are bought, and every third of kind 2 is disliked, else clicked."""
    return item % 3


def shop() -> Dataset:
    generator = np.random.default_rng(5)
    items = generator.integers(ITEMS, size=EVENTS)
    third = generator.random(EVENTS) < 1 / 3
    types = [
        ("view", "purchase", "dislike" if disliked else "click")[kind(i)]
        for i, disliked in zip(items, third, strict=True)
    ]
    return Dataset.of(
        pl.DataFrame(
            {
                "user_id": [f"u{user}" for user in generator.integers(USERS, size=EVENTS)],
                "item_id": [f"i{item}" for item in items],
                "timestamp": [START + timedelta(hours=hour) for hour in range(EVENTS)],
                "event_type": types,
            }
        )
    )


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    bundles = tmp_path_factory.mktemp("actions")
    publish(train(prepare(shop(), None), RECIPE, 1, lambda _: None), bundles, 1)
    with serving_offline(BundleStore(bundles).load()) as loaded:
        yield loaded


def kinds(recommender: Recommender, **weights: float) -> np.ndarray:
    """The kinds of the first ten items of sixty users."""
    asked = tuple((EventType[name.upper()], weight) for name, weight in weights.items())
    lists = recommender.recommend([Query(user_id=f"u{user}", count=10, action_weights=asked) for user in range(60)])
    ids = list(recommender.bundle.bundled.ids)
    return np.array([kind(int(ids[row][1:])) for row in lists.items.ravel().tolist() if row >= 0])


@pytest.mark.system
@pytest.mark.parametrize(("action", "wanted"), [("view", 0), ("purchase", 1), ("click", 2)])
def test_what_is_taken_by_the_action_comes_first(recommender: Recommender, action: str, wanted: int) -> None:
    assert np.mean(kinds(recommender, **{action: 1.0}) == wanted) > 0.9


@pytest.mark.system
def test_weights_of_the_recipe_hold_where_a_request_names_none(recommender: Recommender) -> None:
    assert np.mean(kinds(recommender) == 2) < 0.1, "the recipe says that dislikes count against an item"
    assert np.mean(kinds(recommender, rating=1.0) == 2) < 0.1, "of an action that the data does not have"


@pytest.mark.system
def test_each_action_is_as_likely_as_said(recommender: Recommender) -> None:
    bundle = recommender.bundle
    queries = bundle.histories.queries([f"u{user}" for user in range(60)])
    candidates = bundle.retriever.retrieve(queries, ITEMS)
    of_actions = np.moveaxis(bundle.ranker.rank_actions(queries, candidates)[1], -1, 0)
    ratios = dict(zip(bundle.ranker.actions.types, of_actions, strict=True))
    ids = list(bundle.bundled.ids)
    of_kind = np.array([kind(int(name[1:])) for name in ids])[np.maximum(candidates.items, 0)]
    assert set(ratios) == {EventType.VIEW, EventType.CLICK, EventType.PURCHASE, EventType.DISLIKE}
    told = {action: [of[(of_kind == k) & candidates.valid].mean() for k in range(3)] for action, of in ratios.items()}
    assert told[EventType.VIEW] == pytest.approx([1, 0, 0], abs=0.15)
    assert told[EventType.PURCHASE] == pytest.approx([0, 1, 0], abs=0.15)
    assert told[EventType.CLICK] == pytest.approx([0, 0, 1], abs=0.15)
    assert told[EventType.DISLIKE] == pytest.approx([0, 0, 0.5], abs=0.15), "one dislike for two clicks"


@pytest.mark.system
def test_users_without_history_are_told_by_the_items(recommender: Recommender) -> None:
    asked = ((EventType.PURCHASE, 1.0),)
    lists = recommender.recommend([Query(user_id="nobody", count=10, action_weights=asked)])
    ids = list(recommender.bundle.bundled.ids)
    assert all(kind(int(ids[row][1:])) == 1 for row in lists.items[0].tolist())
