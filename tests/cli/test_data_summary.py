"""After each import, and by `shortlist data show`, a person reads what was understood."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shortlist_cli.data import app


def shortlist_data(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = "".join(f"u{i % 4},i{i % 3},2024-01-{i + 1:02},view\n" for i in range(20))
    (tmp_path / "orders.csv").write_text("UserId,ItemId,Timestamp,EventType\n" + rows)
    items = "".join(f"i{i},[bold]Mug {i}[/bold],red,\n" for i in range(2))
    (tmp_path / "items.csv").write_text("ItemId,Name,Colour,Price\n" + items)
    return tmp_path


def rows_of(output: str) -> dict[str, str]:
    cells = [line.split("│")[1:3] for line in output.splitlines() if line.count("│") == 3]
    return {what.strip(): found.strip() for what, found in cells}


def test_an_import_says_what_it_understood_and_show_says_it_again(shop: Path) -> None:
    done = shortlist_data(
        "import", "table", "--interactions", shop / "orders.csv", "--items", shop / "items.csv", "--out", shop / "DATA"
    )
    assert done.exit_code == 0, done.output
    told = rows_of(done.output)
    assert told["view"] == told["interactions"] == "20"
    assert told["from, to"] == "2024-01-01 00:00 UTC, 2024-01-20 00:00 UTC"
    assert (told["users with interactions"], told["items"], told["with title"]) == ("4", "3", "0 (0.0%)")
    assert (told["described items"], told["that occur in interactions"]) == ("2", "2 (100.0%)")
    assert told["interactions with other items"] == "6 (30.0%)"
    assert told["attributes of items"] == "Colour (2), Name (2)"
    assert "warning: no item has a title\n" in done.output
    assert "warning: no item has a price, although there is a column for it\n" in done.output
    assert (
        "note: items: the column 'Name' is not read as title; for that, add --columns items.title=Name" in done.output
    )
    again = shortlist_data("show", shop / "DATA")
    assert again.exit_code == 0
    assert rows_of(again.output) == {what: told[what] for what in rows_of(again.output)}
    assert "warning: no item has a title\n" in again.output


def test_the_offered_line_reads_titles_as_text_and_not_as_markup(shop: Path) -> None:
    done = shortlist_data(
        "import", "table", "--interactions", shop / "orders.csv", "--items", shop / "items.csv", "--out", shop / "DATA",
        "--columns", "items.title=Name",
    )  # fmt: skip
    assert rows_of(done.output)["with title"] == "2 (66.7%)"
    assert "note:" not in done.output


def test_show_of_no_data_folder_is_a_mistake(tmp_path: Path) -> None:
    assert "interactions.parquet is missing" in str(shortlist_data("show", tmp_path).exception)
