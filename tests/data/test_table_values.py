"""Values are read by rules, each bad row is rejected with its reason, and other columns become attributes."""

from pathlib import Path

import pytest
from importing import import_events, import_items
from table_imports import GOOD, HEADER, item, rejected

from shortlist_data.clean import Rules
from shortlist_data.table import parse_columns, parse_event_types


def test_every_bad_row_has_its_reason(tmp_path: Path) -> None:
    text = (
        "user_id,item_id,timestamp,event_type,value\n"
        "u1,a,1704103200,VIEW,\n"
        ",a,1704103200,view,1\n"
        "u1, ,1704103200,view,1\n"
        "u1,a,,view,1\n"
        "u1,a,tomorrow,view,1\n"
        "u1,a,1704103200,teleport,1\n"
        "u1,a,1704103200,view,lots\n"
        "u1,a,1704103200,view,nan\n"
        "u1,a,1704103200,buy,2\n"
        "u1,a,1704103200,buy,2.0\n"
    )
    result = import_events(tmp_path, text, rules=Rules(event_types=parse_event_types(["buy=purchase"])))
    assert rejected(result) == [
        (3, "missing user_id"),
        (4, "missing item_id"),
        (5, "missing timestamp"),
        (6, "unreadable timestamp"),
        (7, "unknown event_type"),
        (8, "exact duplicate"),  # a value that is no number or a null word is 1
        (9, "exact duplicate"),
        (11, "exact duplicate"),
    ]
    kept = result.dataset.interactions
    assert kept["event_type"].to_list() == ["view", "purchase"]
    assert kept["value"].to_list() == [1.0, 2.0]


def test_default_event_type_time_format_and_category_separator(tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text('item_id,categories\na,"x; y;;"\n')
    rules = Rules(time_format="%d.%m.%Y %H:%M", event_type="like", separator=";")
    result = import_events(tmp_path, HEADER + "u1,a,31.12.2023 23:59\nu1,a,2024-01-01\n", items=items, rules=rules)
    assert result.dataset.interactions["timestamp"].dt.strftime("%FT%T").to_list() == ["2023-12-31T23:59:00"]
    assert result.dataset.interactions["event_type"].to_list() == ["like"]
    assert rejected(result) == [(3, "unreadable timestamp")]
    assert item(result, "a")["categories"] == ["x", "y"]


def test_a_column_named_like_a_canonical_one_gives_way_to_the_mapping(tmp_path: Path) -> None:
    text = "item_id,title,description,text\na,A,what we want,what we do not\n"
    result = import_items(tmp_path, text, columns=parse_columns(["items.text=description"]))
    assert item(result, "a")["text"] == "what we want"


def test_repeated_items_keep_the_first_and_tell_copies_from_contradictions(tmp_path: Path) -> None:
    result = import_items(tmp_path, "item_id,title\na,A\na,A\na,B\n")
    assert item(result, "a")["title"] == "A"
    assert rejected(result, "items") == [(3, "exact duplicate"), (4, "repeated item_id")]


def test_user_columns_become_attributes(tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    users.write_text("user_id,country,age\nu1,NL,\nu2,,30\n")
    result = import_events(tmp_path, HEADER + GOOD, users=users)
    assert result.dataset.users["attributes"].to_list() == [
        [{"key": "country", "value": "NL"}],
        [{"key": "age", "value": "30"}],
    ]


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_row_numbers_that_pandas_wrote_are_no_attribute(tmp_path: Path, name: str) -> None:
    result = import_items(tmp_path, f"{name},item_id,brand\n0,a,Acme\n1,b,Zeta\n")
    assert item(result, "a")["attributes"] == [{"key": "brand", "value": "Acme"}]
    assert "'Unnamed: 0', which has no name of its own: left out" in "".join(note.text for note in result.notes)
