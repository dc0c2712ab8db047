"""Groups of users and items, against what a plain loop over the events says."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from shortlist_core.types import DAY
from shortlist_data.dataset import Dataset
from shortlist_evaluation.groupings import MOST_CATEGORIES, item_groupings, user_groupings
from shortlist_evaluation.protocol import Heldout

CUT = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def dataset():
    """Events of two years before the cut and ten days after it; users and items begin at any time."""
    generator = np.random.default_rng(4)
    n = 6_000
    users = np.minimum(generator.geometric(0.03, n), 150)
    items = np.minimum(generator.geometric(0.02, n), 200)
    days = np.maximum(generator.uniform(-730, 10, n), np.where(users % 3, -730, -2.0 * users))
    events = pl.DataFrame({"user_id": users.astype(str), "item_id": items.astype(str)}).with_columns(
        pl.Series("timestamp", CUT + (days * DAY).astype(np.int64)).cast(pl.Datetime("us", "UTC"))
    )
    names = [str(item) for item in range(1, 201)]
    categories = [[f"c{int(name) % 20}"] if int(name) % 7 else [] for name in names]
    return Dataset.of(events.sort("timestamp"), pl.DataFrame({"item_id": names, "categories": categories}))


@pytest.fixture(scope="module")
def heldout(dataset):
    return Heldout.of(dataset, CUT)


def before(dataset):
    times = dataset.interactions["timestamp"].dt.timestamp("us").to_list()
    rows = zip(*dataset.interactions.select("user_id", "item_id").to_dict(as_series=False).values(), times, strict=True)
    return [(user, item, time) for user, item, time in rows if time < CUT]


def days_known(dataset, who):
    first = {}
    for event in before(dataset):
        first[event[who]] = min(first.get(event[who], CUT), event[2])
    return {name: (CUT - time) / DAY for name, time in first.items()}


def members(grouping, ids):
    return {name: {ids[row] for row in np.flatnonzero(mask)} for name, mask in grouping.groups.items()}


def age(days):
    names = ((7, "up to a week"), (30, "up to a month"), (90, "up to 3 months"), (365, "up to a year"))
    return next((name for most, name in names if days <= most), "more than a year")


def grouped(names, group_of):
    found = {}
    for name in names:
        found.setdefault(group_of(name), set()).add(name)
    return found


def test_users_by_activity_and_age(dataset, heldout):
    counts = {}
    for user, _, _ in before(dataset):
        counts[user] = counts.get(user, 0) + 1

    def activity(user):
        n = counts[user]
        return "1 to 3" if n <= 3 else "4 to 15" if n <= 15 else "16 to 50" if n <= 50 else "more than 50"

    days = days_known(dataset, 0)
    by_activity, by_age = user_groupings(heldout)
    assert members(by_activity, heldout.user_ids) == grouped(heldout.user_ids, activity)
    assert members(by_age, heldout.user_ids) == grouped(heldout.user_ids, lambda user: age(days[user]))
    assert len(by_activity.groups) > 2 and len(by_age.groups) > 1


def test_the_least_and_the_most_active_are_the_cold_and_the_heavy_users_of_the_table(heldout):
    groups, table = user_groupings(heldout)[0].groups, heldout.user_segments()
    assert groups["1 to 3"].tolist() == table["cold"].tolist()
    assert groups["more than 50"].tolist() == table["heavy"].tolist()


def test_items_by_age_and_popularity(dataset, heldout):
    ids = heldout.train.item_ids.to_list()
    days = days_known(dataset, 1)
    by_age, by_popularity, _ = item_groupings(heldout, dataset.items)
    assert members(by_age, ids) == grouped(ids, lambda item: age(days[item]))

    users_of = {item: len({user for user, other, _ in before(dataset) if other == item}) for item in ids}
    ordered = sorted(ids, key=lambda item: -users_of[item])  # stable, as ties are
    found = members(by_popularity, ids)
    assert list(found) == ["most popular", *(f"tenth {i}" for i in range(2, 10)), "least popular"]
    assert [item for part in found.values() for item in sorted(part, key=ordered.index)] == ordered
    assert max(map(len, found.values())) - min(map(len, found.values())) <= 1


def test_items_by_category_are_those_of_which_most_was_taken(dataset, heldout):
    ids = heldout.train.item_ids.to_list()
    of_item = dict(dataset.items.select("item_id", "categories").iter_rows())
    taken = {}
    for row in heldout.relevant.items:
        for category in of_item[ids[row]]:
            taken[category] = taken.get(category, 0) + 1
    most = sorted(taken, key=lambda name: (-taken[name], name))[:MOST_CATEGORIES]
    found = members(item_groupings(heldout, dataset.items)[2], ids)
    assert list(found) == [*most, "all others"]
    for name in most:
        assert found[name] == {item for item in ids if name in of_item[item]}
    assert found["all others"] == {item for item in ids if not set(of_item[item]) & set(most)}


def test_without_categories_there_is_no_such_grouping(dataset, heldout):
    bare = dataset.items.with_columns(pl.Series("categories", [[]] * len(dataset.items), pl.List(pl.String)))
    assert [each.title for each in item_groupings(heldout, bare)] == ["Items by age", "Items by popularity"]
