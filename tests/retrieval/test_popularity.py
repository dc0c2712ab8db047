import numpy as np
import pytest

from core.types import NO_ITEM
from retrieval.popularity import Popularity, window_name

HISTORIES, DAYS = [[0, 0, 1], [0, 2], [2, 1]], [[80, 99, 97], [60, 93], [92.9, 96]]


def test_distinct_users_within_the_window(queries_of):
    events = queries_of(HISTORIES, times=[sorted(days) for days in DAYS], now=100)
    # Sorted by time the first history reads 0, 0, 1 at 80, 97, 99.
    for days, counts in ((np.inf, [2, 2, 2, 0]), (7, [1, 2, 1, 0]), (6.9, [1, 2, 0, 0]), (1, [0, 1, 0, 0])):
        found = Popularity.fit("p", events, 4, days)
        assert found.values == pytest.approx(np.log1p(counts)), days


def test_best_first_without_what_nobody_took(queries_of):
    popular = Popularity.fit("p", queries_of([[1], [1, 2], [0, 1, 2]]), 4, np.inf)
    items, scores = popular.scores(queries_of([[]])).top(4, None)
    assert items[0].tolist() == [1, 2, 0, NO_ITEM]
    assert scores[0, :3] == pytest.approx(np.log([4, 3, 2]))


def test_impressions_make_nothing_popular(queries_of):
    assert not Popularity.fit("p", queries_of([[0, 1]], types=[[7, 6]]), 2, np.inf).values.any()


def test_a_long_tail_of_barred_items_is_looked_past(queries_of, barring):
    popular = Popularity.fit("p", queries_of([list(range(i, 40)) for i in range(40)]), 40, np.inf)
    allowed = np.zeros((1, 40), bool)
    allowed[0, :3] = True
    assert popular.scores(queries_of([[]])).top(2, barring(allowed))[0].tolist() == [[2, 1]]


@pytest.mark.parametrize(("days", "name"), [(np.inf, "popular"), (13.6, "popular_14d"), (0.26, "popular_6h")])
def test_names(days, name):
    assert window_name(days) == name


def test_a_window_of_minutes_has_a_name():
    assert window_name(1e-4) == "popular_1h"
