"""What is told of a data set: the counts, what there is none of, and what is unusual."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from shortlist_data.dataset import Dataset
from shortlist_data.summary import Summary

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = int((START + timedelta(days=10)).timestamp()) * 1_000_000


def events(**columns: Any) -> pl.DataFrame:
    rows = {
        "user_id": ["ann", "bob", "ann", "eve"],
        "item_id": ["a", "a", "b", "nameless"],
        "timestamp": [START + timedelta(days=i) for i in range(4)],
        "event_type": ["view", "view", "purchase", "view"],
    }
    return pl.DataFrame(rows | columns)


ITEMS = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "bare"],
        "title": ["Mug", "Pot", "", ""],
        "categories": [["kitchen"], [], ["x", "y"], []],
        "price": [1.5, None, None, None],
        "attributes": [
            [{"key": "size", "value": "L"}, {"key": "size", "value": "M"}],
            [],
            [{"key": "ean", "value": "1"}],
            [],
        ],
    }
)
USERS = pl.DataFrame({"user_id": ["ann", "new", "plain"], "attributes": [[{"key": "land", "value": "FR"}]] * 2 + [[]]})


def summary(interactions: pl.DataFrame | None = None, items: pl.DataFrame | None = ITEMS) -> Summary:
    return Summary.of(Dataset.of(events() if interactions is None else interactions, items, USERS), NOW)


def test_everything_is_counted() -> None:
    assert summary() == Summary(
        interactions=4,
        users=3,
        items=5,
        first=int(START.timestamp()) * 1_000_000,
        last=int((START + timedelta(days=3)).timestamp()) * 1_000_000,
        event_types={"view": 3, "purchase": 1},
        filled={"title": 2, "text": 0, "categories": 2, "price": 1, "embedding": 0, "picture": 0},
        described=3,
        described_taken=2,
        undescribed_interactions=1,
        item_attributes={"ean": 1, "size": 1},
        user_attributes={"land": 2},
        users_described=2,
        users_described_seen=1,
        unusual=(),
    )
    assert summary().missing() == []
    assert summary().missing(["text", "title"]) == ["no item has a text, although there is a column for it"]


def test_data_of_nothing_is_counted_too() -> None:
    empty = Summary.of(Dataset.of(events().clear()), NOW)
    assert (empty.interactions, empty.first, empty.last, empty.event_types) == (0, None, None, {})
    assert empty.missing()[0] == "there are no interactions"


@pytest.mark.parametrize(
    ("interactions", "items", "sentence"),
    [
        (None, None, "no item is described"),
        (events(item_id=["x"] * 4), ITEMS, "none of the 3 described items occurs in an interaction"),
        (events(user_id=["x"] * 4), ITEMS, "none of the 2 users with attributes occurs in an interaction"),
        (None, ITEMS.with_columns(title=pl.lit("")), "no item has a title"),
    ],
)
def test_what_there_is_none_of_is_told(
    interactions: pl.DataFrame | None, items: pl.DataFrame | None, sentence: str
) -> None:
    [said] = summary(interactions, items).missing()
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"timestamp": [START, START, START + timedelta(days=11, hours=1), START + timedelta(days=900)]},
            "2 interactions lie more than a day in the future, the newest at 2026-06-19 00:00 UTC: training refuses",
        ),
        ({"timestamp": [START] * 4}, "all interactions have the same time, 2024-01-01 00:00 UTC: "),
        (
            {"timestamp": [datetime(1970, 1, 1, tzinfo=UTC), START, START, START]},
            "1 interactions lie before 1980, the oldest at 1970-01-01 00:00 UTC: are their times understood?",
        ),
        ({"user_id": ["ann b", "bob", "ann b", "eve x"]}, "2 user ids contain blanks, such as 'ann b'"),
        ({"item_id": ["a", "a b", "b", "b"]}, "1 item ids contain blanks, such as 'a b'"),
    ],
)
def test_what_is_unusual_is_told(columns: dict[str, Any], sentence: str) -> None:
    [said] = summary(events(**columns)).unusual
    assert said.startswith(sentence)
