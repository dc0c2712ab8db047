from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from shortlist_cli.data import app
from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
from shortlist_data.truth import Truth


def shortlist_data(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rows = "".join(f"c{i},p{i % 3},2024-01-{i + 1:02}T00:00:00,buy\n" for i in range(20))
    (tmp_path / "orders.csv").write_text("customer,product,when,what\n" + rows + rows[:30])
    (tmp_path / "products.jsonl").write_text('{"product": "p0", "name": "Mug", "size": "L"}\n')
    (tmp_path / "map.toml").write_text('[interactions]\nuser_id = "customer"\nitem_id = "product"\n')
    return tmp_path


def test_a_table_is_imported_and_summed_up(tables: Path) -> None:
    result = shortlist_data(
        "import", "table", "--interactions", tables / "orders.csv", "--items", tables / "products.jsonl",
        "--columns", tables / "map.toml", "--columns", "interactions.timestamp=when",
        "--columns", "interactions.event_type=what", "--columns", "items.item_id=product",
        "--columns", "items.title=name", "--event-types", "buy=purchase", "--out", tables / "out",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    data = Dataset.read(tables / "out")
    assert data.interactions.height == 20
    assert data.interactions["event_type"].unique().to_list() == ["purchase"]
    assert data.items.filter(pl.col("item_id") == "p0")["title"].item() == "Mug"
    for said in ("interactions: kept", "20", "exact duplicate", "items only in interactions", "Wrote"):
        assert said in result.output


def test_too_many_rejects_are_shown_and_refused(tables: Path) -> None:
    (tables / "bad.csv").write_text("user_id,item_id,timestamp\nu,i,never\nu,i,2024-01-01\n")
    arguments = ("import", "table", "--interactions", tables / "bad.csv", "--out", tables / "out")
    result = shortlist_data(*arguments)
    assert isinstance(result.exception, DataError)
    assert "50.0%" in str(result.exception)
    assert "unreadable timestamp" in result.output
    assert [path.name for path in (tables / "out").iterdir()] == ["rejects-interactions.csv"]
    assert shortlist_data(*arguments, "--max-rejects", "0.5").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "table", "--out", "x"),
        ("import", "table", "--interactions", "x", "--out", "x", "--max-rejects", "7"),
        ("synthetic", "--items", "3", "--out", "x"),
        ("synthetic", "--seed", "one", "--out", "x"),
        ("import", "everything"),
    ],
)
def test_bad_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    result = shortlist_data(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["online-retail", "movielens", "amazon", "mind"])
def test_named_importers_say_what_they_miss(tmp_path: Path, name: str) -> None:
    result = shortlist_data("import", name, "--from", tmp_path / "none", "--out", tmp_path / "out")
    assert isinstance(result.exception, DataError)
    assert str(tmp_path / "none") in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_a_download_from_nowhere_is_one_line(tmp_path: Path) -> None:
    result = shortlist_data(
        "import", "mind", "--from", tmp_path, "--download", "--mirror", "gopher://here", "--out", tmp_path / "out"
    )
    assert isinstance(result.exception, DataError)
    assert "gopher://here" in str(result.exception)


def test_a_synthetic_shop_lies_beside_its_truth(tmp_path: Path) -> None:
    result = shortlist_data("synthetic", "--items", 40, "--users", 20, "--seed", 1, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    data, truth = Dataset.read(tmp_path), Truth.read(tmp_path)
    assert data.items.height == len(truth.item_ids) == 40
    assert f"{data.interactions.height:,} interactions" in result.output


@pytest.mark.parametrize("command", [(), ("import",), ("import", "table"), ("import", "mind"), ("synthetic",)])
def test_everything_has_help(command: tuple[str, ...]) -> None:
    result = shortlist_data(*command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output
