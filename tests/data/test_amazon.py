import gzip
import json
from pathlib import Path

import pytest

from shortlist_core.errors import DataError
from shortlist_data import amazon

REVIEWS = [
    {"rating": 5.0, "title": "Nice", "text": "x", "images": [], "asin": "B1x", "parent_asin": "B1", "user_id": "U1",
     "timestamp": 1588687728923, "helpful_vote": 0, "verified_purchase": True},
    {"rating": 1.0, "title": "Bad", "text": "y", "images": [], "asin": "B2", "parent_asin": "B2", "user_id": "U2",
     "timestamp": 1588687728924, "helpful_vote": 3, "verified_purchase": False},
]  # fmt: skip
PRODUCTS = [
    {"main_category": "All Beauty", "title": "Spray", "average_rating": 4.8, "rating_number": 10,
     "features": ["Fresh \"scent\"", "200 ml"], "description": ["It smells."], "price": "None", "store": "Howard",
     "categories": ["Beauty", "Hair"], "parent_asin": "B1", "details": {"Brand": "H"}},
    {"main_category": None, "title": "Brush", "features": [], "description": [], "price": 1012.5, "store": None,
     "categories": [], "parent_asin": "B3"},
    {"title": "Comb", "features": [], "description": [], "price": "from 5.99", "categories": [], "parent_asin": "B4"},
]  # fmt: skip


def write(folder: Path) -> None:
    for name, rows in (("All_Beauty", REVIEWS), ("meta_All_Beauty", PRODUCTS)):
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))


def test_reviews_and_products(tmp_path: Path) -> None:
    write(tmp_path)
    result = amazon.read(tmp_path)
    events = result.dataset.interactions
    assert events.select("user_id", "item_id", "event_type", "value").rows() == [
        ("U1", "B1", "rating", 5.0),
        ("U2", "B2", "rating", 1.0),
    ]
    assert events["timestamp"].dt.timestamp("ms").to_list() == [1588687728923, 1588687728924]
    spray, brush, comb, unknown = result.dataset.items.iter_rows(named=True)
    assert (spray["title"], spray["price"], spray["categories"]) == ("Spray", None, ["Beauty", "Hair"])
    assert spray["text"] == 'Fresh "scent" 200 ml It smells.'
    assert {"key": "store", "value": "Howard"} in spray["attributes"]
    # How an item was rated later on must not leak into what is known of it.
    assert not {"average_rating", "rating_number"} & {each["key"] for each in spray["attributes"]}
    assert (brush["price"], brush["attributes"]) == (1012.5, [])
    assert comb["price"] == pytest.approx(5.99)
    assert (unknown["item_id"], unknown["title"]) == ("B2", "")
    assert not any(rejects.counts for rejects in result.rejects)


def test_several_categories_and_no_products(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "meta_All_Beauty.jsonl.gz").unlink()
    other = REVIEWS[0] | {"parent_asin": "B9"}
    (tmp_path / "Gift_Cards.jsonl").write_text(json.dumps(other) + "\n" + json.dumps(other) + "\n{")
    result = amazon.read(tmp_path)
    assert sorted(result.dataset.items["item_id"]) == ["B1", "B2", "B9"]
    assert result.rejects[0].counts == {"exact duplicate": 1, "invalid JSON": 1}


def test_a_folder_without_reviews(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no reviews"):
        amazon.read(tmp_path)
