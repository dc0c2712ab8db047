from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import DAY, NO_ITEM, EventType
from shortlist_retrieval.sources.fit_inputs import SHORTEST_SPAN, RetrievalSettings, Trial
from shortlist_retrieval.sources.popularity import WINDOW_SHARES, Popularity, window_name
from shortlist_retrieval.sources.recent_choices import RecentChoices

HISTORIES, DAYS = [[0, 0, 1], [0, 2], [2, 1]], [[80, 99, 97], [60, 93], [92.9, 96]]


def test_distinct_users_within_the_window(queries_of):
    events = queries_of(HISTORIES, times=[sorted(days) for days in DAYS], now=100)
    # Sorted by time the first history reads 0, 0, 1 at 80, 97, 99.
    for days, counts in ((np.inf, [2, 2, 2, 0]), (7, [1, 2, 1, 0]), (6.9, [1, 2, 0, 0]), (1, [0, 1, 0, 0])):
        found = Popularity.counted("p", events, 4, days)
        assert found.values == pytest.approx(np.log1p(counts)), days


def test_best_first_without_what_nobody_took(queries_of):
    popular = Popularity.counted("p", queries_of([[1], [1, 2], [0, 1, 2]]), 4, np.inf)
    answer = popular.scores(queries_of([[]]))
    assert answer.top(4, None).tolist() == [[1, 2, 0, NO_ITEM]]
    assert answer.at(np.array([[1, 2, 0]], np.int32))[0] == pytest.approx(np.log([4, 3, 2]))


def test_impressions_make_nothing_popular(queries_of):
    assert not Popularity.counted("p", queries_of([[0, 1]], types=[[7, 6]]), 2, np.inf).values.any()


def test_a_long_tail_of_excluded_items_is_looked_past(queries_of, excluding):
    popular = Popularity.counted("p", queries_of([list(range(i, 40)) for i in range(40)]), 40, np.inf)
    allowed = np.zeros((1, 40), bool)
    allowed[0, :3] = True
    assert popular.scores(queries_of([[]])).top(2, excluding(allowed)).tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (np.inf, "popular"),
        (13.6, "popular_14d"),
        (0.26, "popular_6h"),
        (0.05, "popular_1h"),
        (0.025, "popular_36m"),
        (1e-4, "popular_1m"),
    ],
)
def test_names(days, name):
    assert window_name(days) == name


@given(st.floats(SHORTEST_SPAN, 100_000, exclude_min=True))
def test_windows_of_any_span_have_names_of_their_own(span):
    names = [window_name(span * share) for share in WINDOW_SHARES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("span", "windows"), [(SHORTEST_SPAN, ()), (40.0, (1.0, 2.0, 4.0))])
def test_data_without_times_has_no_windows(span, windows):
    trial = Trial(SimpleNamespace(), span, lambda _: 0.0)
    assert Popularity.choose(RetrievalSettings(()), trial).windows_days == windows


def recent(items, days, now=110):
    times = (np.array(days) * DAY).astype(np.int64)
    return RecentChoices(np.array(items, np.int32), times, np.ones(len(items), np.float32), now * DAY)


def test_over_all_time_recent_choices_add_up(queries_of):
    trained = Popularity.counted("p", queries_of([[0, 1], [0]]), 4, np.inf)
    popular = trained.with_recent(recent([3, 1, 1, 3, 3, 3], [101, 102, 50, 105, 105, 106]))
    assert popular.values == pytest.approx(np.log1p([2, 3, 0, 4]))
    assert popular.order.tolist() == [3, 1, 0]


def test_a_window_gives_as_much_away_as_it_takes_in(queries_of):
    trained = Popularity.counted("p", queries_of([[0, 1], [0], [0]]), 4, 7)
    one = trained.with_recent(recent([3], [109]))
    assert one.values == pytest.approx(np.log1p([2.25, 0.75, 0, 1]))
    assert one.order.tolist() == [0, 3, 1]
    many = trained.with_recent(recent([2, 3, 3, 1, 3], [109, 109, 110, 104, 104]))
    assert many.values == pytest.approx(np.log1p([0, 1, 1, 3])), "what was trained has left"
    assert many.order.tolist() == [3, 1, 2]
    aged = trained.with_recent(recent([2, 3, 3, 1, 3], [109, 109, 110, 103, 103]))
    assert aged.values == pytest.approx(np.log1p([0.75, 0.25, 1, 2])), "what is older than the window has left as well"


def test_without_recent_choices_it_is_what_was_trained(queries_of):
    trained = Popularity.counted("p", queries_of([[0]]), 4, 7)
    assert trained.with_recent(recent([1, 2], [100, 90])) is trained


@given(st.lists(st.integers(0, 30), max_size=60), st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_the_order_is_that_of_the_values(before, after):
    users = np.bincount(before, minlength=31)
    order = np.argsort(-users, kind="stable").astype(np.int32)
    trained = Popularity("p", np.log1p(users).astype(np.float32), order[users[order] > 0], 7)
    fresh = trained.with_recent(recent(after, [109] * len(after)))
    assert sorted(fresh.order.tolist()) == np.flatnonzero(fresh.values > 0).tolist()
    assert (np.diff(fresh.values[fresh.order]) <= 0).all()
    assert fresh.order.dtype == np.int32
    assert fresh.values.dtype == np.float32


def test_the_window_is_stored(queries_of, stored):
    for days in (7.25, np.inf):
        popular = Popularity.counted("p", queries_of([[0]]), 4, days)
        assert Popularity.load(stored(popular.write), "p").window_days == days


def test_users_count_by_their_strongest_event(queries_of):
    rules = USUAL.with_kinds({EventType.PURCHASE: EventWeight(3), EventType.CLICK: EventWeight(0)})
    queries = replace(queries_of([[0, 0, 1], [0, 2]], types=[[1, 4, 1], [1, 2]]), rules=rules)
    popular = Popularity.counted("p", queries, 4, np.inf)
    assert popular.values == pytest.approx(np.log1p([4, 1, 0, 0]))
    choices = RecentChoices(np.array([1, 2]), np.full(2, 109 * DAY), np.array([3, 0.5], np.float32), 110 * DAY)
    assert popular.with_recent(choices).values == pytest.approx(np.log1p([4, 4, 0.5, 0]))
