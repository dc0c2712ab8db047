"""Data without times and data of one day train and serve: windows that are equal are one, and others keep apart."""

from datetime import UTC, datetime, timedelta

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

START = datetime(2024, 1, 1, tzinfo=UTC)
SMALL = Recipe(slices=2, queries_per_slice=100, candidates=100, tower_steps=10, sequence_batches=0, ranker_epochs=1)


@pytest.mark.system
@pytest.mark.parametrize(
    ("minutes", "windows"), [(0, ["popular"]), (11, ["popular_33m", "popular_1h", "popular_2h", "popular"])]
)
def test_data_of_any_span_trains_and_serves(tmp_path, minutes, windows):
    events = pl.DataFrame(
        {
            "user_id": [f"u{i % 13}" for i in range(120)],
            "item_id": [f"i{i * i * 7 % 23}" for i in range(120)],
            "timestamp": [START + timedelta(minutes=minutes * i) for i in range(120)],
        }
    )
    trained = train(prepare(Dataset.of(events), None), SMALL, 1, lambda _: None)
    publish(trained, tmp_path, 1)
    with serving_offline(BundleStore(tmp_path).load()) as recommender:
        names = recommender.bundle.retriever.sources
        assert [name for name in names if name.startswith("popular")] == windows
        assert (recommender.recommend([Query(user_id="nobody", count=5)]).items >= 0).all()
