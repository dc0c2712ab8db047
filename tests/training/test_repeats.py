"""Groceries: four things that everybody takes every week come first where seen items may come again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import EventType, Int32s
from shortlist_data.dataset import Dataset
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_training.config import Recipe
from shortlist_training.offline import serving_offline
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare

USERS, ITEMS, WEEKS = 80, 60, 16
START = datetime(2024, 1, 1, tzinfo=UTC)
SMALL = Recipe(slices=2, queries_per_slice=200, candidates=100, tower_steps=10, sequence_batches=0, ranker_epochs=1)


@pytest.mark.system
def test_what_is_taken_every_week_comes_first_and_says_why(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    rows, weekly = [], {}
    for user in range(USERS):
        own = generator.choice(ITEMS, 4, replace=False)
        weekly[f"u{user}"] = {f"i{item}" for item in own}
        for week in range(WEEKS):
            basket = [int(item) for item in own if generator.random() < 0.9] + [int(generator.integers(ITEMS))]
            at = START + timedelta(weeks=week, minutes=user)
            rows += [(f"u{user}", f"i{item}", at, "purchase", 1.0) for item in basket]
    frame = pl.DataFrame(rows, ["user_id", "item_id", "timestamp", "event_type", "value"], orient="row")
    dataset = Dataset.of(frame.sort("timestamp").with_columns(pl.col("value").cast(pl.Float32)))
    publish(train(prepare(dataset, None), SMALL, 1, lambda _: None), tmp_path, 1)
    with serving_offline(BundleStore(tmp_path).load()) as recommender:
        ids = recommender.bundle.bundled.ids
        users = list(weekly)

        def lists(policy: SeenItems | None) -> Int32s:
            return recommender.recommend([Query(user_id=user, count=4, seen_items=policy) for user in users]).items

        again = lists(SeenItems.KEEP)
        first = [len({ids[int(row)] for row in rows} & weekly[user]) for user, rows in zip(users, again, strict=True)]
        dropped, repeats, usual = lists(SeenItems.DROP), lists(SeenItems.REPEATS), lists(None)
        seen = Counter((row[0], row[1]) for row in rows)
        request = PendingRequest(Query(user_id=users[0], count=4, seen_items=SeenItems.KEEP), RequestContext())
        pipeline = Pipeline(recommender.users, recommender.thread)
        pipeline.recommend(recommender.bundle, [request], Run())
        answer = request.result()
    reasons = answer.reasons
    assert [reasons.sources[speaker] for speaker in reasons.speakers] == ["buy_again"] * 4
    assert reasons.anchors.tolist() == answer.items.tolist()
    assert set(reasons.done.tolist()) == {EventType.PURCHASE}
    assert np.mean(first) / 4 >= 0.9
    assert np.array_equal(repeats, again)  # of what everybody takes every week, all that comes first is likely
    assert np.array_equal(usual, repeats)  # most of what they take they had taken before
    assert not any((user, ids[int(row)]) in seen for user, rows in zip(users, dropped, strict=True) for row in rows)
