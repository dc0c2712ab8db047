"""Parquet of every type, as ids, times, values, categories and texts: read, or none with a reason."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from importing import EVENT, counts, import_items, notes

from shortlist_data.schema import ATTRIBUTES
from shortlist_data.table import Tables, import_tables

TYPES: dict[str, tuple[Any, list[str]]] = {
    "decimal": (pa.array([Decimal(17), Decimal(18)], pa.decimal128(38, 0)), ["17", "18"]),
    "decimal with a fraction": (pa.array([Decimal("17.00"), Decimal("18.50")], pa.decimal128(10, 2)), ["17", "18.50"]),
    "decimal256": (pa.array([Decimal(17), Decimal(18)], pa.decimal256(60, 0)), ["17", "18"]),
    "float": (pa.array([17.0, 18.5]), ["17", "18.5"]),
    "float16": (pa.array([1, 2], pa.float64()).cast(pa.float16()), ["1", "2"]),
    "binary": (pa.array([b"x", b"y"]), ["x", "y"]),
    "large binary": (pa.array([b"x", b"y"], pa.large_binary()), ["x", "y"]),
    "fixed binary": (pa.array([b"x", b"y"], pa.binary(1)), ["x", "y"]),
    "large string": (pa.array(["x", "y"], pa.large_string()), ["x", "y"]),
    "string view": (pa.array(["x", "y"], pa.string_view()), ["x", "y"]),
    "dictionary": (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
    "dictionary of integers": (pa.array([7, 8]).dictionary_encode(), ["7", "8"]),
    "bool": (pa.array([True, False]), ["true", "false"]),
    "uint64": (pa.array([2**64 - 1, 5], pa.uint64()), ["18446744073709551615", "5"]),
    "int8": (pa.array([1, 2], pa.int8()), ["1", "2"]),
    "date": (pa.array([date(2024, 1, 31), date(2024, 2, 1)]), ["2024-01-31", "2024-02-01"]),
    "time": (pa.array([time(1), time(2)]), ["01:00:00", "02:00:00"]),
    "duration": (pa.array([timedelta(1), timedelta(2)]), ["P1D", "P2D"]),
    "null": (pa.array([None, None]), []),
    "bytes that are no text": (pa.array([b"\xff", b"x"]), []),
    "struct": (pa.array([{"a": 1}, {"a": 2}]), []),
    "map": (pa.array([[("a", 1)], [("b", 2)]], pa.map_(pa.string(), pa.int64())), []),
}


def written(folder: Path, **columns: object) -> Path:
    path = folder / "t.parquet"
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_parquet_is_an_id_a_value_a_category_and_a_text_or_none(tmp_path: Path, name: str) -> None:
    array, ids = TYPES[name]
    when = [1_706_695_200, 1_706_695_201]
    result = import_tables(Tables(written(tmp_path, user_id=array, item_id=["a", "b"], timestamp=when)))
    assert result.dataset.interactions["user_id"].to_list() == ids
    assert sum(counts(result).values()) == 2 - len(ids)
    result = import_tables(
        Tables(written(tmp_path, user_id=["u", "v"], item_id=["a", "b"], timestamp=when, value=array))
    )
    assert result.dataset.interactions.height == 2
    path = written(tmp_path, item_id=["a", "b"], title=array, categories=array, price=array, extra=array)
    (tmp_path / "events.csv").write_text(EVENT)
    result = import_tables(Tables(tmp_path / "events.csv", items=path))
    assert result.dataset.items.height == 2
    assert counts(result) == {}


@pytest.mark.parametrize("name", ["decimal", "float", "uint64", "dictionary of integers", "decimal with a fraction"])
def test_numbers_of_every_type_are_values(tmp_path: Path, name: str) -> None:
    array, ids = TYPES[name]
    when = [datetime(2024, 1, 1), datetime(2024, 1, 2)]
    result = import_tables(
        Tables(written(tmp_path, user_id=["u", "v"], item_id=["a", "b"], timestamp=when, value=array))
    )
    assert result.dataset.interactions["value"].to_list() == pytest.approx([float(each) for each in ids])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "+02:00"])
def test_times_of_every_unit_and_zone(tmp_path: Path, unit: str, zone: str | None) -> None:
    size = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    when = pa.array([1_706_695_200 * size], pa.timestamp(unit, zone))
    result = import_tables(Tables(written(tmp_path, user_id=["u"], item_id=["a"], timestamp=when)))
    assert result.dataset.interactions["timestamp"].dt.epoch("s").to_list() == [1_706_695_200]


@pytest.mark.parametrize(
    ("array", "names"),
    [
        (pa.array([["x", "y"]]), ["x", "y"]),
        (pa.array([["x", "y"]], pa.list_(pa.string(), 2)), ["x", "y"]),
        (pa.array([["x", "y"]], pa.large_list(pa.dictionary(pa.int8(), pa.string()))), ["x", "y"]),
        (pa.array([[1, None]]), ["1"]),
        (pa.array([[["x"], ["y"]]]), ["x", "y"]),
        (pa.array([[{"id": 1, "name": "x"}]]), ["x"]),
        (pa.array([[b"x"]]), ["x"]),
        (pa.array([[]], pa.list_(pa.null())), []),
    ],
)
def test_lists_of_every_type_are_categories(tmp_path: Path, array: Any, names: list[str]) -> None:
    (tmp_path / "events.csv").write_text(EVENT)
    result = import_tables(Tables(tmp_path / "events.csv", items=written(tmp_path, item_id=["a"], categories=array)))
    assert result.dataset.items["categories"].to_list() == [names]


def test_a_table_that_was_imported_once_is_imported_again(tmp_path: Path) -> None:
    result = import_items(tmp_path, "item_id,title,categories,price,brand\na,A,x|y,2.5,Acme\n")
    result.publish(tmp_path / "out")
    assert result.dataset.items.schema["attributes"] == ATTRIBUTES
    again = import_tables(Tables(tmp_path / "out/interactions.parquet", items=tmp_path / "out/items.parquet"))
    assert again.dataset.items.equals(result.dataset.items)
    assert again.dataset.interactions.equals(result.dataset.interactions)


def test_notes_of_a_column_of_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, item_id=["a"], image=pa.array([b"\xff\xd8"]))
    (tmp_path / "events.csv").write_text(EVENT)
    result = import_tables(Tables(tmp_path / "events.csv", items=path))
    assert notes(result, "image") == [("items: column 'image' holds bytes that are no text: left out", 1, "")]
