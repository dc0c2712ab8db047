"""Broken lines of JSON are rejected one by one, and values of any type are read."""

import json
from pathlib import Path

import pytest
from importing import import_events, import_items
from table_imports import events, item, rejected

from shortlist_core.errors import DataError
from shortlist_data.hints import hints
from shortlist_data.rules import Rules
from shortlist_data.table import parse_columns


def test_broken_json_is_rejected_line_by_line(tmp_path: Path) -> None:
    good = '{"user_id": "u1", "item_id": "a", "timestamp": 1704103200123, "note": {"deep": [1]}}'
    no_item = '{"user_id": "u4", "timestamp": 1704103200123}'
    lines = [good, '{"user_id": "u2", "item_id"', "", "[1, 2]", no_item, good * 2]
    result = import_events(tmp_path, "\n".join(lines), "e.jsonl")
    assert events(result) == [("u1", "a")]
    assert rejected(result) == [(2, "invalid JSON"), (4, "invalid JSON"), (5, "missing item_id"), (6, "invalid JSON")]
    assert result.dataset.interactions["timestamp"].dt.timestamp("ms").item() == 1704103200123


def test_json_that_is_no_utf8_is_rejected(tmp_path: Path) -> None:
    good = b'{"user_id": "u1", "item_id": "a", "timestamp": 1704103200}\n'
    result = import_events(
        tmp_path, good + b'{"user_id": "\xe9", "item_id": "a", "timestamp": 1704103200}\n' + good, "e.jsonl"
    )
    assert rejected(result) == [(2, "invalid JSON"), (3, "exact duplicate")]


def test_json_that_is_cut_by_blocks_keeps_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_jsonl._BLOCK", 100)
    lines = [json.dumps({"user_id": f"u{i}", "item_id": "a", "timestamp": 1704103200 + i}) for i in range(50)]
    lines[33] = "broken"
    result = import_events(tmp_path, "\n".join(lines), "e.jsonl")
    assert rejected(result) == [(34, "invalid JSON")]
    assert len(events(result)) == 49


def test_json_values_of_mixed_types_and_lists(tmp_path: Path) -> None:
    lines = [
        {"item_id": 1, "title": "One", "categories": ["A", 'B "x"', " "], "price": "$12.50", "brand": "Acme"},
        {"item_id": "2", "title": None, "categories": "C|D", "price": 3, "depth": 2.5},
        {"item_id": "3", "price": "cheap"},
        {"item_id": "4", "price": -1},
    ]
    result = import_items(tmp_path, "\n".join(json.dumps(line) for line in lines), "items.jsonl")
    assert item(result, "1")["categories"] == ["A", 'B "x"']
    assert item(result, "1")["price"] == 12.5
    assert item(result, "1")["attributes"] == [{"key": "brand", "value": "Acme"}]
    assert item(result, "2")["title"] == ""
    assert item(result, "2")["categories"] == ["C", "D"]
    assert item(result, "2")["attributes"] == [{"key": "depth", "value": "2.5"}]
    assert (item(result, "3")["price"], item(result, "4")["price"]) == (None, None)
    assert rejected(result, "items") == []
    assert [(note.text, note.example) for note in result.notes[:2]] == [
        ("items: price is no number: unknown", "'cheap' (line 3)"),
        ("items: price below 0: unknown", "'-1' (line 4)"),
    ]


@pytest.mark.parametrize("whole", [False, True], ids=["lines", "array"])
def test_fields_inside_of_objects_are_offered_and_read(tmp_path: Path, whole: bool) -> None:
    rows = [
        {"user": {"id": 17, "country": "DE"}, "item": {"id": "a", "name": "Tüte"}, "at": {"$date": "2024-01-02"}},
        {"user": {"id": "u.2"}, "item": {"id": "b"}, "at": {"$date": "2024-01-02"}},
        {"user": {}, "item": {"id": "b"}, "at": {"$date": "2024-01-02"}},
        {"user": "u4", "item": {"id": "b"}, "at": {"$date": "2024-01-02"}},
    ]
    text = json.dumps(rows) if whole else "\n".join(json.dumps(row) for row in rows)
    with pytest.raises(DataError, match=r"add --columns interactions.user_id=user.id --columns .*item_id=item.id"):
        import_events(tmp_path, text, "e.json")
    pairs = ["interactions.user_id=user.id", "interactions.item_id=item.id", "interactions.timestamp=at.$date"]
    result = import_events(tmp_path, text, "e.json", columns=parse_columns(pairs))
    assert events(result) == [("17", "a"), ("u.2", "b")]
    assert [reason for _, reason in rejected(result)] == ["missing user_id"] * 2
    assert hints(result.headers, {})[0] == "interactions: columns that are left out: 'user.country', 'item.name'"
    with_country = import_events(
        tmp_path, text, "e.json", columns=parse_columns(pairs), rules=Rules(context=("user.country",))
    )
    first, second = with_country.dataset.interactions["context"].to_list()
    assert (first, second) == ([{"key": "user.country", "value": "DE"}], [])
    assert hints(with_country.headers, {}) == ["interactions: columns that are left out: 'item.name'"]


def test_a_price_inside_of_an_object_is_read_when_it_is_mapped(tmp_path: Path) -> None:
    row = {"item_id": "a", "price": {"amount": 12.5, "currency": "EUR"}, "sizes": {"height": 3}}
    result = import_items(tmp_path, json.dumps(row), "i.jsonl", columns=parse_columns(["items.price=price.amount"]))
    assert item(result, "a")["price"] == 12.5
    assert item(result, "a")["attributes"] == [{"key": "sizes", "value": '{"height": 3}'}]
    assert hints(result.headers, {}) == ["items: columns that are left out: 'price.currency'"]


def test_types_that_mongodb_writes_are_offered_and_read(tmp_path: Path) -> None:
    row = {"userId": {"$oid": "64b7"}, "itemId": {"$oid": "77c0"}, "createdAt": {"$date": "2024-01-01T10:00:00Z"}}
    options = ["interactions.user_id=userId.$oid", "interactions.item_id=itemId.$oid"]
    options.append("interactions.timestamp=createdAt.$date")
    with pytest.raises(DataError) as refused:
        import_events(tmp_path, json.dumps(row), "e.jsonl")
    assert all(f"--columns '{option}'" in str(refused.value) for option in options)
    result = import_events(tmp_path, json.dumps(row), "e.jsonl", columns=parse_columns(options))
    assert events(result) == [("64b7", "77c0")]


def test_an_object_of_attributes_and_lists_in_attributes_are_read(tmp_path: Path) -> None:
    known = {"attributes": {"leaf": "whole", "n": 3, "none": None}, "tags": ["a", "b"], "odd": [{"x": 1}]}
    items = json.dumps({"item_id": "1"} | known)
    result = import_items(tmp_path, items + '\n{"item_id": "2", "attributes": {"origin": "Nepal"}}\n', "items.jsonl")
    assert item(result, "1")["attributes"] == [
        {"key": "tags", "value": "a\nb"},
        {"key": "odd", "value": '[{"x": 1}]'},
        {"key": "leaf", "value": "whole"},
        {"key": "n", "value": "3"},
    ]
    assert item(result, "2")["attributes"] == [{"key": "origin", "value": "Nepal"}]
