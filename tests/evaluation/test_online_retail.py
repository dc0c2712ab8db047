"""The published table on real orders. Needs a folder SHORTLIST_DATA with online-retail/ inside."""

import os
from pathlib import Path

import pytest

from shortlist_data import online_retail
from shortlist_data.splits import parse_time
from shortlist_evaluation.metrics import hit_at, ndcg_at, recall_at
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.suite import baselines, rank

FOLDER = Path(os.environ.get("SHORTLIST_DATA", "")) / "online-retail"

pytestmark = [
    pytest.mark.system,  # fits models to real data
    pytest.mark.skipif(
        not (os.environ.get("SHORTLIST_DATA") and FOLDER.is_dir()),
        reason="NOT CHECKED against real data: set SHORTLIST_DATA to a folder that holds online-retail/",
    ),
]

TABLE = {  # NDCG@10, Hit@10, Recall@20, Recall@100, Recall@500, measured independently under the same protocol
    "popularity, all time": (0.0441, 0.287, 0.034, 0.135, 0.424),
    "popularity, last 14 days": (0.0829, 0.420, 0.060, 0.216, 0.578),
    "iALS, 64 factors": (0.1053, 0.485, 0.087, 0.223, 0.490),
    "item-kNN, tf-idf": (0.1022, 0.444, 0.085, 0.226, 0.501),
    "EASE": (0.1107, 0.508, 0.095, 0.239, 0.501),
    "EASE + 0.4 x popularity of 14 days": (0.1183, 0.537, 0.099, 0.270, 0.603),
}
SEEDED = {"iALS, 64 factors": 0.01}
"""Starting points differ between library builds; everything else is deterministic."""


@pytest.fixture(scope="module")
def dataset():
    return online_retail.read(FOLDER).dataset


@pytest.fixture(scope="module")
def heldout(dataset):
    return Heldout.of(dataset, parse_time("2011-10-01"))


def test_the_protocol_has_the_same_users_and_items(heldout):
    assert len(heldout) == 1753
    assert len(heldout.train.item_ids) == 3502


def test_baselines_reproduce_the_table(dataset, heldout):
    fits = baselines(heldout.train, dataset.items)
    for name, expected in TABLE.items():
        lists = rank(fits[name](), heldout)
        found = (
            ndcg_at(lists, heldout.relevant, 10).mean(),
            hit_at(lists, heldout.relevant, 10).mean(),
            *(recall_at(lists, heldout.relevant, k).mean() for k in (20, 100, 500)),
        )
        assert found == pytest.approx(expected, abs=SEEDED.get(name, 0.003)), name
