import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_data.clean import Rules
from shortlist_data.reading import Reading
from shortlist_data.rejects import Imported
from shortlist_data.table import Tables, import_tables, parse_columns, parse_event_types

HEADER = "user_id,item_id,timestamp\n"
GOOD = "u1,a,2024-01-01T10:00:00Z\n"


def run(tmp_path: Path, content: str | bytes, name: str = "events.csv", **how: object) -> Imported:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_tables(Tables(path, **how))  # type: ignore[arg-type]


def run_items(tmp_path: Path, content: str | bytes, name: str = "items.csv", **how: object) -> Imported:
    items = tmp_path / name
    items.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run(tmp_path, HEADER + GOOD, items=items, **how)


def rejected(imported: Imported, table: str = "interactions") -> list[tuple[int, str]]:
    rejects = next(each for each in imported.rejects if each.table == table)
    return [(line, reason) for line, reason, _ in rejects.frame().iter_rows()]


def events(imported: Imported) -> list[tuple[str, str]]:
    return [(row["user_id"], row["item_id"]) for row in imported.dataset.interactions.iter_rows(named=True)]


def item(imported: Imported, item_id: str) -> dict[str, object]:
    return imported.dataset.items.row(by_predicate=pl.col("item_id") == item_id, named=True)


# Formats


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
    result = run(tmp_path, content, name, columns=COLUMNS)
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
    assert run(tmp_path, packed, "events.csv").rejects[0].read == 5000
    with pytest.raises(DataError, match="cannot read") as caught:
        run(tmp_path, packed[:-20], "events.csv.gz")
    assert "\n" not in str(caught.value)


# Malformed CSV: nothing is dropped in silence, and lines are those that an editor shows


def test_ragged_lines_are_rejected_with_their_line(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + GOOD + "u2,b\n" + "\n" + "u3,c,1704103200,extra\n" + "u4,d,1704103200\n" + "u5\n")
    assert events(result) == [("u1", "a"), ("u4", "d")]
    assert rejected(result) == [
        (3, "wrong number of columns (2 instead of 3)"),
        (5, "wrong number of columns (4 instead of 3)"),
        (7, "wrong number of columns (1 instead of 3)"),
    ]
    assert result.rejects[0].read == 5
    assert result.rejects[0].frame()["content"].to_list() == ["u2,b", "u3,c,1704103200,extra", "u5"]


def test_quoted_line_breaks_count_as_lines(tmp_path: Path) -> None:
    text = 'item_id,title,text\r\na,A,"two\r\nlines, and ""quotes"""\r\n,no id,\r\nb,B\r\nc,"5 o\'clock ""tea""",\r\n'
    result = run_items(tmp_path, text)
    assert item(result, "a")["text"] == 'two\r\nlines, and "quotes"'
    assert item(result, "c")["title"] == '5 o\'clock "tea"'
    assert rejected(result, "items") == [(4, "missing item_id"), (5, "wrong number of columns (2 instead of 3)")]


def test_byte_order_mark_and_crlf_leave_no_trace(tmp_path: Path) -> None:
    result = run(tmp_path, b"\xef\xbb\xbf" + (HEADER + GOOD).replace("\n", "\r\n").encode())
    assert events(result) == [("u1", "a")]
    assert rejected(result) == []


def test_a_quote_inside_a_field_is_a_character(tmp_path: Path) -> None:
    result = run_items(tmp_path, 'item_id,title\na,5" pipe\nb,B\n')
    assert item(result, "a")["title"] == '5" pipe'
    assert item(result, "b")["title"] == "B"


@pytest.mark.parametrize(
    ("rest", "lost"),
    [
        ('b,"open\nc,C\nd,D\n', [3, 4, 5]),  # runs to the end of the file
        ('b,"open\nc,"C"\nd,D\n', [3, 4]),  # ends at the next quote
        ('b,"open\nc,C\nd,D', [3, 4, 5]),
    ],
)
def test_a_quote_that_is_never_closed_swallows_no_line_unseen(tmp_path: Path, rest: str, lost: list[int]) -> None:
    result = run_items(tmp_path, "item_id,title\na,A\n" + rest)
    assert [line for line, _ in rejected(result, "items")] == lost
    kept = set(result.dataset.items["item_id"])
    assert kept == {"a"} | ({"d"} if 5 not in lost else set())
    assert next(r for r in result.rejects if r.table == "items").read == 4


def test_bytes_that_are_no_utf8_cost_their_own_row(tmp_path: Path) -> None:
    text = "item_id,title\na,A\nb,Café\nc,C\n".encode("latin-1")
    result = run_items(tmp_path, text)
    assert rejected(result, "items") == [(3, "not text in this encoding: try --encoding cp1252")]
    result = run_items(tmp_path, text, reading=Reading(encoding="latin-1"))
    assert item(result, "b")["title"] == "Café"


def test_lines_stay_right_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_csv._BLOCK", 1 << 10)
    lines = [f"u{i},i{i},{1704103200 + i}" for i in range(2000)]
    bad = {7: "x", 600: "a,b,c,d", 601: "", 1500: "u,,1704103200", 1998: "u,i,never"}
    for at, text in bad.items():
        lines[at] = text
    result = run(tmp_path, HEADER + "\n".join(lines) + "\n", rules=Rules())
    assert [line for line, _ in rejected(result)] == [9, 602, 1502, 2000]
    assert len(events(result)) == 2000 - len(bad)


# JSON Lines


def test_broken_json_is_rejected_line_by_line(tmp_path: Path) -> None:
    good = '{"user_id": "u1", "item_id": "a", "timestamp": 1704103200123, "note": {"deep": [1]}}'
    lines = [
        good,
        '{"user_id": "u2", "item_id"',
        "",
        "[1, 2]",
        '{"user_id": "u4", "timestamp": 1704103200123}',
        good + good,
    ]
    result = run(tmp_path, "\n".join(lines), "e.jsonl")
    assert events(result) == [("u1", "a")]
    assert rejected(result) == [(2, "invalid JSON"), (4, "invalid JSON"), (5, "missing item_id"), (6, "invalid JSON")]
    assert result.dataset.interactions["timestamp"].dt.timestamp("ms").item() == 1704103200123


def test_json_that_is_no_utf8_is_rejected(tmp_path: Path) -> None:
    good = b'{"user_id": "u1", "item_id": "a", "timestamp": 1704103200}\n'
    result = run(tmp_path, good + b'{"user_id": "\xe9", "item_id": "a", "timestamp": 1704103200}\n' + good, "e.jsonl")
    assert rejected(result) == [(2, "invalid JSON"), (3, "exact duplicate")]


def test_json_that_is_cut_by_blocks_keeps_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_jsonl._BLOCK", 100)
    lines = [json.dumps({"user_id": f"u{i}", "item_id": "a", "timestamp": 1704103200 + i}) for i in range(50)]
    lines[33] = "broken"
    result = run(tmp_path, "\n".join(lines), "e.jsonl")
    assert rejected(result) == [(34, "invalid JSON")]
    assert len(events(result)) == 49


def test_json_values_of_mixed_types_and_lists(tmp_path: Path) -> None:
    lines = [
        {"item_id": 1, "title": "One", "categories": ["A", 'B "x"', " "], "price": "$12.50", "brand": "Acme"},
        {"item_id": "2", "title": None, "categories": "C|D", "price": 3, "depth": 2.5},
        {"item_id": "3", "price": "cheap"},
        {"item_id": "4", "price": -1},
    ]
    result = run_items(tmp_path, "\n".join(json.dumps(line) for line in lines), "items.jsonl")
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


# Values


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
    result = run(tmp_path, text, rules=Rules(event_types=parse_event_types(["buy=purchase"])))
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
    result = run(tmp_path, HEADER + "u1,a,31.12.2023 23:59\nu1,a,2024-01-01\n", items=items, rules=rules)
    assert result.dataset.interactions["timestamp"].dt.strftime("%FT%T").to_list() == ["2023-12-31T23:59:00"]
    assert result.dataset.interactions["event_type"].to_list() == ["like"]
    assert rejected(result) == [(3, "unreadable timestamp")]
    assert item(result, "a")["categories"] == ["x", "y"]


def test_a_column_named_like_a_canonical_one_gives_way_to_the_mapping(tmp_path: Path) -> None:
    text = "item_id,title,description,text\na,A,what we want,what we do not\n"
    result = run_items(tmp_path, text, columns=parse_columns(["items.text=description"]))
    assert item(result, "a")["text"] == "what we want"


def test_repeated_items_keep_the_first_and_tell_copies_from_contradictions(tmp_path: Path) -> None:
    result = run_items(tmp_path, "item_id,title\na,A\na,A\na,B\n")
    assert item(result, "a")["title"] == "A"
    assert rejected(result, "items") == [(3, "exact duplicate"), (4, "repeated item_id")]


def test_user_columns_become_attributes(tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    users.write_text("user_id,country,age\nu1,NL,\nu2,,30\n")
    result = run(tmp_path, HEADER + GOOD, users=users)
    assert result.dataset.users["attributes"].to_list() == [
        [{"key": "country", "value": "NL"}],
        [{"key": "age", "value": "30"}],
    ]


# Too much is too much


def test_too_many_rejects_publish_nothing_but_the_rejects(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + GOOD + "u2,b,never\n")
    with pytest.raises(DataError, match=r"50\.0% of the 2 rows of interactions were rejected .*unreadable timestamp"):
        result.publish(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rejects-interactions.csv"]
    listed = pl.read_csv(tmp_path / "out" / "rejects-interactions.csv")
    assert listed.select("line", "reason").rows() == [(3, "unreadable timestamp")]
    assert "never" in listed["content"].item()
    result.publish(tmp_path / "out", max_rejects=0.5)
    assert (tmp_path / "out" / "interactions.parquet").exists()


def test_exact_duplicates_alone_never_fail_an_import(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + GOOD * 100)
    result.publish(tmp_path / "out", max_rejects=0)
    assert result.rejects[0].counts == {"exact duplicate": 99}
    assert pl.read_csv(tmp_path / "out" / "rejects-interactions.csv").height == 99


def test_an_old_rejects_file_does_not_outlive_a_clean_import(tmp_path: Path) -> None:
    run(tmp_path, HEADER + GOOD * 2).publish(tmp_path / "out")
    run(tmp_path, HEADER + GOOD).publish(tmp_path / "out")
    assert not (tmp_path / "out" / "rejects-interactions.csv").exists()


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode()])
def test_an_empty_table_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"empty|no interaction"):
        run(tmp_path, content).publish(tmp_path / "out")
    assert not (tmp_path / "out" / "interactions.parquet").exists()


# Mistakes of the person at the keyboard


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'user_id' \(the columns are customer, item_id, timestamp\)"):
        run(tmp_path, "customer,item_id,timestamp\nu,i,1\n")
    with pytest.raises(DataError, match="no column 'client'"):
        run(tmp_path, HEADER + GOOD, columns=parse_columns(["interactions.user_id=client"]))


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
        run(tmp_path, HEADER + GOOD, reading=how)


def test_missing_file_and_unknown_event_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        import_tables(Tables(tmp_path / "none.csv"))
    with pytest.raises(DataError, match="buy=bought"):
        parse_event_types(["buy=bought"])
    with pytest.raises(DataError, match="event type 'bought'"):
        run(tmp_path, HEADER + GOOD, rules=Rules(event_type="bought"))
