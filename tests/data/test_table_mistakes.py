"""Mistakes of the person at the keyboard are named in one line."""

from pathlib import Path

import pytest
from importing import import_events
from table_imports import GOOD, HEADER

from shortlist_core.errors import DataError
from shortlist_data.clean import Rules
from shortlist_data.reading import Reading
from shortlist_data.table import Tables, import_tables, parse_columns, parse_event_types


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'user_id' \(the columns are customer, item_id, timestamp\)"):
        import_events(tmp_path, "customer,item_id,timestamp\nu,i,1\n")
    with pytest.raises(DataError, match="no column 'client'"):
        import_events(tmp_path, HEADER + GOOD, columns=parse_columns(["interactions.user_id=client"]))


@pytest.mark.parametrize(
    "text", ["user_id=x", "interactions.user_id", "shops.user_id=x", "items.user=x", "interactions.user_id="]
)
def test_mappings_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="column mapping"):
        parse_columns([text])


def test_a_mapping_can_come_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('[interactions]\nuser_id = "customer"\n[items]\ntext = "description"\n')
    both = parse_columns([str(path), "items.title=name"])
    assert both == {"interactions": {"user_id": "customer"}, "items": {"text": "description", "title": "name"}}
    path.write_text("interactions = 3")
    with pytest.raises(DataError, match="sections"):
        parse_columns([str(path)])


@pytest.mark.parametrize("how", [Reading(format="xls"), Reading(separator="::"), Reading(encoding="utf-99")])
def test_impossible_settings_are_refused(tmp_path: Path, how: Reading) -> None:
    with pytest.raises(DataError, match=r"not one|no encoding"):
        import_events(tmp_path, HEADER + GOOD, reading=how)


def test_missing_file_and_unknown_event_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        import_tables(Tables(tmp_path / "none.csv"))
    with pytest.raises(DataError, match="buy=bought"):
        parse_event_types(["buy=bought"])
    with pytest.raises(DataError, match="event type 'bought'"):
        import_events(tmp_path, HEADER + GOOD, rules=Rules(event_type="bought"))
