"""Files that are no plain CSV: JSON as pandas writes it, all types of Parquet, other encodings, what is no table."""

import gzip
import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from importing import EVENT, counts, import_events, import_items, notes

from shortlist_core.errors import DataError
from shortlist_data.reading import Reading
from shortlist_data.schema import ATTRIBUTES
from shortlist_data.table import Tables, import_tables

ROWS = [
    {"user_id": "u", "item_id": 1, "timestamp": 1706695200, "value": 1.5},
    {"user_id": "v", "item_id": 2, "timestamp": 1706695201, "value": None},
]


def by_columns() -> dict[str, dict[str, Any]]:
    return {name: {str(i): row[name] for i, row in enumerate(ROWS)} for name in ROWS[0]}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "table",
    [
        ROWS,
        by_columns(),
        {"columns": list(ROWS[0]), "index": [0, 1], "data": [list(row.values()) for row in ROWS]},
        {"schema": {"fields": []}, "data": ROWS},
        {name: [row[name] for row in ROWS] for name in ROWS[0]},
        {"events": ROWS},
    ],
    ids=["records", "columns", "split", "table", "lists", "wrapped"],
)
def test_json_as_pandas_writes_it(tmp_path: Path, table: object, indent: int | None) -> None:
    for name in ("e.json", "e"):
        result = import_events(tmp_path, json.dumps(table, indent=indent), name)
        kept = result.dataset.interactions.select(
            "user_id", "item_id", pl.col("timestamp").dt.epoch("s"), "value"
        ).rows()
        assert kept == [("u", "1", 1706695200, 1.5), ("v", "2", 1706695201, 1.0)]


def test_json_lines_may_be_called_json(tmp_path: Path) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    assert import_events(tmp_path, lines, "e.json").dataset.interactions.height == 2
    assert import_events(tmp_path, json.dumps(ROWS[0]), "e.json").dataset.interactions.height == 1
    assert import_events(tmp_path, json.dumps(ROWS), "e.jsonl").dataset.interactions.height == 2
    assert import_events(tmp_path, gzip.compress(json.dumps(ROWS).encode()), "e.json.gz").rejects[0].read == 2


def test_elements_of_an_array_have_their_lines(tmp_path: Path) -> None:
    text = json.dumps([ROWS[0], 7, {"item_id": "a"}, ROWS[1]], indent=1)
    result = import_events(tmp_path, text, "e.json")
    lines = text.splitlines()
    assert [line for line, _, _ in result.rejects[0].frame().iter_rows()] == [
        lines.index(" 7,") + 1,
        lines.index('  "item_id": "a"'),
    ]
    assert result.dataset.interactions.height == 2


def test_nan_in_json_is_null(tmp_path: Path) -> None:
    rows = [ROWS[0] | {"value": float("nan"), "session_id": "NaN of a kind"}, ROWS[1]]
    for name, text in (("e.jsonl", "\n".join(map(json.dumps, rows))), ("e.json", json.dumps(rows))):
        result = import_events(tmp_path, text, name)
        assert result.dataset.interactions["value"].to_list() == [1.0, 1.0]
        assert result.dataset.interactions["session_id"].to_list() == ["NaN of a kind", None]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"user_id": "u"},\n {"user_id": }]', "element that starts on line 2"),
        ('[{"user_id": "u"}\n {"user_id": "v"}]', "line 2 has no comma"),
        ('[{"user_id": "u"}] x', "more after the array"),
        ("[" * 100_000, "not readable as JSON"),
        ("[]", "no row"),
        ('{"user_id": {"0": "u"}, "n": 3,\n"x": 1}', "orient='records'"),
        ("", "empty"),
    ],
)
def test_json_that_is_no_table_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        import_events(tmp_path, text, "e.json")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# Parquet

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


# Encodings, and files that are no table


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("name", ["e.csv", "e.jsonl", "e.json", "e"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str, name: str) -> None:
    row = {"user_id": "ü☕", "item_id": "a", "timestamp": "2024-01-01"}
    text = {"e.json": json.dumps([row], ensure_ascii=False), "e.jsonl": json.dumps(row, ensure_ascii=False)}
    content = text.get(name, EVENT.replace("u,", "ü☕,")).encode(encoding)
    assert import_events(tmp_path, content, name).dataset.interactions["user_id"].to_list() == ["ü☕"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_an_encoding_that_nothing_marks_is_named(tmp_path: Path, encoding: str) -> None:
    content = EVENT.encode(encoding)
    with pytest.raises(DataError, match=f"try --encoding {encoding}"):
        import_events(tmp_path, content)
    assert import_events(tmp_path, content, reading=Reading(encoding=encoding)).dataset.interactions.height == 1


def test_text_of_windows(tmp_path: Path) -> None:
    content = 'item_id;title;price\nb;Käse;"1.299,00 €"\n'.encode("cp1252")
    assert counts(import_items(tmp_path, content)) == {"not text in this encoding: try --encoding cp1252": 1}
    result = import_items(tmp_path, content, reading=Reading(encoding="cp1252"))
    assert result.dataset.items.select("title", "price").rows()[0] == ("Käse", 1299.0)
    with pytest.raises(DataError, match="try --encoding cp1252"):
        import_events(tmp_path, '[{"user_id": "ü"}]'.encode("cp1252"), "e.json")


@pytest.mark.parametrize("encoding", ["hex", "zip", "rot13", "utf-99"])
def test_what_is_no_encoding_of_text_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(DataError, match=f"no encoding '{encoding}'"):
        import_events(tmp_path, EVENT, reading=Reading(encoding=encoding))


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"PK\x03\x04", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"ARROW1\0\0", "Feather"),
        (b"BZh91AY", "bunzip2"),
        (b"\xfd7zXZ\0", "unxz"),
        (b"\x28\xb5\x2f\xfd", "unzstd"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path: Path, start: bytes, says: str) -> None:
    for name in ("e.csv", "e.xlsx", "e"):
        with pytest.raises(DataError, match=says):
            import_events(tmp_path, start + b"\0" * 100, name)


def test_notes_of_a_column_of_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, item_id=["a"], image=pa.array([b"\xff\xd8"]))
    (tmp_path / "events.csv").write_text(EVENT)
    result = import_tables(Tables(tmp_path / "events.csv", items=path))
    assert notes(result, "image") == [("items: column 'image' holds bytes that are no text: left out", 1, "")]


def test_excels_hint_is_no_header(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'sep=;', is a hint for Excel: remove it"):
        import_events(tmp_path, "sep=;\n" + EVENT.replace(",", ";"))


def test_a_stray_nul_is_no_other_encoding(tmp_path: Path) -> None:
    assert counts(import_events(tmp_path, EVENT + "u\0,a,2024-01-02\n")) == {"user_id with a control character": 1}
