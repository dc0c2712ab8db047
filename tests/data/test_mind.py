from pathlib import Path

import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_data import mind

BEHAVIORS = (
    "1\tU1\t11/15/2019 8:55:22 AM\tN1 N2\tN3-1 N4-0\n"
    "2\tU1\t11/15/2019 12:05:00 PM\tN1 N2\tN4-1\n"
    "3\tU2\t11/14/2019 11:59:59 PM\t\tN3-0 N1-1\n"
)
NEWS = 'N1\tsports\tsoccer\tA "quoted title\tAbstract one\thttp://x\t[]\t[]\nN2\tnews\tworld\tB\t\thttp://x\t[]\t[]\n'


def write(folder: Path, behaviors: str = BEHAVIORS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "behaviors.tsv").write_text(behaviors)
    (folder / "news.tsv").write_text(NEWS)
    return folder


def events(result: mind.Imported) -> list[tuple[str, str, str, str, str | None]]:
    frame = result.dataset.interactions.with_columns(pl.col("timestamp").dt.strftime("%d %H:%M:%S"))
    return frame.select("user_id", "item_id", "timestamp", "event_type", "session_id").rows()


def test_clicks_come_after_the_history(tmp_path: Path) -> None:
    result = mind.read(write(tmp_path))
    assert events(result) == [
        ("U2", "N1", "14 23:59:59", "click", "3"),
        ("U1", "N1", "15 08:53:22", "click", None),
        ("U1", "N2", "15 08:54:22", "click", None),
        ("U1", "N3", "15 08:55:22", "click", "1"),
        ("U1", "N4", "15 12:05:00", "click", "2"),
    ]
    first = result.dataset.items.row(0, named=True)
    assert (first["title"], first["text"]) == ('A "quoted title', "Abstract one")
    assert first["categories"] == ["sports", "soccer"]


def test_what_was_shown_and_not_clicked_comes_on_request(tmp_path: Path) -> None:
    shown = [event for event in events(mind.read(write(tmp_path), impressions=True)) if event[3] == "impression"]
    assert shown == [("U2", "N3", "14 23:59:59", "impression", "3"), ("U1", "N4", "15 08:55:22", "impression", "1")]


def test_parts_in_subfolders_are_read_together(tmp_path: Path) -> None:
    write(tmp_path / "train")
    write(tmp_path / "dev", "9\tU3\t11/16/2019 1:00:00 AM\tN1\tN2-1\nbroken\n10\tU4\tlater\tN1\tN2-1\n")
    result = mind.read(tmp_path)
    assert {event[0] for event in events(result)} == {"U1", "U2", "U3"}
    assert result.rejects[0].counts == {
        "wrong number of columns (1 instead of 5)": 1,
        "unreadable timestamp": 1,
    }
    assert result.rejects[1].counts == {"exact duplicate": 2}


def test_a_folder_without_news(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"news\.tsv is missing"):
        mind.read(tmp_path)
