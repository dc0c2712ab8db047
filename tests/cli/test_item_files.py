import json
from pathlib import Path

import pytest
from PIL import Image

from shortlist_cli.item_files import read_items
from shortlist_core.errors import DataError
from shortlist_core.pictures import pixels_of


def test_names_of_columns_are_matched_as_in_imports(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("ItemId,TITLE,Price\na,Mug,2.5\n")
    [item] = read_items(str(file)).items
    assert (item.item_id, item.title, item.price) == ("a", "Mug", 2.5)


def test_all_unknown_columns_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("ItemId,Name,Size\na,Mug,3\n")
    only = "only attributes, available, categories, embedding, image_path, item_id, price,"
    with pytest.raises(DataError, match=f"items have no column 'Name', 'Size', {only}"):
        read_items(str(file))


def test_pictures_are_sent_as_small_as_servers_read_them(tmp_path: Path) -> None:
    Image.radial_gradient("L").resize((3000, 2000)).save(tmp_path / "mug.png")
    file = tmp_path / "items.jsonl"
    file.write_text('{"item_id": "a", "image_path": "mug.png"}\n{"item_id": "b"}\n')
    with_picture, without = read_items(str(file)).items
    assert pixels_of(with_picture.image) == pixels_of((tmp_path / "mug.png").read_bytes())
    assert len(with_picture.image) < 4_000 and without.image == b""


def test_pictures_that_cannot_be_read_are_named_by_their_lines(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"x")
    file = tmp_path / "items.jsonl"
    rows = ({"item_id": str(i), "image_path": path} for i, path in enumerate(("none.png", "broken.png")))
    file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(
        DataError, match=r"line 1: picture is not there; line 2: picture is none of PNG, .* nothing was"
    ):
        read_items(str(file))
