"""Quality on real orders, through the command line alone. Needs a folder SHORTLIST_DATA with online-retail/ inside.

Learn from what lies before 2011-10-01, rank the whole catalogue for the 1,753 customers who came back for something
new. The bars are what well-known libraries reach under the same protocol (docs/explanation/quality.md).
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_data import online_retail
from shortlist_data.splits import parse_time
from shortlist_evaluation.metrics import hit_at, ndcg_at, recall_at
from shortlist_evaluation.protocol import Heldout

FOLDER = Path(os.environ.get("SHORTLIST_DATA", "")) / "online-retail"
SINCE = "2011-10-01"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not (os.environ.get("SHORTLIST_DATA") and FOLDER.is_dir()),
        reason="QUALITY NOT CHECKED on real data: set SHORTLIST_DATA to a folder that holds online-retail/",
    ),
]


def shortlist(*arguments):
    subprocess.run([sys.executable, "-P", "-m", "shortlist_cli.main", *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def dataset():
    return online_retail.read(FOLDER).dataset


@pytest.fixture(scope="module")
def heldout(dataset):
    return Heldout.of(dataset, parse_time(SINCE))


@pytest.fixture(scope="module")
def bundles(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("online-retail")
    dataset.write(folder / "data")
    shortlist("train", "--data", folder / "data", "--bundles", folder / "bundles", "--until", SINCE)
    return folder / "bundles"


def test_both_stages_beat_what_a_strong_practitioner_builds(bundles, heldout, tmp_path):
    (tmp_path / "users.txt").write_text("\n".join(heldout.user_ids))
    shortlist(
        "recommend", "--bundles", bundles, "--users", tmp_path / "users.txt", "--out", tmp_path / "lists.csv",
        "--count", 10,
    )  # fmt: skip
    frame = pl.read_csv(tmp_path / "lists.csv", schema_overrides={"user_id": pl.String, "item_id": pl.String})
    lists = np.full((len(heldout), 10), -1, np.int32)
    users = {user: row for row, user in enumerate(heldout.user_ids)}
    lists[[users[user] for user in frame["user_id"]], frame["rank"].to_numpy() - 1] = heldout.item_rows(
        frame["item_id"]
    )
    ranked = heldout.admit(lists)
    assert ndcg_at(ranked, heldout.relevant, 10).mean() >= 0.132
    assert hit_at(ranked, heldout.relevant, 10).mean() >= 0.545


def test_stage_one_loses_little_and_the_two_towers_beat_popularity(bundles, dataset, heldout):
    from shortlist_bundle import BundleStore
    from shortlist_training.assess import of_users, source_alone
    from shortlist_training.offline import serving_offline

    past, queries = dataset.until(parse_time(SINCE)).interactions, of_users(heldout.user_ids)
    with serving_offline(BundleStore(bundles).load(), past) as recommender:
        retrieved = recommender.retrieve(queries).items
        tower = source_alone(recommender, "two_tower", queries)
        rows = heldout.item_rows(list(recommender.bundle.bundled.ids))

    def recall(items, k):
        ranked = heldout.admit(np.where(items < 0, -1, rows[items]))
        return recall_at(ranked, heldout.relevant, k).mean()

    assert recall(retrieved, 500) >= 0.60
    assert recall(tower, 100) > 0.135
    assert recall(tower, 500) > 0.424
