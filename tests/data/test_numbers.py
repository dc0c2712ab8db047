"""Prices and values as shops, spreadsheets and programs write them: read right, or unknown with a note."""

from pathlib import Path

import pytest
from importing import counts, import_items, notes, prices

from shortlist_core.errors import DataError
from shortlist_data.rules import Rules


def semicolons(*cells: str) -> str:
    return "item_id;title;price\n" + "".join(f"i{i};T;{cell}\n" for i, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (("0,99", "1,5", "12"), [0.99, 1.5, 12.0]),
        (("1.299,00 €", "1.234", "12"), [1299.0, 1234.0, 12.0]),  # what one tells holds for all
        (("1,234.50", "1,234", "0.5"), [1234.5, 1234.0, 0.5]),
        (("1.234.567", "1,5"), [1234567.0, 1.5]),
        (("1e3", "1.5E-2", ".5", "5."), [1000.0, 0.015, 0.5, 5.0]),
        (("$1,299.00", "USD 12", "12 kr.", "CHF 1'299.50"), [1299.0, 12.0, 12.0, 1299.5]),
        (("1 234,50", "1\u00a0234\u00a0567,5", "12,-"), [1234.5, 1234567.5, 12.0]),
        (("₹1,00,000.00", "€5"), [100000.0, 5.0]),
    ],
)
def test_prices_as_shops_write_them(tmp_path: Path, cells: tuple[str, ...], read: list[float]) -> None:
    result = import_items(tmp_path, semicolons(*cells))
    assert prices(result) == read
    assert notes(result, "price") == []


@pytest.mark.parametrize(
    "cell", ["12 or so", "12-15", "(5)", "1.2.3", "12,34,5", "inf", "1e300", "SKU12", "50 %", "१२"]
)
def test_a_price_that_is_no_number_is_unknown_and_noted(tmp_path: Path, cell: str) -> None:
    result = import_items(tmp_path, semicolons("1.5", cell))
    assert prices(result) == [1.5, None]
    assert notes(result, "price") == [("items: price is no number: unknown", 1, f"{cell!r} (line 3)")]
    assert counts(result) == {}


def test_a_price_below_0_is_unknown_and_noted(tmp_path: Path) -> None:
    result = import_items(tmp_path, semicolons("-1.5"))
    assert prices(result) == [None]
    assert notes(result, "price") == [("items: price below 0: unknown", 1, "'-1.5' (line 2)")]


def test_a_number_that_is_a_fraction_or_thousands_is_asked_for(tmp_path: Path) -> None:
    text = semicolons("1.299", "12")
    result = import_items(tmp_path, text)
    assert prices(result) == [None, 12.0]
    [(said, count, example), _] = notes(result, "price")
    assert "--decimal . or --decimal ," in said
    assert (count, example) == (1, "'1.299' (line 2)")
    assert prices(import_items(tmp_path, text, rules=Rules(decimal=","))) == [1299.0, 12.0]
    assert prices(import_items(tmp_path, text, rules=Rules(decimal="."))) == [1.299, 12.0]
    # Between commas, and in JSON, a point is one.
    assert prices(import_items(tmp_path, text.replace(";", ","))) == [1.299, 12.0]
    assert prices(import_items(tmp_path, '{"item_id": "b", "price": 1.299}', "i.jsonl")) == [1.299]


def test_marks_that_disagree_are_read_where_each_is_clear(tmp_path: Path) -> None:
    result = import_items(tmp_path, semicolons("1,5", "1.5", "1.234"))
    assert prices(result) == [1.5, 1.5, None]


def test_a_price_that_only_later_objects_have_tells_the_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_jsonl._BLOCK", 64)
    lines = [*(f'{{"item_id": "b{i}", "title": "B"}}' for i in range(9)), '{"item_id": "c", "price": "1.234"}']
    result = import_items(tmp_path, "\n".join([*lines, '{"item_id": "d", "price": "1,5"}']), "i.jsonl")
    assert prices(result)[-2:] == [1234.0, 1.5]


def test_another_decimal_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="decimal mark ';' is neither"):
        import_items(tmp_path, semicolons("1"), rules=Rules(decimal=";"))
