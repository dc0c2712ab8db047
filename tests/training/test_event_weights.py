"""What events count by the recipe holds in training, for the lists of a server, and in reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.errors import DataError
from shortlist_core.event_weights import ByValue
from shortlist_core.types import Event, EventType
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.query import Query
from shortlist_training.config import Recipe, WeightOfEvents
from shortlist_training.offline import serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.slices import slices
from shortlist_training.table import TrainingTable, prepare

USERS, ITEMS, VIEWS = 120, 40, 2_880
START = datetime(2024, 1, 1, tzinfo=UTC)
SMALL = Recipe(slices=2, queries_per_slice=200, candidates=50, tower_steps=30, sequence_batches=0, ranker_epochs=1)
WATCHED = SMALL.model_copy(update={"events": {"view": WeightOfEvents(value=ByValue.LINEAR, unit=60)}})


def watched() -> Dataset:
    """Users of even numbers watch items of even numbers for minutes, and turn others off at once."""
    generator = np.random.default_rng(5)
    users, items = generator.integers(USERS, size=VIEWS), generator.integers(ITEMS, size=VIEWS)
    frame = {
        "user_id": [f"u{user}" for user in users],
        "item_id": [f"i{item}" for item in items],
        "timestamp": [START + timedelta(hours=hour) for hour in range(VIEWS)],
        "event_type": "view",
        "value": np.where(users % 2 == items % 2, 120, 0).astype(np.float32),
    }
    return Dataset.of(pl.DataFrame(frame))


@pytest.fixture(scope="module")
def table() -> TrainingTable:
    return prepare(watched(), None)


def test_what_users_took_gains_its_weight(table: TrainingTable) -> None:
    histories = replace(table.histories, rules=WATCHED.event_weights)
    *_, cut = slices(histories, np.ones(ITEMS, np.bool_), 2, 200, 1)
    *_, unweighed = slices(table.histories, np.ones(ITEMS, np.bool_), 2, 200, 1)
    owners = np.repeat(cut.users, np.diff(cut.taken_offsets))
    taken = np.array([int(table.item_ids[row][1:]) for row in cut.taken])
    of_users = np.array([int(table.user_ids[row][1:]) for row in owners])
    assert (taken % 2 == of_users % 2).all(), "what was turned off at once is not what users took"
    assert cut.gains.max() == 2 and unweighed.gains.max() == 1


def test_nobody_wants_anything_by_weights_of_nothing(table: TrainingTable) -> None:
    nothing = SMALL.model_copy(update={"events": {"view": WeightOfEvents(weight=0)}})
    with pytest.raises(DataError, match=r"by the weights in the recipe's \[events\]"):
        train(table, nothing, 1, lambda _: None)


@pytest.mark.system
def test_the_bundle_keeps_the_weights_and_lists_follow_them(table: TrainingTable, tmp_path: Path) -> None:
    publish(train(table, WATCHED, 1, lambda _: None), tmp_path, 1)
    bundle = BundleStore(tmp_path).load()
    assert bundle.manifest.settings["events"] == {"view": {"weight": 1.0, "value": "linear", "unit": 60.0}}
    moment = int((START + timedelta(hours=VIEWS)).timestamp() * 1e6)

    def seen(item: int, seconds: float) -> Event:
        return Event("", "", f"i{item}", moment, EventType.VIEW, seconds)

    with serving_offline(bundle) as recommender:
        ids = recommender.bundle.bundled.ids

        def odd_share(*context: Event) -> float:
            lists = recommender.recommend([Query(context=tuple(context), count=10)]).items
            return float(np.mean([int(ids[int(row)][1:]) % 2 for row in lists[0] if row >= 0]))

        assert odd_share(seen(1, 100), seen(3, 100)) >= 0.9
        assert odd_share(seen(2, 100), seen(4, 100)) <= 0.1
        assert odd_share(seen(1, 100), seen(2, 0), seen(4, 0)) >= 0.9, "what was turned off says nothing"
