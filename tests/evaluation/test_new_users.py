"""New users, of whom no event is known: who counts, what is relevant, and what is found of it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from shortlist_core.types import DAY, NO_ITEM
from shortlist_data.dataset import Dataset
from shortlist_evaluation.new_users import NewUsers, new_users_tables
from shortlist_evaluation.protocol import Heldout

CUT = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000

PAST = [
    ("ann", "a", "view"),
    ("bob", "a", "view"),
    ("bob", "b", "view"),
    ("bob", "c", "view"),
    ("looker", "a", "impression"),
]
LATER = [
    ("ann", "b", "view"),
    ("zoe", "new", "view"),
    ("zoe", "c", "view"),
    ("zoe", "a", "view"),
    ("looker", "b", "view"),
    ("eve", "b", "view"),
    ("eve", "a", "dislike"),
    ("shown", "a", "impression"),
    ("odd", "new", "view"),
]


def dataset(later=LATER):
    users, items, types = zip(*PAST, *later, strict=True)
    times = [CUT - DAY] * len(PAST) + [CUT + i for i in range(len(later))]
    events = pl.DataFrame({"user_id": users, "item_id": items, "event_type": types}).with_columns(
        pl.Series("timestamp", times).cast(pl.Datetime("us", "UTC"))
    )
    of_zoe, of_eve = ([{"key": "country", "value": value}] for value in ("France", "Spain"))
    people = pl.DataFrame({"user_id": ["ann", "bob", "zoe", "eve"], "attributes": [of_eve, of_zoe, of_zoe, of_eve]})
    return Dataset.of(events, users=people)


def new_users(data):
    return NewUsers.of(data, Heldout.of(data, CUT).train)


@pytest.fixture
def new():
    return new_users(dataset())


def test_new_is_who_had_no_event_of_any_kind_and_then_wanted_a_known_item(new):
    assert new.user_ids == ["eve", "zoe"]
    assert new.attributes == [[("country", "Spain")], [("country", "France")]]


def test_relevant_is_what_they_wanted_of_the_training_catalogue(new):
    names = new.train.item_ids.gather(new.relevant.items).to_list()
    assert np.split(np.array(names), new.relevant.offsets[1:-1])[0].tolist() == ["b"]
    assert sorted(names[1:]) == ["a", "c"]
    assert new.first["item_id"].to_list() == ["b", "c"], "of items that the catalogue knows"
    assert new.train.item_ids.gather(new.rest.items).to_list() == ["a"]


def test_without_new_users_there_is_no_segment():
    assert new_users(dataset([("ann", "b", "view")])) is None


def test_popularity_is_the_same_for_everybody(new):
    lists = new.popular(None)
    assert new.train.item_ids.gather(lists[0][:1]).to_list() == ["a"]
    assert np.array_equal(lists[0], lists[1])


def test_means_are_over_all_and_over_those_without_the_most_common_value(new):
    a, b, c = (new.train.item_ids.to_list().index(name) for name in "abc")
    lists = np.array([[b, NO_ITEM, NO_ITEM], [b, a, c]], np.int32)
    found = new.to_json({"mine": lists}, {"mine": lists})
    assert (found["users"], found["with_attributes"], found["relevant_items"]) == (2, 2, 3)
    everybody, others = found["systems"]["mine"].values()
    discounts = 1 / np.log2(np.arange(3) + 2)
    zoe = discounts[1:].sum() / discounts[:2].sum()
    assert everybody["ndcg@10"] == pytest.approx((1 + zoe) / 2)
    assert (everybody["hit@10"], everybody["recall@100"], everybody["users"]) == (1, 1, 2)
    assert others["users"] == 1


def test_after_the_first_event_its_item_is_neither_listed_nor_relevant(new):
    a, b, c = (new.train.item_ids.to_list().index(name) for name in "abc")
    lists = np.array([[b, c, a], [c, a, b]], np.int32)
    found = new.to_json({}, {"mine": lists})["after_first_event"]["mine"]["all"]
    assert (found["users"], found["ndcg@10"]) == (1, 1), "who wanted nothing more is not asked about"


def test_it_is_printed_as_tables_of_its_own(new):
    lists = np.zeros((2, 3), np.int32)
    console = Console(file=io.StringIO(), width=160)
    console.print(*new_users_tables(new.to_json({"mine": lists}, {"mine": lists})))
    text = console.file.getvalue()
    assert "New users: 2, 2 of them with attributes" in text
    assert "NDCG@10, country is not" in text
