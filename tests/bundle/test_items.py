import numpy as np
import pytest

from shortlist_bundle.items import ItemTable, write_items


@pytest.fixture
def table(stored):
    def write(writer):
        categories = [["toys", "wood"], [], ["wood"], ["books"]]
        write_items(writer, ["a", "b", "c", "d"], ["A", "", "Ç", "D"], categories, np.array([1, np.nan, 0, 9.5]))

    return ItemTable.load(stored(write))


def test_items_come_back_as_written(table):
    assert len(table) == 4
    assert table.ids.rows(["c", "nothing", "a"]).tolist() == [2, -1, 0]
    assert [table.titles[i] for i in range(4)] == ["A", "", "Ç", "D"]
    assert [table.categories(i) for i in range(4)] == [["toys", "wood"], [], ["wood"], ["books"]]
    assert np.array_equal(table.prices, np.array([1, np.nan, 0, 9.5], np.float32), equal_nan=True)


@pytest.mark.parametrize(
    ("names", "matches"),
    [
        (["wood"], [True, False, True, False]),
        (["books", "toys"], [True, False, False, True]),
        (["unknown"], [False] * 4),
        ([], [False] * 4),
        (["books", "unknown"], [False, False, False, True]),
    ],
)
def test_any_of_several_categories(table, names, matches):
    assert table.in_any_category(names).tolist() == matches


def test_a_catalogue_without_categories(stored):
    table = ItemTable.load(stored(lambda w: write_items(w, ["a"], ["A"], [[]], np.array([np.nan]))))
    assert table.categories(0) == []
    assert table.in_any_category(["x"]).tolist() == [False]
