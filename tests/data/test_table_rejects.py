"""An import with too many rejects, or without any event, publishes nothing but its rejects."""

from pathlib import Path

import polars as pl
import pytest
from importing import import_events
from table_imports import GOOD, HEADER

from shortlist_core.errors import DataError


def test_too_many_rejects_publish_nothing_but_the_rejects(tmp_path: Path) -> None:
    result = import_events(tmp_path, HEADER + GOOD + "u2,b,never\n")
    with pytest.raises(DataError, match=r"50\.0% of the 2 rows of interactions were rejected .*unreadable timestamp"):
        result.publish(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rejects-interactions.csv"]
    listed = pl.read_csv(tmp_path / "out" / "rejects-interactions.csv")
    assert listed.select("line", "reason").rows() == [(3, "unreadable timestamp")]
    assert "never" in listed["content"].item()
    result.publish(tmp_path / "out", max_rejects=0.5)
    assert (tmp_path / "out" / "interactions.parquet").exists()


def test_exact_duplicates_alone_never_fail_an_import(tmp_path: Path) -> None:
    result = import_events(tmp_path, HEADER + GOOD * 100)
    result.publish(tmp_path / "out", max_rejects=0)
    assert result.rejects[0].counts == {"exact duplicate": 99}
    assert pl.read_csv(tmp_path / "out" / "rejects-interactions.csv").height == 99


def test_an_old_rejects_file_does_not_outlive_a_clean_import(tmp_path: Path) -> None:
    import_events(tmp_path, HEADER + GOOD * 2).publish(tmp_path / "out")
    import_events(tmp_path, HEADER + GOOD).publish(tmp_path / "out")
    assert not (tmp_path / "out" / "rejects-interactions.csv").exists()


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode()])
def test_an_empty_table_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"empty|no interaction"):
        import_events(tmp_path, content).publish(tmp_path / "out")
    assert not (tmp_path / "out" / "interactions.parquet").exists()
