"""New items, which only their words tell apart: who counts, what is ranked, and what is found."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from shortlist_core.types import DAY, NO_ITEM
from shortlist_data.dataset import Dataset
from shortlist_evaluation.new_items import NewItems, new_items_table
from shortlist_evaluation.protocol import Heldout

CUT = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000

TITLES = {
    "a": "red mug",
    "b": "red cup",
    "c": "blue cup",
    "new": "red mug with ears",
    "odd": "garden gnome",
    "mute": "",
}


def dataset(later):
    past = [("ann", "a"), ("bob", "c"), ("cid", "c"), ("cid", "b")]
    users, items = zip(*past, *later, strict=True)
    times = [CUT - DAY] * len(past) + [CUT + DAY] * len(later)
    events = pl.DataFrame({"user_id": users, "item_id": items}).with_columns(
        pl.Series("timestamp", times).cast(pl.Datetime("us", "UTC"))
    )
    return Dataset.of(events, pl.DataFrame({"item_id": list(TITLES), "title": list(TITLES.values())}))


LATER = [("ann", "b"), ("ann", "new"), ("bob", "odd"), ("bob", "new"), ("cid", "mute"), ("stranger", "odd")]


@pytest.fixture
def new():
    data = dataset(LATER)
    return NewItems.of(data, Heldout.of(data, CUT))


def test_new_items_lie_behind_the_catalogue_and_need_words(new):
    assert new.heldout.train.item_ids.to_list() == ["a", "b", "c", *new.items["item_id"]]
    assert sorted(new.items["item_id"]) == ["new", "odd"]


def test_known_users_count_who_wanted_a_new_item(new):
    assert new.heldout.user_ids == ["ann", "bob"]
    rows = dict(zip(new.heldout.train.item_ids, range(5), strict=True))
    wanted = [new.heldout.relevant.take(np.array([i])).items.tolist() for i in (0, 1)]
    assert wanted == [[rows["new"]], sorted([rows["new"], rows["odd"]])]


def test_what_is_found(new):
    rows = dict(zip(new.heldout.train.item_ids, range(5), strict=True))
    lists = np.array([[rows["a"], rows["new"]], [rows["b"], NO_ITEM]], np.int32)
    found = new.evaluate(lists)
    assert found["hit@10"] == found["recall@20"] == 0.5
    every = new.evaluate(np.tile(np.arange(5, dtype=np.int32), (2, 1)))
    assert every["hit@10"] == every["recall@500"] == 1


def test_likeness_of_text_finds_what_resembles(new):
    lists = new.by_text(dataset(LATER).items)
    assert new.heldout.train.item_ids[int(lists[0, 0])] == "new", "ann has a red mug"
    found = new.to_json({"text": lists})
    assert found["items"] == 2 and found["users"] == 2 and found["relevant_items"] == 3
    out = io.StringIO()
    Console(file=out, width=120).print(new_items_table(found))
    assert "New items: 2" in out.getvalue() and "text" in out.getvalue()


@pytest.mark.parametrize(
    "later", [[("ann", "b")], [("ann", "b"), ("cid", "mute")], [("ann", "b"), ("stranger", "odd")]]
)
def test_without_any_there_is_nothing_to_measure(later):
    data = dataset(later)
    assert NewItems.of(data, Heldout.of(data, CUT)) is None
