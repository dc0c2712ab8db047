from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_core.types import EventType
from shortlist_data.dataset import Dataset
from shortlist_training.table import prepare

START = datetime(2024, 1, 1, tzinfo=UTC)


def shop(events=80):
    rows = range(events)
    interactions = pl.DataFrame(
        {
            "user_id": [f"u{i % 7}" for i in rows],
            "item_id": [f"i{i * i % 11}" for i in rows],
            "timestamp": [START + timedelta(days=i) for i in rows],
            "event_type": [("view", "purchase", "dislike")[i % 3] for i in rows],
            "value": [float(i) for i in rows],
        }
    )
    items = pl.DataFrame(
        {
            "item_id": ["i0", "untouched", "i1"],
            "title": ["Mug", "Ghost", "Pot"],
            "categories": [["a", "b"], [], ["b"]],
            "price": [2.5, None, 1.0],
        }
    )
    return Dataset.of(interactions, items)


def history(table, user):
    return table.histories.history(table.user_ids.index(user))


def test_histories_are_each_users_events_in_time():
    dataset = shop()
    table = prepare(dataset, None)
    assert len(table.histories) == len(table.user_ids) == 7
    for row, user in enumerate(table.user_ids):
        own = dataset.interactions.filter(pl.col("user_id") == user)
        assert [table.item_ids[i] for i in table.histories.history(row)] == own["item_id"].to_list()
        span = slice(table.histories.offsets[row], table.histories.offsets[row + 1])
        assert table.histories.times[span].tolist() == own["timestamp"].dt.timestamp("us").to_list()
        assert [EventType(t).name.lower() for t in table.histories.types[span]] == own["event_type"].to_list()
        assert table.histories.values[span].tolist() == own["value"].to_list()


def test_now_is_just_after_the_last_event_or_the_time_asked_for():
    last = int((START + timedelta(days=79)).timestamp() * 1_000_000)
    table = prepare(shop(), None)
    assert table.as_of == last + 1 == table.histories.now[0]
    cut = int((START + timedelta(days=60)).timestamp() * 1_000_000)
    until = prepare(shop(), cut)
    assert until.as_of == cut
    assert len(until.histories.items) == 60
    assert (until.histories.times < cut).all()


def test_items_that_nobody_touched_are_in_the_table_and_known_to_be_so():
    table = prepare(shop(), None)
    known = dict(zip(table.item_ids, table.features.has_history.tolist(), strict=True))
    assert known["untouched"] is False
    assert known["i0"] is True
    assert np.isnan(table.prices[table.item_ids.index("untouched")])
    assert table.titles[table.item_ids.index("i1")] == "Pot"


def test_an_item_of_the_future_is_not_in_the_catalogue():
    dataset = shop()
    first = dataset.interactions.filter(pl.col("item_id") == "i5")["timestamp"].min()
    table = prepare(dataset, int(dataset.interactions["timestamp"].max().timestamp() * 1_000_000))
    assert "i5" in table.item_ids
    events = dataset.interactions.filter((pl.col("timestamp") > first) | (pl.col("item_id") != "i5"))
    late = Dataset.of(
        pl.concat(
            [
                events,
                dataset.interactions.head(1).with_columns(
                    item_id=pl.lit("new"), timestamp=pl.lit(START + timedelta(days=200)).cast(pl.Datetime("us", "UTC"))
                ),
            ]
        )
    )
    assert "new" not in prepare(late, int((START + timedelta(days=100)).timestamp() * 1_000_000)).item_ids


@pytest.mark.parametrize(("events", "until"), [(49, None), (0, None), (80, 49)])
def test_too_little_to_learn_from(events, until):
    as_of = None if until is None else int((START + timedelta(days=until)).timestamp() * 1_000_000)
    with pytest.raises(DataError, match=r"there are \d+ interactions.*at least 50"):
        prepare(shop(events), as_of)


def with_attributes(dataset, attributes):
    pairs = [[{"key": key, "value": value} for key, value in own] for own in attributes.values()]
    return Dataset.of(
        dataset.interactions, dataset.items, pl.DataFrame({"user_id": list(attributes), "attributes": pairs})
    )


def test_values_that_enough_users_with_events_share_are_groups(monkeypatch):
    monkeypatch.setattr("shortlist_training.table.FEWEST_MEMBERS", 2)
    people = {f"u{i}": [("country", "Spain" if i < 4 else "France"), ("shoe size", str(i))] for i in range(7)}
    people["u6"] = []
    people |= {"quiet": [("country", "Spain"), ("country", "Malta")], "silent": [("country", "Malta")]}
    table = prepare(with_attributes(shop(), people), None)
    assert table.groups == (("country", "Spain"), ("country", "France")), "the largest first"
    assert table.histories.groups.ravel().tolist() == [0, 0, 0, 0, 1, 1, -1]
    assert dict(table.group_members) == {f"u{i}": [0 if i < 4 else 1] for i in range(6)} | {"quiet": [0]}


def test_only_users_before_the_time_asked_for_make_groups(monkeypatch):
    monkeypatch.setattr("shortlist_training.table.FEWEST_MEMBERS", 7)
    everybody = with_attributes(shop(), {f"u{i}": [("country", "Spain")] for i in range(7)})
    assert prepare(everybody, None).groups == (("country", "Spain"),)
    later = pl.col("user_id") != "u6"
    without = Dataset.of(everybody.interactions.filter(later), everybody.items, everybody.users)
    assert prepare(without, None).groups == ()


def test_without_attributes_there_are_no_groups():
    table = prepare(shop(), None)
    assert (table.groups, table.histories.groups) == ((), None)


def test_an_item_came_out_when_it_says_or_with_its_first_event():
    dataset = shop()
    said = pl.DataFrame(
        {
            "item_id": ["i0", "untouched", "i1", "old"],
            "release_time": [START - timedelta(days=5), None, None, datetime(1970, 1, 1, tzinfo=UTC)],
            "available": [False, True, None, True],
            "attributes": [[{"key": "colour", "value": "red"}], [], [], []],
        }
    )
    table = prepare(Dataset.of(dataset.interactions, said), None)
    released = dict(zip(table.item_ids, table.released.tolist(), strict=True))
    second = int(START.timestamp())
    assert (released["i0"], released["untouched"], released["old"]) == (second - 5 * 86_400, 0, 1)
    assert (released["i1"], released["i4"]) == (second + 86_400, second + 2 * 86_400)  # 1 and 2 squared, modulo 11
    assert dict(zip(table.item_ids, table.available.tolist(), strict=True))["i0"] is False
    assert table.available.sum() == len(table.item_ids) - 1
    assert table.attributes[table.item_ids.index("i0")] == [("colour", "red")]
