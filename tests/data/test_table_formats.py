"""The same events come out of every format that tables may have."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from importing import import_events
from table_imports import GOOD, HEADER, events, rejected

from shortlist_core.errors import DataError
from shortlist_data.table import Tables, import_tables


def as_csv(separator: str) -> bytes:
    rows = [("customer", "sku", "ts"), ("u1", "a", "1704103200"), ("u2", "b", "1704103201")]
    return "\n".join(separator.join(row) for row in rows).encode()


def as_jsonl() -> bytes:
    rows = [{"customer": "u1", "sku": "a", "ts": 1704103200}, {"customer": "u2", "sku": "b", "ts": 1704103201}]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


COLUMNS = {"interactions": {"user_id": "customer", "item_id": "sku", "timestamp": "ts"}}


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("e.csv", as_csv(",")),
        ("e.csv", as_csv(";")),
        ("e.tsv", as_csv("\t")),
        ("e.jsonl", as_jsonl()),
        ("e.dat", as_csv("|")),
        ("e", as_jsonl()),
    ],
)
def test_every_text_format_gives_the_same_events(tmp_path: Path, name: str, content: bytes, pack: bool) -> None:
    if pack:
        name, content = f"{name}.gz", gzip.compress(content)
    result = import_events(tmp_path, content, name, columns=COLUMNS)
    assert events(result) == [("u1", "a"), ("u2", "b")]
    assert result.dataset.interactions["timestamp"].dt.timestamp("us").to_list() == [
        1704103200_000000,
        1704103201_000000,
    ]


@pytest.mark.parametrize("name", ["e.parquet", "no-suffix"])
def test_parquet_of_native_types(tmp_path: Path, name: str) -> None:
    times = pl.Series(["2024-01-01 10:00:00", "2024-01-01 10:00:01", None]).str.to_datetime(time_unit="ms")
    frame = pl.DataFrame({"user_id": [1, 2, 3], "item_id": ["a", "b", "c"], "timestamp": times, "value": [2, None, 1]})
    frame.write_parquet(tmp_path / name)
    result = import_tables(Tables(tmp_path / name))
    assert events(result) == [("1", "a"), ("2", "b")]
    assert result.dataset.interactions["value"].to_list() == [2.0, 1.0]
    assert rejected(result) == [(3, "missing timestamp")]


def test_gzip_is_known_by_content_and_damage_is_one_line(tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + GOOD * 5000).encode())
    assert import_events(tmp_path, packed, "events.csv").rejects[0].read == 5000
    with pytest.raises(DataError, match="cannot read") as caught:
        import_events(tmp_path, packed[:-20], "events.csv.gz")
    assert "\n" not in str(caught.value)
