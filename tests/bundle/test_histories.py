import numpy as np
import pytest

from shortlist_bundle.histories import Histories, write_histories
from shortlist_core.types import DAY


@pytest.fixture
def histories(queries_of, stored):
    events = queries_of([[1, 2, 3], [], [4]], types=[[1, 2, 3], [], [4]])
    return Histories.load(stored(lambda writer: write_histories(writer, ["ann", "bob", "eve"], events)))


def test_users_come_in_the_order_asked_for_and_strangers_are_empty(histories):
    found = histories.queries(["eve", "stranger", "ann", "bob", "ann"])
    assert [found.history(i).tolist() for i in range(5)] == [[4], [], [1, 2, 3], [], [1, 2, 3]]
    assert found.types.tolist() == [4, 1, 2, 3, 1, 2, 3]
    assert found.now.tolist() == [100 * DAY] * 5


def test_nobody_is_an_empty_batch(histories):
    assert len(histories.queries([])) == 0
    assert histories.queries(["stranger"]).lengths.tolist() == [0]


def test_histories_come_back_as_written(histories, queries_of):
    events = queries_of([[1, 2, 3], [], [4]], types=[[1, 2, 3], [], [4]])
    for name in ("offsets", "items", "times", "types", "values", "now"):
        assert np.array_equal(getattr(histories.events, name), getattr(events, name))
    assert histories.as_of == 100 * DAY
