from pathlib import Path

import pytest

from shortlist_core.errors import DataError
from shortlist_data import movielens
from shortlist_data.rejects import Note


def write_latest(folder: Path) -> None:
    (folder / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,2.5,964981247\n2,1,9x,1\n"
    )
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n"
        '3,"American President, The (1995)",Comedy\n4,Untitled,(no genres listed)\n'
    )
    (folder / "tags.csv").write_text("userId,movieId,tag,timestamp\n1,1,Pixar,1\n2,1,pixar,2\n2,1,fun,3\n")
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0114709,862\n3,0112346,\n")


def test_the_latest_layout(tmp_path: Path) -> None:
    write_latest(tmp_path)
    result = movielens.read(tmp_path)
    assert result.dataset.interactions.select("user_id", "item_id", "event_type", "value").rows() == [
        ("1", "3", "rating", 2.5),
        ("1", "1", "rating", 4.0),
    ]
    assert result.rejects[0].counts == {"unreadable value": 1}
    toys, president, untitled = result.dataset.items.iter_rows(named=True)
    assert (toys["title"], toys["text"], toys["categories"]) == ("Toy Story", "pixar, fun", ["Adventure", "Animation"])
    assert toys["attributes"] == [
        {"key": "imdb_id", "value": "0114709"},
        {"key": "tmdb_id", "value": "862"},
        {"key": "year", "value": "1995"},
    ]
    assert president["title"] == "American President, The"
    assert (untitled["title"], untitled["categories"], untitled["text"]) == ("Untitled", [], "")


def test_tags_and_links_may_be_absent(tmp_path: Path) -> None:
    write_latest(tmp_path)
    (tmp_path / "tags.csv").unlink()
    (tmp_path / "links.csv").unlink()
    assert movielens.read(tmp_path).dataset.items["text"].to_list() == ["", "", ""]


def test_the_layout_of_ml_1m(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n1::661::3::978302109\nbroken\n")
    (tmp_path / "movies.dat").write_bytes("1193::Misérables: Les (1995)::Drama|Musical\r\n".encode("latin-1"))
    (tmp_path / "users.dat").write_text("1::F::1::10::48067\n")
    result = movielens.read(tmp_path)
    assert result.dataset.interactions["value"].to_list() == [5.0, 3.0]
    assert result.rejects[0].frame().rows() == [(3, "wrong number of columns", "broken")]
    first = result.dataset.items.row(0, named=True)
    assert (first["title"], first["categories"]) == ("Misérables: Les", ["Drama", "Musical"])
    assert result.notes[0] == Note("items only in interactions (no title)", 1)
    assert (result.notes[1].text[:38], result.notes[1].count) == ("ratings below 4, in a scale of 3 to 5:", 1)
    assert {"key": "gender", "value": "F"} in result.dataset.users["attributes"].to_list()[0]


def test_another_folder_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ratings\.csv: there is no such file"):
        movielens.read(tmp_path)
    (tmp_path / "ratings.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not MovieLens"):
        movielens.read(tmp_path)
    with pytest.raises(DataError, match="edition 'ml-9' is not one of"):
        movielens.fetch(tmp_path, "ml-9")
