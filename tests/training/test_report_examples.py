from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from PIL import Image

from shortlist_data.dataset import Dataset
from shortlist_training.report_examples import Catalogue, typical

MOMENT = pl.lit(datetime(2024, 1, 1, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))


def events(counts):
    users = [user for user, n in counts.items() for _ in range(n)]
    return pl.DataFrame({"user_id": users, "item_id": ["i"] * len(users)}).with_columns(timestamp=MOMENT)


@pytest.fixture
def users():
    return {f"u{n:02}": n + 1 for n in range(20)}


def test_users_of_all_activities_are_shown_from_the_least_to_the_most(users):
    chosen = typical(sorted(users, reverse=True), events(users))
    assert len(set(chosen)) == 5
    counts = [users[user] for user in chosen]
    assert counts == sorted(counts)
    assert counts[0] <= 4 and counts[-1] >= 17


def test_users_with_and_without_a_hit_take_turns(users):
    names = list(users)
    hit = np.arange(len(names)) % 4 == 0
    chosen = typical(names, events(users), hit)
    assert [bool(hit[names.index(user)]) for user in chosen] == [True, False, True, False, True]


def test_a_single_user_or_none_will_do():
    assert typical(["u"], events({"u": 3}), np.array([False])) == ["u"]
    assert typical([], events({"u": 3})) == []


def test_items_are_shown_with_what_is_known_of_them(tmp_path):
    Image.new("RGB", (20, 20), "red").save(tmp_path / "red.png")
    items = pl.DataFrame(
        {
            "item_id": ["i", "bare", "web"],
            "title": ["Tea", "", "Mug"],
            "price": [2.5, None, 1.0],
            "image_path": ["red.png", None, "https://example.org/mug.png"],
        }
    )
    catalogue = Catalogue.of(Dataset.of(events({"u": 1}), items), tmp_path)
    tea = catalogue.shown("i", note="bought", taken=True)
    assert (tea.title, tea.price, tea.note, tea.taken) == ("Tea", 2.5, "bought", True)
    assert tea.picture.startswith("data:image/jpeg")
    assert (catalogue.shown("bare").title, catalogue.shown("bare").picture) == ("", "")
    assert catalogue.shown("web").picture == "", "nothing is fetched"
    assert catalogue.shown("absent").item_id == "absent"
