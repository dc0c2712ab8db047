"""The context of a request decides where nothing else does, and is left out where it says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.types import NO_GROUP
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe
from shortlist_training.offline import serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import contexts_of, prepare
from shortlist_training.warm import warm_start

USERS, ITEMS, EVENTS = 200, 200, 4_000
DEVICES = ("phone", "tablet", "desk", "watch")
START = datetime(2024, 1, 1, tzinfo=UTC)
RECIPE = Recipe(slices=2, queries_per_slice=200, candidates=100, tower_steps=10, sequence_batches=0, ranker_epochs=2)


def shop(decides: bool) -> Dataset:
    """Everybody takes at random on any device; where it `decides`, only items of the device's kind."""
    generator = np.random.default_rng(3)
    kinds = generator.integers(len(DEVICES), size=EVENTS)
    of_items = kinds if decides else generator.integers(len(DEVICES), size=EVENTS)
    items = generator.integers(ITEMS // len(DEVICES), size=EVENTS) * len(DEVICES) + of_items
    return Dataset.of(
        pl.DataFrame(
            {
                "user_id": [f"u{user}" for user in generator.integers(USERS, size=EVENTS)],
                "item_id": [f"i{item}" for item in items],
                "timestamp": [START + timedelta(hours=hour) for hour in range(EVENTS)],
                "event_type": "purchase",
                "context": [[{"key": "device", "value": DEVICES[kind]}] for kind in kinds],
            }
        )
    )


def without_context(dataset: Dataset) -> Dataset:
    return Dataset.of(dataset.interactions.drop("context"), dataset.items)


@pytest.mark.system
def test_items_of_the_context_come_first(tmp_path: Path) -> None:
    table = prepare(shop(decides=True), None)
    publish(train(table, RECIPE, 1, lambda _: None), tmp_path, 1)
    bundle = BundleStore(tmp_path).load()
    with serving_offline(bundle) as recommender:
        ids = list(recommender.bundle.bundled.ids)
        for kind, device in enumerate(DEVICES):
            told = (("device", device), ("device", "unheard of"), ("page", "home"))
            queries = [Query(user_id=f"u{user}", count=10, context_attributes=told) for user in range(60)]
            for lists in (recommender.recommend(queries).items, recommender.retrieve(queries).items):
                right = [int(ids[row][1:]) % len(DEVICES) == kind for row in lists.ravel().tolist()]
                assert np.mean(right) > 0.7, f"chance is {1 / len(DEVICES)}"
        untold, unknown = [Query(user_id="u1", count=10)], [Query(user_id="u1", context_attributes=(("device", "?"),))]
        assert np.array_equal(recommender.recommend(untold).items, recommender.recommend(unknown).items[:, :10])
    assert warm_start(bundle, table) is not None
    assert warm_start(bundle, prepare(without_context(shop(decides=True)), None)) is None


@pytest.mark.system
def test_the_context_is_left_out_where_it_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    publish(train(prepare(shop(decides=False), None), RECIPE, 1, said.append), tmp_path, 1)
    bundle = BundleStore(tmp_path).load()
    assert not bundle.manifest.settings["retrieval"]["context"]  # type: ignore[index, call-overload]
    assert "context" not in [source["name"] for source in bundle.json("retrieval/sources")["sources"]]
    assert any("the context adds" in line and "left out" in line for line in said)
    with serving_offline(bundle) as recommender:
        assert recommender.bundle.contexts is None
        recommender.recommend([Query(user_id="u1", context_attributes=(("device", "phone"),))])


def test_what_enough_users_have_had_is_a_context() -> None:
    def told(**pairs: str) -> list[dict[str, str]]:
        return [{"key": key, "value": value} for key, value in pairs.items()]

    rows = [(f"u{user}", told(device="phone", page="home")) for user in range(12)]
    rows += [(f"u{user}", told(page="cart")) for user in range(11)]
    rows += [("u1", told(device="watch")) for _ in range(50)]  # of one user alone
    rows += [("u2", [])]
    events = pl.DataFrame(rows, ["user_id", "context"], orient="row")
    names, of_events = contexts_of(events)
    assert names == (("device", "phone"), ("page", "home"), ("page", "cart"))
    assert of_events is not None
    assert of_events[0].tolist() == [0, 1]
    assert of_events[12].tolist() == [NO_GROUP, 2]
    assert (of_events[23:] == NO_GROUP).all()
    assert contexts_of(events.tail(10)) == ((), None)
