"""What a report's page shows of systems, against plain loops over the users."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from shortlist_core.types import DAY
from shortlist_data.dataset import Dataset
from shortlist_evaluation.groupings import item_groupings, user_groupings
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.report import Report, item_stats
from shortlist_evaluation.sections import (
    best_baseline,
    comparisons,
    differences,
    estimate,
    segments,
    systems,
    taken_metrics,
)

CUT = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000
ROLES = {"ours": "both stages", "one": "stage one"}


@pytest.fixture(scope="module")
def dataset():
    generator = np.random.default_rng(8)
    n, days = 4_000, generator.uniform(-300, 20, 4_000)
    events = pl.DataFrame(
        {"user_id": generator.integers(0, 90, n).astype(str), "item_id": generator.geometric(0.02, n).astype(str)}
    ).with_columns(pl.Series("timestamp", CUT + (days * DAY).astype(np.int64)).cast(pl.Datetime("us", "UTC")))
    names = events["item_id"].unique().sort()
    kinds = pl.Series("categories", [[f"kind {int(name) % 4}"] for name in names], pl.List(pl.String))
    return Dataset.of(events.sort("timestamp"), pl.DataFrame({"item_id": names}).with_columns(kinds))


@pytest.fixture(scope="module")
def heldout(dataset):
    return Heldout.of(dataset, CUT)


@pytest.fixture(scope="module")
def report(heldout):
    """Ours knows a third of what is wanted, one a sixth, the baselines a list for all and nothing."""
    found, generator = Report(heldout), np.random.default_rng(1)
    n = len(heldout.train.item_ids)
    for name, share in (("ours", 0.33), ("one", 0.16)):
        lists = np.array([generator.permutation(n) for _ in range(len(heldout))], np.int32)
        for user in range(len(heldout)):
            wanted = heldout.relevant.items[heldout.relevant.offsets[user] : heldout.relevant.offsets[user + 1]]
            known = wanted[generator.random(len(wanted)) < share]
            lists[user, : len(known)] = known
        found.add(name, lists)
    found.add("all alike", np.tile(np.arange(n, dtype=np.int32), (len(heldout), 1)))
    found.add("nothing", np.full((len(heldout), 1), -1, np.int32))
    return found


def test_users_groups_have_their_own_means(report, heldout, dataset):
    shown = segments(report, heldout, dataset.items, ["ours", "one"])
    for each, grouping in zip(shown, user_groupings(heldout), strict=False):
        assert each.title == grouping.title
        for group, members in zip(each.groups, grouping.groups.values(), strict=True):
            assert group.size == members.sum()
            for name in ("ours", "one"):
                ndcgs = [report.per_user(name)[user] for user in np.flatnonzero(members)]
                assert group.of_systems[name].mean == pytest.approx(np.mean(ndcgs))
                assert group.of_systems[name].low <= np.mean(ndcgs) <= group.of_systems[name].high


def test_item_groups_have_the_share_that_was_found_of_what_was_wanted_of_them(report, heldout, dataset):
    shown = {each.title: each for each in segments(report, heldout, dataset.items, ["ours"])}
    assert len(shown) == 5
    for grouping in item_groupings(heldout, dataset.items):
        for name, mask in grouping.groups.items():
            found, size = [], 0
            for user in range(len(heldout)):
                own = heldout.relevant.items[heldout.relevant.offsets[user] : heldout.relevant.offsets[user + 1]]
                wanted = {int(item) for item in own if mask[item]}
                size += len(wanted)
                if wanted:
                    found.append(len(wanted & set(report.first("ours")[user].tolist())) / len(wanted))
            [group] = [group for group in shown[grouping.title].groups if group.name == name]
            assert group.size == size
            assert group.of_systems["ours"].mean == (pytest.approx(np.mean(found)) if found else None)


def test_differences_are_those_of_the_report(report):
    [first, second] = differences(report, "ours", ["one", "all alike"])
    expected = report.difference("ours", "one")
    assert (first.gain.mean, [first.gain.low, first.gain.high]) == (expected["mean"], expected["ci95"])
    assert second.other == "all alike"
    [compared] = comparisons(report, "ours", {"one": "stage one"})
    assert (compared.mean, compared.low) == (first.gain.mean, first.gain.low)
    assert compared.reached == report.systems["one"]["ndcg@10"]
    assert compared.outcome == "better"


def test_the_best_baseline_is_the_best_of_those_without_a_role(report):
    assert best_baseline(report, ROLES) == "all alike"
    assert best_baseline(report, dict.fromkeys(report.systems, "part")) is None
    shown = {system.name: system for system in systems(report, ROLES)}
    assert [system.role for system in shown.values()] == ["both stages", "stage one", "baseline", "baseline"]
    assert shown["ours"].ndcg.mean == report.systems["ours"]["ndcg@10"]
    assert "segments" not in shown["ours"].metrics and "ndcg@10_ci95" not in shown["ours"].metrics


def test_what_users_took_is_measured_as_lists_are(heldout):
    stats, head = item_stats(heldout), item_stats(heldout).head
    shares, popularity = [], []
    for user in range(len(heldout)):
        own = heldout.relevant.items[heldout.relevant.offsets[user] : heldout.relevant.offsets[user + 1]]
        shares.append(np.mean(head[own]))
        popularity.append(np.mean(stats.users[own]))
    found = taken_metrics(heldout, stats)
    assert found["head@10"] == pytest.approx(np.mean(shares))
    assert found["popularity@10"] == pytest.approx(np.mean(popularity))


def test_an_estimate_of_nothing_has_no_interval():
    assert estimate(np.array([np.nan])).mean is None
    assert estimate(np.array([0.5, np.nan])).low == 0.5
