import csv
import io
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_core.errors import DataError
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.source import batches

# What a spreadsheet may write into a cell; surrogates and NUL no file holds, a lone CR ends a line for some readers,
# and U+10FFFF, which Unicode leaves to programs, stands for bytes that are no text: a row with it is refused as such.
CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0\U0010ffff"), max_size=8)
FILLED = CELL.filter(lambda text: text.strip() != "")


@settings(max_examples=150)
@given(rows=st.lists(st.tuples(FILLED, CELL, CELL), max_size=6), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_csv_writer_writes_comes_back_with_its_line(rows: list[tuple[str, ...]], end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(["a", "b", "c"])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    rejects = Rejects("items")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_bytes(text.getvalue().encode())
        frame = pl.concat(batches(path, rejects))
    kept = {line: (a, b, c) for a, b, c, line in frame.select("a", "b", "c", LINE).rows()}
    listed = set(rejects.frame()["line"].to_list())
    for line, row in zip(lines, rows, strict=True):
        assert kept.get(line) == row or line in listed
    # Only a text of several lines with an odd number of quotes cannot be told from a quote that was left open.
    if not any("\n" in cell and cell.count('"') % 2 for row in rows for cell in row):
        assert not listed


@settings(max_examples=200)
@given(
    content=st.lists(st.sampled_from([b"a", b"1", b",", b'"', b"\n", b"\r", b"{", b"}", b":", b"\xff", b"\t", b" "])),
    format=st.sampled_from(["csv", "tsv", "jsonl", "parquet", None]),
)
def test_no_garbage_gets_past_as_anything_but_rows_rejects_or_one_error(
    content: list[bytes], format: str | None
) -> None:
    rejects = Rejects("items")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t")
        path.write_bytes(b"".join(content))
        try:
            frames = list(batches(path, rejects, Reading(format=format)))
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert rejects.read == sum(frame.height for frame in frames) + rejects.counts.total()


def test_a_quote_left_open_in_a_big_file_loses_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_csv._BLOCK", 1 << 10)
    (tmp_path / "t.csv").write_text("a,b\n0,sound\n" + '1,"open\n' + "x,y\n" * 2000)
    rejects = Rejects("items")
    frame = pl.concat(batches(tmp_path / "t.csv", rejects))
    assert frame.rows() == [("0", "sound", 2)]
    assert rejects.read == 2002
    assert rejects.frame()["line"].to_list() == list(range(3, 2004))


def test_a_ragged_row_may_be_no_text_either(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1\xff\n2,3\n")
    rejects = Rejects("items")
    assert pl.concat(batches(tmp_path / "t.csv", rejects)).rows() == [("2", "3", 3)]
    assert rejects.frame().rows() == [(2, "wrong number of columns (1 instead of 2)", "1\ufffd")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252", "shift-jis"])
def test_other_encodings_across_blocks(tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_csv._BLOCK", 1 << 13)
    word = "日本" if encoding == "shift-jis" else "né"
    (tmp_path / "t.csv").write_text("a,b\n" + f"{word},x\n" * 30_000, encoding=encoding)
    frame = pl.concat(batches(tmp_path / "t.csv", Rejects("items"), Reading(encoding=encoding)))
    assert frame["a"].to_list() == [word] * 30_000


def test_a_column_without_a_name_gets_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",a\n0,x\n")
    frame = pl.concat(batches(tmp_path / "t.csv", Rejects("items")))
    assert frame.columns == ["Unnamed: 0", "a", LINE]


def test_a_blank_first_line_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\na,b\n1,2\n")
    with pytest.raises(DataError, match="first line is blank"):
        list(batches(tmp_path / "t.csv", Rejects("items")))


def test_a_header_that_repeats_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(DataError, match="column 'a' appears twice"):
        list(batches(tmp_path / "t.csv", Rejects("items")))
