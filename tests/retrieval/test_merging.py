import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shortlist_core.types import NO_ITEM
from shortlist_retrieval.merging import merged_rows, ranks_in

ITEMS = 9
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
LISTS = arrays.arrays(np.int32, SHAPES, elements=st.integers(NO_ITEM, ITEMS - 1))


@given(LISTS, st.data())
def test_every_row_once_and_ascending(lists, data):
    batch = lists.shape[1]
    rows = st.lists(st.integers(0, ITEMS - 1))
    extra = data.draw(st.one_of(st.none(), st.lists(rows, min_size=batch, max_size=batch)))
    more = extra and [np.array(rows, np.int32) for rows in extra]
    found = merged_rows(lists, more)
    for i in range(batch):
        expected = sorted({*lists[:, i].ravel().tolist(), *(extra[i] if extra else [])} - {NO_ITEM})
        assert found[i].tolist() == expected + [NO_ITEM] * (found.shape[1] - len(expected))
    assert found.shape[1] == (found != NO_ITEM).sum(axis=1).max()


def test_ranks_are_those_in_the_list_and_nothing_stays_behind():
    lists = np.array([[[4, 2, NO_ITEM], [0, 4, 8]], [[NO_ITEM] * 3, [7, 2, NO_ITEM]]], np.int32)
    items = np.array([[2, 8, 4, NO_ITEM], [8, 2, 0, 4]], np.int32)
    for _ in range(2):
        assert ranks_in(lists, items, ITEMS).tolist() == [[[2, 0, 1, 0], [3, 0, 1, 2]], [[0, 0, 0, 0], [0, 2, 0, 0]]]
