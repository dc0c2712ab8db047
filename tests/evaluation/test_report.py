import io
import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from shortlist_core.errors import DataError
from shortlist_core.types import DAY
from shortlist_data.dataset import Dataset
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.report import Report, evaluate_lists, item_stats
from shortlist_evaluation.suite import baselines, rank

CUT = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture
def dataset():
    """Items a-e known by 4, 3, 2, 1, 1 users; ann goes on to b and e, bob to d."""
    past = [("ann", "a"), ("bob", "a"), ("cid", "a"), ("dan", "a"), ("bob", "b"), ("cid", "b"), ("dan", "b")]
    past += [("bob", "c"), ("cid", "c"), ("cid", "d"), ("dan", "e")]
    later = [("ann", "b"), ("ann", "e"), ("bob", "d")]
    times = [CUT - DAY] * len(past) + [CUT + DAY] * len(later)
    users, items = zip(*past, *later, strict=True)
    events = pl.DataFrame({"user_id": users, "item_id": items}).with_columns(
        pl.Series("timestamp", times).cast(pl.Datetime("us", "UTC"))
    )
    titles = ["red mug", "red cup", "blue cup", "blue plate", "green plate"]
    return Dataset.of(events, pl.DataFrame({"item_id": list("abcde"), "title": titles}))


@pytest.fixture
def heldout(dataset):
    return Heldout.of(dataset, CUT)


LISTS = np.array([[0, 2, 1, -1], [3, 4, 3, -1]], np.int32)
"""For ann: the a she has, c, b. For bob: d, e, d again."""


def test_numbers_by_hand(heldout):
    found = evaluate_lists(LISTS, heldout, item_stats(heldout))
    ann = (1 / np.log2(3)) / (1 + 1 / np.log2(3))  # a is taken out, so that b stands second
    assert found["ndcg@10"] == pytest.approx((ann + 1) / 2)
    assert found["hit@10"] == 1
    assert found["recall@20"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["mrr@10"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["precision@10"] == pytest.approx(1 / 10)
    assert found["coverage@10"] == pytest.approx(4 / 5)  # b, c, d, e
    assert found["popularity@10"] == pytest.approx(((2 + 3) / 2 + 1) / 2)
    assert found["novelty@10"] == pytest.approx(((1 + np.log2(4 / 3)) / 2 + 2) / 2)
    assert found["list_length"] == 2
    low, high = found["ndcg@10_ci95"]
    assert low <= found["ndcg@10"] <= high
    assert "diversity@10" not in found


def test_segments_by_hand(heldout):
    segments = evaluate_lists(LISTS, heldout, item_stats(heldout))["segments"]
    assert segments["users"]["cold"]["users"] == 2
    assert segments["users"]["heavy"] == {
        "users": 0,
        "ndcg@10": None,
        "hit@10": None,
        "recall@20": None,
        "recall@500": None,
    }
    # The head is item a alone, which nobody newly wants; b, e and d are tail.
    assert segments["items"]["head"] == {"relevant": 0, "recall@20": None, "recall@100": None, "recall@500": None}
    assert segments["items"]["tail"]["relevant"] == 3
    assert segments["items"]["tail"]["recall@20"] == pytest.approx(0.75)


def test_lists_that_do_not_match_the_users_are_refused(heldout):
    with pytest.raises(DataError, match=r"shape \(1, 4\); expected one for each of 2 test users"):
        evaluate_lists(LISTS[:1], heldout, item_stats(heldout))


def test_systems_are_asked_for_the_test_users(heldout):
    asked = []

    def system(user_ids):
        asked.extend(user_ids)
        return LISTS

    report = Report(heldout)
    report.measure("ours", system)
    assert asked == ["ann", "bob"]
    assert report.systems["ours"]["recall@20"] == pytest.approx(0.75)


def test_difference_is_over_the_same_users(heldout):
    report = Report(heldout)
    report.add("ours", LISTS)
    report.add("nothing", np.full((2, 4), -1, np.int32))
    gain = report.difference("ours", "nothing", "recall@20")
    assert gain["mean"] == pytest.approx(0.75)
    assert gain["ci95"] == [0.5, 1.0]
    assert report.difference("ours", "ours")["ci95"] == [0, 0]


def test_json_says_what_was_measured_and_how(heldout):
    report = Report(heldout)
    report.add("nothing", np.full((2, 4), -1, np.int32))
    as_json = report.to_json()
    assert json.loads(json.dumps(as_json, allow_nan=False)) == as_json
    assert as_json["protocol"] == {
        "since": "2024-01-10T00:00:00+00:00",
        "test_users": 2,
        "items": 5,
        "training_users": 4,
        "training_events": 11,
        "relevant_items": 3,
    }
    assert as_json["systems"]["nothing"]["novelty@10"] is None


def test_every_baseline_runs_and_prints(dataset, heldout):
    report = Report(heldout)
    for name, fit in baselines(heldout.train, dataset.items).items():
        ranked = rank(fit(), heldout, k=5)
        assert ranked.shape == (2, 5)
        assert not heldout.seen.contain(ranked).any()
        report.add(name, ranked)
    out = io.StringIO()
    Console(file=out, width=250).print(*report.told())
    for words in ("2 test users, 5 items", "item-kNN", "EASE", "hybrid", "NDCG@10", "recall@100, tail"):
        assert words in out.getvalue()


def test_methods_too_large_are_left_out_with_a_line(dataset, heldout, monkeypatch):
    for limit in ("EASE_ITEMS", "BPR_ENTRIES", "TRANSITION_VOTES"):
        monkeypatch.setattr(f"shortlist_evaluation.suite.{limit}", -1)
    said = []
    fits = baselines(heldout.train, dataset.items, notice=said.append)
    assert len(said) == 3
    assert said[0].startswith("EASE left out") and "5 x 5" in said[0]
    assert not any(name.startswith(("EASE", "BPR", "transitions")) for name in fits)
    assert "iALS, 64 factors" in fits


def test_ranking_in_small_chunks_changes_nothing(dataset, heldout, monkeypatch):
    fit = baselines(heldout.train, dataset.items)["item-kNN, tf-idf"]
    whole = rank(fit(), heldout)
    monkeypatch.setattr("shortlist_evaluation.suite.SCORES_AT_A_TIME", 1)
    assert rank(fit(), heldout).tolist() == whole.tolist()
