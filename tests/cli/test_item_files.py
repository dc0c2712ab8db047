from pathlib import Path

import pytest

from shortlist_cli.item_files import read_items
from shortlist_core.errors import DataError


def test_names_of_columns_are_matched_as_in_imports(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("ItemId,TITLE,Price\na,Mug,2.5\n")
    [item] = read_items(str(file)).items
    assert (item.item_id, item.title, item.price) == ("a", "Mug", 2.5)


def test_all_unknown_columns_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("ItemId,Name,image_path\na,Mug,x.png\n")
    only = "only attributes, available, categories, embedding, item_id, price,"
    with pytest.raises(DataError, match=f"items have no column 'Name', 'image_path', {only}"):
        read_items(str(file))
