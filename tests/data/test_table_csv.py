"""Nothing of a malformed CSV file is dropped in silence, and lines are those that an editor shows."""

from pathlib import Path

import pytest
from importing import import_events, import_items
from table_imports import GOOD, HEADER, events, item, rejected

from shortlist_data.clean import Rules
from shortlist_data.reading import Reading


def test_ragged_lines_are_rejected_with_their_line(tmp_path: Path) -> None:
    result = import_events(
        tmp_path, HEADER + GOOD + "u2,b\n" + "\n" + "u3,c,1704103200,extra\n" + "u4,d,1704103200\n" + "u5\n"
    )
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
    result = import_items(tmp_path, text)
    assert item(result, "a")["text"] == 'two\r\nlines, and "quotes"'
    assert item(result, "c")["title"] == '5 o\'clock "tea"'
    assert rejected(result, "items") == [(4, "missing item_id"), (5, "wrong number of columns (2 instead of 3)")]


def test_byte_order_mark_and_crlf_leave_no_trace(tmp_path: Path) -> None:
    result = import_events(tmp_path, b"\xef\xbb\xbf" + (HEADER + GOOD).replace("\n", "\r\n").encode())
    assert events(result) == [("u1", "a")]
    assert rejected(result) == []


def test_a_quote_inside_a_field_is_a_character(tmp_path: Path) -> None:
    result = import_items(tmp_path, 'item_id,title\na,5" pipe\nb,B\n')
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
    result = import_items(tmp_path, "item_id,title\na,A\n" + rest)
    assert [line for line, _ in rejected(result, "items")] == lost
    kept = set(result.dataset.items["item_id"])
    assert kept == {"a"} | ({"d"} if 5 not in lost else set())
    assert next(r for r in result.rejects if r.table == "items").read == 4


def test_bytes_that_are_no_utf8_cost_their_own_row(tmp_path: Path) -> None:
    text = "item_id,title\na,A\nb,Café\nc,C\n".encode("latin-1")
    result = import_items(tmp_path, text)
    assert rejected(result, "items") == [(3, "not text in this encoding: try --encoding cp1252")]
    result = import_items(tmp_path, text, reading=Reading(encoding="latin-1"))
    assert item(result, "b")["title"] == "Café"


def test_lines_stay_right_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_csv._BLOCK", 1 << 10)
    lines = [f"u{i},i{i},{1704103200 + i}" for i in range(2000)]
    bad = {7: "x", 600: "a,b,c,d", 601: "", 1500: "u,,1704103200", 1998: "u,i,never"}
    for at, text in bad.items():
        lines[at] = text
    result = import_events(tmp_path, HEADER + "\n".join(lines) + "\n", rules=Rules())
    assert [line for line, _ in rejected(result)] == [9, 602, 1502, 2000]
    assert len(events(result)) == 2000 - len(bad)
