"""Categories of a cell in the notations of other programs: read, or none with a note."""

from pathlib import Path

import polars as pl
import pytest
from importing import import_items, notes

from shortlist_core.errors import DataError
from shortlist_data.rules import Rules


def read(folder: Path, cell: str) -> tuple[list[str], list[str]]:
    """What became of the cell, and what was said of it."""
    frame = pl.DataFrame({"item_id": ["a"], "categories": [cell]})
    result = import_items(folder, frame.write_csv(), "items.csv")
    return result.dataset.items["categories"].to_list()[0], [text for text, _, _ in notes(result, "categor")]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('["Shoes", "Rain \\"boots\\""]', ["Shoes", 'Rain "boots"']),
        ('["Caf\\u00e9"]', ["Café"]),
        ("['Action', \"Kids' films\"]", ["Action", "Kids' films"]),  # Python, so pandas
        ("['Action' 'Comedy']", ["Action", "Comedy"]),  # numpy
        ("['Action'\n 'Comedy']", ["Action", "Comedy"]),
        ("('Action', 'Comedy')", ["Action", "Comedy"]),
        ("{'Comedy', 'Action'}", ["Action", "Comedy"]),
        ('{Action,"Rain boots"}', ["Action", "Rain boots"]),  # Postgres
        ("[12, 7]", ["12", "7"]),
        ("[12 7]", ["12", "7"]),
        ("[['Clothing', 'Shoes'], ['Sale']]", ["Clothing", "Shoes", "Sale"]),
        ("[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]", ["Animation", "Comedy"]),
        ('[{"id": 16, "name": "Animation"}]', ["Animation"]),
        ("[None, nan, 'Action']", ["Action"]),
        ("[]", []),
        ("{}", []),
        ("[Sale] Shoes|Boots", ["[Sale] Shoes", "Boots"]),
        ("(New)|Boots", ["(New)", "Boots"]),
        ("Shoes [M]|Boots", ["Shoes [M]", "Boots"]),
        ("Shoes | Boots || ", ["Shoes", "Boots"]),
    ],
)
def test_notations_that_are_read(tmp_path: Path, cell: str, names: list[str]) -> None:
    assert read(tmp_path, cell) == (names, [])


@pytest.mark.parametrize(
    "cell", ["['Action', 'Com", "[{'id': 16}]", "{'id': 16}", "array(['Action'], dtype=object)", "[Rock 'n' Roll]"]
)
def test_notations_that_are_not_read_are_noted(tmp_path: Path, cell: str) -> None:
    assert read(tmp_path, cell) == ([], ["items: categories in a notation that is not read: none"])


@pytest.mark.parametrize(("cell", "names"), [("[Action, Comedy]", ["Action", "Comedy"]), ("[Sale]", ["Sale"])])
def test_a_list_without_quotes_is_read_and_noted(tmp_path: Path, cell: str, names: list[str]) -> None:
    assert read(tmp_path, cell) == (names, ["items: categories in brackets without quotes: read as a list"])


@pytest.mark.parametrize(("cell", "mark"), [("Shoes, Boots", ","), ("Home > Shoes", ">"), ("Shoes;Boots", ";")])
def test_another_separator_is_told_with_the_line_to_type(tmp_path: Path, cell: str, mark: str) -> None:
    names, [said] = read(tmp_path, cell)
    assert names == [cell]
    assert f"--category-separator {mark!r}" in said


def test_a_separator_that_comes_up_is_the_one(tmp_path: Path) -> None:
    text = 'item_id,categories\nb,"Home, garden|Sale"\nc,"Home, garden"\n'
    assert notes(import_items(tmp_path, text), "categor") == []
    result = import_items(tmp_path, 'item_id,categories\nb,"x, y"\n', rules=Rules(separator=","))
    assert result.dataset.items["categories"].to_list()[0] == ["x", "y"]


def test_the_note_has_the_first_cell_and_its_line(tmp_path: Path) -> None:
    result = import_items(tmp_path, "item_id,categories\nb,x\nc,[{'id': 1}]\nd,[{'id': 2}]\n")
    [(_, count, example)] = notes(result, "notation")
    assert (count, example) == (2, "\"[{'id': 1}]\" (line 3)")


def test_an_empty_separator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="separator between categories is empty"):
        import_items(tmp_path, "item_id,categories\nb,xy\n", rules=Rules(separator=""))
