"""Files that are no plain CSV: JSON as pandas writes it, other encodings, and what is no table."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from importing import EVENT, counts, import_events, import_items, notes

from shortlist_core.errors import DataError
from shortlist_data.reading import Reading

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


# Encodings, and files that are no table


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("name", ["e.csv", "e.jsonl", "e.json", "e"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str, name: str) -> None:
    row = {"user_id": "ü☕", "item_id": "a", "timestamp": "2024-01-01"}
    text = {"e.json": json.dumps([row], ensure_ascii=False), "e.jsonl": json.dumps(row, ensure_ascii=False)}
    content = text.get(name, EVENT.replace("u,", "ü☕,")).encode(encoding)
    assert import_events(tmp_path, content, name).dataset.interactions["user_id"].to_list() == ["ü☕"]


def test_a_byte_order_mark_of_utf8_goes_before_what_another_file_needs(tmp_path: Path) -> None:
    content = EVENT.replace("u,", "ü☕,").encode("utf-8-sig")
    result = import_events(tmp_path, content, reading=Reading(encoding="cp1252"))
    assert result.dataset.interactions["user_id"].to_list() == ["ü☕"]


def test_a_header_that_is_no_text_is_refused_and_becomes_no_attribute(tmp_path: Path) -> None:
    content = "item_id,Größe\na,5\n".encode("cp1252")
    with pytest.raises(DataError, match=r"the header is not text in this encoding: try --encoding cp1252$"):
        import_items(tmp_path, content)
    result = import_items(tmp_path, content, reading=Reading(encoding="cp1252"))
    assert result.dataset.items["attributes"].to_list() == [[{"key": "Größe", "value": "5"}]]


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


@pytest.mark.parametrize(
    ("title", "written", "told", "misread"),
    [
        ("5 €", "cp1252", "latin-1", True),
        ("Käse", "utf-8", "latin-1", True),
        ("5 €", "utf-8", "cp1252", True),
        ("Käse für 5 €, Âme, Ã", "utf-8", "utf-8", False),
        ("Ärger", "cp1252", "latin-1", False),
    ],
)
def test_a_title_that_another_encoding_explains_is_noted(
    tmp_path: Path, title: str, written: str, told: str, misread: bool
) -> None:
    content = f"item_id,title\nb,{title}\n".replace(", ", " ").encode(written)
    result = import_items(tmp_path, content, reading=Reading(encoding=told))
    assert bool(notes(result, "title that looks like another encoding")) == misread


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
        (b"<!DOCTYPE html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"BZh91AY", "bunzip2"),
        (b"\xfd7zXZ\0", "unxz"),
        (b"\x28\xb5\x2f\xfd", "unzstd"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path: Path, start: bytes, says: str) -> None:
    for name in ("e.csv", "e.xlsx", "e"):
        with pytest.raises(DataError, match=says):
            import_events(tmp_path, start + b"\0" * 100, name)


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize("line", ["sep={}\r\n", '"sep={}"\r\n', "SEP={}\n", "\ufeffsep={}\n"])
def test_excels_hint_names_the_separator_and_is_a_line(tmp_path: Path, line: str, mark: str) -> None:
    """The header has more of the other separators, which shows that the hint is followed."""
    columns = [f"a{other}b{other}c{other}d{other}e" for other in ";,|" if other != mark]
    header = mark.join(["user_id", "item_id", "timestamp", *columns])
    good = mark.join(["u", "i", "2024-01-02", *(["x"] * len(columns))])
    imported = import_events(tmp_path, line.format(mark) + f"{header}\r\n{good}\r\n\r\nragged\r\n")
    assert imported.dataset.interactions.select("user_id", "item_id").rows() == [("u", "i")]
    (rejects,) = imported.rejects
    assert rejects.frame()["line"].to_list() == [5]


def test_a_stray_nul_is_no_other_encoding(tmp_path: Path) -> None:
    assert counts(import_events(tmp_path, EVENT + "u\0,a,2024-01-02\n")) == {"user_id with a control character": 1}
