"""Training learns from impressions how fast items tire, and lists of the bundle are in the order that follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.tiring import NEVER, USUAL, Tiring
from shortlist_core.types import Event, EventType
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe
from shortlist_training.offline import Recommender, serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare

USERS, ITEMS, VISITS, SHOWN = 200, 30, 12, 6
TRUE = Tiring(0.4, 2 * 86_400.0)
START = datetime(2024, 1, 1, tzinfo=UTC)
RECIPE = Recipe(
    slices=1, queries_per_slice=200, candidates=50, tower_steps=10, sequence_batches=0, ranker_epochs=1
)  # as little as there is


def shop() -> Dataset:
    """Users who come every day, and of six items that they are shown take some, the less the more they tired."""
    draw, rows = np.random.default_rng(3), []
    rates = draw.uniform(0.1, 0.5, ITEMS)
    for user in range(USERS):
        effective, last, days = np.zeros(ITEMS), np.zeros(ITEMS), draw.uniform(0, 5)
        for _ in range(VISITS):
            days += draw.exponential(1.0)
            items = draw.choice(ITEMS // 2, SHOWN, replace=False) + ITEMS // 2 * (user % 2)
            fresh = effective[items] * 0.5 ** ((days - last[items]) * 86_400 / TRUE.recovery)
            taken = draw.random(SHOWN) < rates[items] * TRUE.per_impression**fresh
            effective[items], last[items] = np.where(taken, 0, fresh + 1), days
            rows += [(f"u{user}", f"i{item}", days, "impression") for item in items]
            rows += [(f"u{user}", f"i{item}", days + 0.001, "view") for item in items[taken]]
    columns = zip(*rows, strict=True)
    users, items, days, types = (list(column) for column in columns)
    times = [START + timedelta(days=day) for day in days]
    frame = pl.DataFrame({"user_id": users, "item_id": items, "timestamp": times, "event_type": types})
    return Dataset.of(frame.sort("timestamp"))


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the training tells as it goes on."""
    return []


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Iterator[Recommender]:
    bundles = tmp_path_factory.mktemp("tiring")
    publish(train(prepare(shop(), None), RECIPE, 1, said.append), bundles, 1)
    with serving_offline(BundleStore(bundles).load()) as loaded:
        yield loaded


def test_what_tires_is_learned_kept_in_the_bundle_and_told(recommender: Recommender, said: list[str]) -> None:
    learned = recommender.bundle.tiring
    assert learned is not None
    assert learned.per_impression == pytest.approx(TRUE.per_impression, abs=0.15)
    assert TRUE.recovery / 3 < learned.recovery < TRUE.recovery * 3
    assert any(learned.in_words in line and "learned" in line for line in said)


def test_the_clock_of_a_bundle_is_its_own_time(recommender: Recommender) -> None:
    as_of = recommender.bundle.histories.as_of
    [usual] = recommender.recommend([Query(user_id="nobody", count=5)]).items.tolist()
    first = recommender.bundle.items.ids[usual[0]]
    shown = tuple(Event(f"e{k}", "", first, as_of - k, EventType.IMPRESSION) for k in range(9))
    [after] = recommender.recommend([Query(user_id="nobody", count=5, context=shown)]).items.tolist()
    assert after[0] == usual[1] and usual[0] not in after[:2]
    [unmoved] = recommender.recommend([Query(user_id="nobody", count=5, context=shown, tiring=NEVER)]).items.tolist()
    assert unmoved == usual


def test_data_without_impressions_has_the_settings_of_the_recipe_or_the_usual_ones() -> None:
    assert Recipe().tiring_settings is None and Tiring(0.8, 86_400.0) == USUAL
